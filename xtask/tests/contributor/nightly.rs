//! What is too long for every run of the tests, or needs more than they do: `cargo xtask test unit -- nightly::` runs it.

mod browser;
mod image;
mod pages;
mod reproducible;
