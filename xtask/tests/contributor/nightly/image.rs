//! Pages that build images, typed with Docker.

use crate::copy::Copy;
use crate::page;
use crate::reader::Reader;
use crate::tutorial;

#[test]
#[ignore = "needs Docker: `cargo xtask test unit -- nightly::` runs it"]
fn every_page_with_docker_works() {
    let typed = Reader::types_pages(true);
    assert!(typed > 5, "{typed} pages build images");
}

#[test]
#[ignore = "needs Docker: `cargo xtask test unit -- nightly::` runs it"]
fn the_new_language_gets_an_image() {
    let copy = Copy::new();
    let text = copy.read(tutorial::PAGE);
    Reader::of_copy(&copy).follows(&page::blocks(&text), true);
}
