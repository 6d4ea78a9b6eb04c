//! Versions, and the sets of versions people ask for.
//!
//! A [`Version`] is one release of something we install. A [`Range`] is what a
//! user wrote to ask for one; each ecosystem writes that differently, so there is
//! one constructor per dialect: [`Range::parse`] for our own settings,
//! [`Range::npm`] and [`Range::composer`] for the files of Node.js and PHP apps.

mod bad_range;
mod composer;
mod interval;
mod npm;
mod paketo;
mod pattern;
mod range;
mod semantic;
mod version;

pub use bad_range::{BadRange, Dialect};
pub use range::Range;
pub use version::{BadVersion, Version};
