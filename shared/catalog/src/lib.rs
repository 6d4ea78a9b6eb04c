//! What a buildpack can install, and which of it an app gets.
//!
//! A catalogue is data in the buildpack's directory: the packager writes it
//! into `buildpack.toml` below `[metadata]`. Choosing from it is a pure
//! function of the catalogue, what was asked for, and the target.

mod artifact;
mod checksum;
mod choice;
mod support;

pub use artifact::{Artifact, Catalog, Distro, Line, Target};
pub use checksum::{Algorithm, BadChecksum, Checksum};
pub use choice::{Choice, NoRelease, Request, Wanted, choose};
pub use jiff::civil::Date;
pub use support::{EndOfLife, EolPolicy, Support, support};
