//! Every page, typed as far as it needs no Docker.

use std::path::Path;

use crate::page::{self, Block};
use crate::reader::Reader;
use crate::tutorial;

#[test]
#[ignore = "builds every sample: `cargo xtask test unit -- nightly::` runs it"]
fn what_needs_no_docker_works() {
    let mut typed = 0;
    for path in page::pages() {
        // That one changes the workspace, and has a test of its own.
        if path == Path::new(tutorial::PAGE) {
            continue;
        }
        let text = page::read(&path);
        let blocks = page::blocks(&text);
        let is_typed = |block: &Block<'_>| matches!(block, Block::Commands { docker: false, .. });
        if blocks.iter().any(is_typed) {
            typed += 1;
            println!("{}", path.display());
            Reader::of_workspace().follows(&blocks, false);
        }
    }
    assert!(typed > 2, "{typed} pages have commands");
}
