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
//! // Detect, with the build plan as TOML.
//! assert!(case.detect().plan().contains("node_modules"));
//!
//! // A first build: no cache, no previous image.
//! let build = case.build();
//! assert_eq!(build.layer("node").types(), Types::LAUNCH);
//! assert_eq!(build.layer("node").env()["env.launch/NODE_ENV.default"], "production");
//! assert_eq!(build.commands(), ["npm ci"]);
//! assert_eq!(build.processes(), "web (default): node server.js\n");
//!
//! // A process of the image, with its environment and exec.d programs.
//! let mut web = build.launch("web").env("PORT", "8080").start()?;
//! web.wait_for("listening")?;
//! assert!(web.stop()?.status.success());
//!
//! // The next builds, with what the first has left; or without a part of it.
//! let again = build.rebuild();
//! assert_eq!(again.image_digest(), build.image_digest());
//! assert!(again.rebuild_with(Case::without_cache).layer("node").is_reused());
//!
//! // A build that fails.
//! let failed = case.file(".nvmrc", "99").fails();
//! assert!(failed.error().starts_with("error[no-release]"));
//! # Ok::<(), kouti_testing::lifecycle::Failure>(())
//! ```
//!
//! Text for snapshots ([`Built::log`], [`Failed::error`], [`BuiltLayer::metadata`] …) is the same in every run:
//! paths of the temporary directory read `<app>`, `<layers>` and so on, the version of Kouti `[version]`, and
//! durations `[time]`; colours are gone.
//!
//! Where the buildpack under test needs others, [`Case::provides`] and [`Case::requires`] put a fake one beside it,
//! [`Case::before`] and [`Case::after`] any [`Fake`], and [`Case::group`] real ones.
//!
//! [`Summary`] holds what a build here and one by the real lifecycle must have in common.

pub mod attacks;
pub mod bindings;
mod case;
pub mod compression;
pub mod lifecycle;
pub mod real;
#[cfg(feature = "schemas")]
pub mod schemas;
mod summary;
mod tree;
pub mod upstream;

pub use case::{
    Artifact, Built, BuiltLayer, Call, Case, Detected, Disk, Failed, Fake, Part, SmallDisk,
    Subject, Tool, with_disks,
};
pub use lifecycle::{Env, Launch, Outcome, Running, Target, Types};
pub use summary::{BadLabels, LayerSummary, Summary};
pub use tree::write_program;
