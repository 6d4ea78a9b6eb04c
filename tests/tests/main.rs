//! Whole images: real `pack`, real lifecycle, real containers, real requests.
//!
//! Ignored by `cargo test`; `cargo xtask test` sets everything up and runs them.

mod nodejs;
mod packages;
