//! The buildpack in the miniature lifecycle, with fake tools: what a user sees.
#![cfg(test)]

mod caches;
mod errors;
mod frontend;
mod npm;
mod security;
mod start;
mod support;
mod versions;
