//! What every Kouti buildpack is made of.
//!
//! A buildpack says *what* it wants: this crate knows *how*. It implements
//! [`Buildpack`], reads its [`Setting`]s, chooses versions with
//! [`Context::choose`], and makes layers with [`Layers::ensure`]. Facts come
//! first, then decisions as pure functions of plain values, then actions.
//!
//! ```no_run
//! use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem, Process};
//!
//! struct Hello;
//!
//! impl Buildpack for Hello {
//!     const NAME: &'static str = "Kouti Hello";
//!     const SETTINGS: &'static [kouti::setting::Declared] = &[];
//!
//!     fn detect(context: &Context) -> Result<Detection, Problem> {
//!         if context.app_dir.join("hello.txt").is_file() {
//!             Ok(Detection::pass())
//!         } else {
//!             Detection::skip("no hello.txt")
//!         }
//!     }
//!
//!     fn build(_: &BuildContext, _: &mut Log) -> Result<Launch, Problem> {
//!         let web = Process::new("web", ["cat", "hello.txt"]).default();
//!         Ok(Launch { processes: vec![web], ..Launch::default() })
//!     }
//! }
//!
//! kouti::main::<Hello>();
//! ```

mod call;
mod command;
mod context;
mod digest;
mod download;
mod entry;
mod env;
mod globs;
mod helper;
mod known_failure;
mod launch;
pub mod layer;
mod layer_env;
mod masks;
mod plan;
mod pruning;
mod reload;
mod report;
mod sboms;
pub mod setting;
pub mod settings;
pub mod tree;
mod versions;

pub use command::{Command, CommandFailed, EndStatus, find_on_path};
pub use context::{BuildContext, Context};
pub use digest::{sha256, sha256_of};
pub use entry::{Buildpack, main};
pub use env::Env;
pub use globs::{BadGlob, Globs};
pub use known_failure::KnownFailure;
pub use kouti_catalog as catalog;
pub use kouti_fetch as fetch;
pub use kouti_launch::binding;
pub use kouti_report::{
    Colour, Explain, Fault, Level, Log, Notice, Problem, SafeUrl, Span, bytes, duration, excerpt,
    mask_credentials,
};
pub use kouti_sbom as sbom;
pub use kouti_version as version;
pub use launch::{Launch, Process};
pub use layer::{Layer, Layers, Made, Outcome, Uses, size_of};
pub use layer_env::{LayerEnv, Scope};
pub use masks::{Masks, is_secret};
pub use plan::{Alternative, Detection, Entry, Plan};
pub use pruning::{Keep, Pruning};
pub use sboms::Sboms;
pub use setting::Setting;
