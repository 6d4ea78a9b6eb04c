//! Whole images: real `pack`, real lifecycle, real containers, real requests.
//!
//! Ignored by `cargo test`; `cargo xtask test` sets everything up and runs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cf_native;
mod cloud_foundry;
mod differential;
mod dotnet;
mod java;
mod live_reload;
mod node_packages;
mod node_start;
mod nodejs;
mod packages;
mod php;
mod rollout;
mod utilities;
mod web;
