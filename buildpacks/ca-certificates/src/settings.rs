//! The settings of this buildpack.

use kouti::setting::{BadSetting, Declared};
use kouti::{Env, Setting};

pub(crate) const REQUIRED: Setting<bool> = Setting::launch(
    "BPL_CA_CERTS_REQUIRED",
    "true",
    "do not start the app without the bound certificates",
);

pub(crate) const LAUNCH_TOOL_ENV: Setting<bool> = Setting::launch(
    "BPL_CA_CERTS_TOOL_ENV",
    "true",
    "point tools that have variables of their own at the certificates, when the app starts",
);

pub(crate) const TOOL_ENV: Setting<bool> = Setting::build(
    "BP_CA_CERTS_TOOL_ENV",
    "true",
    "point tools that have variables of their own at the certificates, in the build",
);

pub(crate) const EMBED: Setting<bool> =
    Setting::build("BP_EMBED_CERTS", "false", "put the certificates of the build into the image");

pub(crate) const LAUNCH_ENABLED: Setting<bool> = Setting::build(
    "BP_ENABLE_RUNTIME_CERT_BINDING",
    "true",
    "deprecated, the opposite of BP_RUNTIME_CERT_BINDING_DISABLED",
);

pub(crate) const LAUNCH_DISABLED: Setting<bool> = Setting::build(
    "BP_RUNTIME_CERT_BINDING_DISABLED",
    "false",
    "leave out the helper that adds bound certificates when the app starts",
);

pub(crate) const ALL: &[Declared] = &[
    REQUIRED.declared,
    LAUNCH_TOOL_ENV.declared,
    TOOL_ENV.declared,
    EMBED.declared,
    LAUNCH_ENABLED.declared,
    LAUNCH_DISABLED.declared,
];

/// Whether the image gets the helper.
pub(crate) fn has_helper(env: &Env) -> Result<bool, BadSetting> {
    Ok(!LAUNCH_DISABLED.read(env)? && LAUNCH_ENABLED.read(env)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
