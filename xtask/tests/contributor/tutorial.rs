//! `docs/add-a-language.md`, followed word for word.

use crate::copy::{Copy, succeeds};
use crate::page;
use crate::reader::Reader;

pub(crate) const PAGE: &str = "docs/add-a-language.md";

#[test]
#[ignore = "compiles for a minute: `cargo xtask test unit` runs it"]
fn the_page_leads_to_an_app_that_answers() {
    let copy = Copy::new();
    let text = copy.read(PAGE);
    let blocks = page::blocks(&text);
    assert!(blocks.len() > 10, "{blocks:#?}");
    let mut reader = Reader::of_copy(&copy);
    reader.follows(&blocks, false);
    assert!(reader.has_app(), "the page has not started the app");
    succeeds(copy.cargo("fmt --check -p kouti-rust"));
    succeeds(copy.cargo("clippy -p kouti-rust --all-targets --locked --offline -- -D warnings"));
}
