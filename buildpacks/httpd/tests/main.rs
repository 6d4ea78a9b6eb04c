//! The programs in the miniature lifecycle.
#![cfg(test)]

mod build;
mod errors;
mod site;
mod support;
