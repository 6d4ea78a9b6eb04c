//! What the whole-image tests are written with: `pack`, containers and HTTP
//! requests, through the programs that users have.
//!
//! `cargo xtask test` sets everything up and says where it is in the environment:
//! `KOUTI_PACK` (the `pack` program) and `KOUTI_BUILDER` (a builder image).
//! Everything that a test makes is removed when its value is dropped.

#![expect(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test that cannot go on panics, and one that ignores a result has seen it succeed"
)]

mod app;
pub mod cf;
pub mod cf_native;
mod container;
mod docker;
mod pack;

pub use app::App;
pub use container::{Answer, Container, Run};
pub use docker::{Image, docker};
pub use pack::{Build, PackBuild, builder, pack, packages};
