//! What a contributor does with `cargo xtask`, in a copy of the workspace.
#![cfg(test)]

mod copy;
mod new_buildpack;
mod tutorial;
