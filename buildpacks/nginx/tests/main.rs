//! The programs in the miniature lifecycle.
#![cfg(test)]

mod build;
mod compression;
mod custom;
mod errors;
mod frontend;
mod plan;
mod project_toml;
mod rebuild;
mod security;
mod site;
mod support;
