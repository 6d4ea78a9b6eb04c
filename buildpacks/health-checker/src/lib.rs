//! Asks an app on this machine whether it is well.

mod check;

pub use check::{Check, Unwell};
