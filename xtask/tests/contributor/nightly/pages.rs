//! Every page, typed as far as it needs no Docker.

use crate::reader::Reader;

#[test]
#[ignore = "builds every sample: `cargo xtask test unit -- nightly::` runs it"]
fn what_needs_no_docker_works() {
    let typed = Reader::types_pages(false);
    assert!(typed > 2, "{typed} pages have commands");
}
