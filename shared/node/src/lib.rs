//! What the buildpacks `kouti/nodejs` and `kouti/node-engine` share: choosing and
//! installing Node.js, and doing with an app what its package manager does.
//!
//! Facts are read once into a [`Project`]. [`NodeVersion`], [`Mode`], [`Scripts`] and
//! [`Install`] are decisions, made without touching a file. [`Toolchain`] and
//! [`runtime`] carry them out.

mod digest;
mod environment;
pub mod failure;
mod lockfile;
mod modules;
mod node_range;
mod node_version;
pub mod npm;
mod package_json;
mod packages;
mod project;
pub mod runtime;
mod scripts;
pub mod settings;
mod steps;
mod toolchain;
mod version_file;
mod workspace;
mod yaml;

pub use lockfile::{BadLockfile, Format, Lockfile};
pub use modules::{Install, Reuse};
pub use node_version::{NODE, NODE_MODULES, NPM, NodeVersion, Wishes};
pub use npm::Mode;
pub use package_json::{BadPackageJson, DevEngine, PackageJson};
pub use packages::{Packages, Scope};
pub use project::{BadProjectPath, Project, VersionRequest};
pub use scripts::{Scripts, UnknownScript};
pub use steps::Steps;
pub use toolchain::Toolchain;
