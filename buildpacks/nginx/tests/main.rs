//! The programs in the miniature lifecycle.
#![cfg(test)]

mod build;
mod site;
mod support;
