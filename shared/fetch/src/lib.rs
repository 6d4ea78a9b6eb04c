//! Brings artifacts from where they are to where they are wanted.
//!
//! Looks in the buildpack's own store, the download cache and the network; verifies every byte;
//! unpacks without trusting the archive. The network part survives broken connections, and
//! every failure says what to do. Nothing is read here from settings or the environment: the
//! caller passes plain values in [`Options`].
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
pub use options::{Limits, Options};
pub use proxy::{BadProxy, Proxies};
pub use trust::Trust;
pub use unpack::{Unpack, UnpackLimits};
