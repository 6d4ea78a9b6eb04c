//! Tests of buildpacks without Docker: a miniature lifecycle and the cases that are built with it.
//!
//! [`lifecycle`] plays detector, restorer, builder, exporter and launcher on plain directories, by the rules of
//! the real lifecycle, and runs real buildpack programs. A [`Case`] describes an app, the buildpacks and what
//! surrounds them; [`Case::detect`] and [`Case::build`] run it in a temporary directory, in milliseconds.
//!
//! ```no_run
//! use kouti_testing::{Artifact, Case, Tool, Types};
//!
//! # let (program, descriptor) = ("", "");
//! // let program = env!("CARGO_BIN_EXE_kouti-nodejs");
//! // let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
//! let case = Case::new(program, descriptor)
//!     .app_dir("tests/apps/express")
//!     .json("package.json", |package| package["engines"]["node"] = ">=22 <23".into())
//!     .env("BP_LOG_LEVEL", "debug")
//!     .binding("my-npmrc", "npmrc", [(".npmrc", "registry=https://npm.test/")])
//!     .artifact(
//!         Artifact::new("node", "22.11.0")
//!             .tool("bin/node", Tool::prints("v22.11.0"))
//!             .tool("bin/npm", Tool::succeeds()),
//!     );
//!
//! assert!(case.detect().plan().contains("node_modules"));
//!
//! let build = case.build();
//! assert_eq!(build.layer("node").types(), Types::LAUNCH);
//! assert_eq!(build.commands(), ["npm ci"]);
//! assert_eq!(build.processes(), "web (default): node server.js\n");
//!
//! let again = build.rebuild();
//! assert_eq!(again.image_digest(), build.image_digest());
//!
//! let failed = case.file(".nvmrc", "99").fails();
//! assert!(failed.error().starts_with("error[no-release]"));
//! ```

mod case;
pub mod lifecycle;
mod summary;
mod tree;
pub mod upstream;

pub use case::{
    Artifact, Built, BuiltLayer, Call, Case, Detected, Failed, Fake, Part, Subject, Tool,
};
pub use lifecycle::{Env, Launch, Outcome, Running, Target, Types};
pub use summary::{BadLabels, LayerSummary, Summary};
pub use tree::write_program;
