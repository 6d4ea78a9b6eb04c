//! The buildpack in the miniature lifecycle, with fake tools: what a user sees.
#![cfg(test)]

mod errors;
mod frontend;
mod npm;
mod start;
mod support;
mod versions;
