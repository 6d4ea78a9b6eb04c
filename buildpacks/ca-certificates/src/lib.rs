//! Certificate authorities from bindings: what the build and the helper at launch share.

mod certificate;
mod der;
mod launch;
mod name;
mod pem;
mod source;
mod store;

pub use certificate::Certificate;
pub use launch::add_bound_certificates;
pub use source::{BadCertificates, read};
pub use store::{BUNDLE, CERTIFICATES, EXTRA, Store, system_bundle, tool_variables};

/// Type of the bindings.
pub const BINDING: &str = "ca-certificates";
