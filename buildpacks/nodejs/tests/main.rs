//! The buildpack in the miniature lifecycle, with fake tools: what a user sees.
#![cfg(test)]

mod bill;
mod caches;
mod downloads;
mod errors;
mod frontend;
mod interrupted;
mod lost;
mod managers;
mod npm;
mod pruning;
mod real;
mod report;
mod secrets;
mod security;
mod settings;
mod start;
mod support;
mod vendored;
mod versions;
mod workspaces;
