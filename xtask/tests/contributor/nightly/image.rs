//! Pages that build images, typed with Docker.

use std::path::Path;

use crate::copy::Copy;
use crate::page::{self, Block};
use crate::reader::Reader;
use crate::tutorial;

#[test]
#[ignore = "needs Docker: `cargo xtask test unit -- nightly::` runs it"]
fn every_page_with_docker_works() {
    let mut typed = 0;
    for path in page::pages() {
        if path == Path::new(tutorial::PAGE) {
            continue;
        }
        let text = page::read(&path);
        let blocks = page::blocks(&text);
        let is_typed = |block: &Block<'_>| matches!(block, Block::Commands { docker: true, .. });
        if blocks.iter().any(is_typed) {
            typed += 1;
            println!("{}", path.display());
            Reader::of_workspace().follows(&blocks, true);
        }
    }
    assert!(typed > 5, "{typed} pages build images");
}

#[test]
#[ignore = "needs Docker: `cargo xtask test unit -- nightly::` runs it"]
fn the_new_language_gets_an_image() {
    let copy = Copy::new();
    let text = copy.read(tutorial::PAGE);
    Reader::of_copy(&copy).follows(&page::blocks(&text), true);
}
