//! What a contributor does with `cargo xtask`, in a copy of the workspace, and what the pages say.
#![cfg(test)]

mod copy;
mod dev;
mod new_buildpack;
mod nightly;
mod page;
mod reader;
mod tutorial;
mod workflows;
