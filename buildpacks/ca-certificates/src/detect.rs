//! What is offered and wanted: certificates for the build, the helper for the launch.

use kouti::{Alternative, Context, Detection, Entry};
use kouti_ca_certificates::BINDING;

use crate::settings;

/// Plan entry for certificates in the build. Others may require it too, with `paths` of their own.
pub(crate) const CERTIFICATES: &str = "ca-certificates";
/// Key of its metadata.
pub(crate) const PATHS: &str = "paths";
/// Plan entry for the helper.
pub(crate) const HELPER: &str = "ca-certificates-helper";

/// Always takes part; the first alternative that resolves counts.
pub(crate) fn detect(context: &Context) -> Detection {
    let is_bound =
        context.bindings.find(BINDING).iter().any(|binding| binding.keys().next().is_some());
    let mut certificates = Alternative::new().provides(CERTIFICATES);
    if is_bound {
        // The build reads the bindings again: those of Cloud Foundry have no paths.
        let no_paths: Vec<String> = Vec::new();
        certificates = certificates.requires(Entry::new(CERTIFICATES).with(PATHS, no_paths));
    }
    // A wrong value is told by the build, whose output people see.
    if !settings::has_helper(&context.env).unwrap_or(true) {
        return Detection::Pass(vec![certificates]);
    }
    let with_helper = |plan: Alternative| plan.provides(HELPER).requires(Entry::new(HELPER));
    Detection::Pass(vec![with_helper(certificates), with_helper(Alternative::new())])
}
