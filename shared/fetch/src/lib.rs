//! Brings artifacts from where they are to where they are wanted.
//!
//! Looks in the buildpack's own store, the download cache and the network; verifies every byte;
//! unpacks without trusting the archive. The network part survives broken connections, and
//! every failure says what to do. Nothing is read here from settings or the environment: the
//! caller passes plain values in [`Options`].
//!
//! ```no_run
//! # fn example(artifact: &kouti_catalog::Artifact, log: &mut kouti_report::Log) -> Result<(), kouti_report::Problem> {
//! use std::path::Path;
//!
//! use kouti_fetch::{Fetcher, Options, Unpack};
//!
//! let fetcher = Fetcher::new(Options {
//!     user_agent: "kouti/nodejs/1.0.0".to_owned(),
//!     offline_store: Some("/cnb/buildpacks/kouti_nodejs/1.0.0/dependencies".into()),
//!     ..Options::default()
//! });
//! // All of it, or only what the app runs.
//! fetcher.archive(artifact, &Unpack::into("/layers/node"), log)?;
//! let run_only = Unpack::into("/layers/run").keep(|path| path == Path::new("bin/node"));
//! fetcher.archive(artifact, &run_only, log)?;
//! // Two layers in one pass.
//! let split = Unpack::split(["/layers/node", "/layers/headers"], |path| {
//!     Some(usize::from(path.starts_with("include")))
//! });
//! fetcher.archive(artifact, &split, log)?;
//! # Ok(())
//! # }
//! ```
//!
//! An archive on its way:
//!
//! ```text
//! network or file ─▶ hash ─▶ gunzip ─▶ write      one thread each, while the bytes arrive
//! ```

mod address;
mod binding;
mod credentials;
mod download;
mod error;
mod fetcher;
mod http;
mod install;
mod mapping;
mod mirror;
mod options;
mod percent;
mod pipeline;
mod progress;
mod proxy;
mod transfer;
mod trust;
mod unpack;
mod verifier;

pub use binding::{BindingEntry, Conflict};
pub use credentials::{BadCredential, Credentials};
pub use error::{FetchError, Mismatch, Tried};
pub use fetcher::{Fetched, Fetcher, Origin};
pub use mapping::{BadMapping, Mappings};
pub use mirror::{BadMirror, Mirrors};
pub use options::{Limits, Obstacle, Options};
pub use proxy::{BadProxy, Proxies};
pub use trust::{SYSTEM_BUNDLES, Trust};
pub use unpack::{Unpack, UnpackLimits, unpack_own};
