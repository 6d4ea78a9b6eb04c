//! Versions, and the sets of versions people ask for.
//!
//! A [`Version`] is one release of something we install. A [`Range`] is what a
//! user wrote to ask for one; each ecosystem writes that differently, so there is
//! one constructor per dialect: [`Range::parse`] for our own settings,
//! [`Range::npm`] for the files of a Node.js app.

mod interval;
mod npm;
mod paketo;
mod pattern;
mod range;
mod version;

pub use range::{BadRange, Dialect, Range};
pub use version::{BadVersion, Version};
