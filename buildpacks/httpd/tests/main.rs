//! The programs in the miniature lifecycle.
#![cfg(test)]

mod build;
mod compression;
mod custom;
mod errors;
mod security;
mod site;
mod support;
