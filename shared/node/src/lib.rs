//! What the buildpacks `kouti/nodejs` and `kouti/node-engine` share: choosing and
//! installing Node.js, and doing with an app what its package manager does.
//!
//! Facts are read once into a [`Project`]. [`NodeVersion`], [`Mode`], [`Scripts`] and
//! [`Install`] are decisions, made without touching a file. [`Toolchain`] and
//! [`runtime`] carry them out.

mod environment;
pub mod failure;
mod framework_cache;
mod generated;
mod leftovers;
mod lockfile;
mod manager;
mod modules;
mod monorepo;
mod node_range;
mod node_version;
mod package_json;
mod packages;
mod pin;
mod project;
mod project_toml;
mod rc_files;
pub mod runtime;
mod scripts;
mod selection;
mod selection_error;
pub mod settings;
mod sources;
mod steps;
mod strip;
mod supply;
mod toolchain;
mod version_file;
mod workspace;
mod yaml;

pub use framework_cache::FrameworkCaches;
pub use lockfile::{BadLockfile, Format, Lockfile};
pub use manager::{Command, IgnoredScripts, Kind, Manager, Mode, Order, Places, Prune};
pub use modules::{Install, Reuse};
pub use monorepo::Monorepo;
pub use node_version::{NODE, NODE_MODULES, NPM, NodeVersion, Wishes};
pub use package_json::{BadPackageJson, DevEngine, PackageJson};
pub use packages::{Packages, Scope};
pub use project::{BadProjectPath, Project, VersionRequest};
pub use project_toml::{keeps_development, names_web_root};
pub use scripts::{Scripts, UnknownScript};
pub use selection::{ManagerWishes, PackageManager, Supply};
pub use selection_error::SelectionError;
pub use sources::{Linker, Sources};
pub use steps::Steps;
pub use toolchain::Toolchain;
