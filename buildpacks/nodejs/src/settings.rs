//! What the user can set.

use kouti::setting::{BadSetting, Declared, Words};
use kouti::{Env, Setting};
pub(crate) use kouti_node::settings::{PREFER_LTS, PROJECT_PATH, RUN_SCRIPTS, VERSION};

/// Script behind the process `web`.
const START_SCRIPT: Setting<String> =
    Setting::build("BP_NPM_START_SCRIPT", "start", "script of package.json that starts the app");

/// File behind the process `web`.
const LAUNCHPOINT: Setting<Option<String>> = Setting::build(
    "BP_LAUNCHPOINT",
    "",
    "file that Node.js starts, instead of a script, relative to the app",
);

/// Whether that file has to be in the source.
const VERIFY_LAUNCHPOINT: Setting<bool> = Setting::build(
    "BP_VERIFY_LAUNCHPOINT",
    "true",
    "whether the file of BP_LAUNCHPOINT must exist before the build",
);

/// Whether development dependencies leave the image.
const PRUNE: Setting<bool> = Setting::build(
    "BP_NODE_PRUNE_DEV_DEPENDENCIES",
    "true",
    "remove what only builds need from node_modules",
);

/// All of them, in the order of their names.
pub(crate) const ALL: &[Declared] = &[
    LAUNCHPOINT.declared,
    PREFER_LTS.declared,
    PRUNE.declared,
    PROJECT_PATH.declared,
    RUN_SCRIPTS.declared,
    VERSION.declared,
    START_SCRIPT.declared,
    VERIFY_LAUNCHPOINT.declared,
];

/// The values of one build.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) version: Option<String>,
    pub(crate) prefer_lts: bool,
    /// `None` where it is not set: set to nothing, it means no scripts at all.
    pub(crate) run_scripts: Option<Vec<String>>,
    pub(crate) start_script: String,
    /// Whether the user named the start script, so that it has to exist.
    pub(crate) start_script_is_set: bool,
    pub(crate) launchpoint: Option<String>,
    pub(crate) verify_launchpoint: bool,
    pub(crate) prune: bool,
}

impl Settings {
    pub(crate) fn read(env: &Env) -> Result<Self, BadSetting> {
        let Words(scripts) = RUN_SCRIPTS.read(env)?;
        Ok(Self {
            version: VERSION.read(env)?,
            prefer_lts: PREFER_LTS.read(env)?,
            run_scripts: RUN_SCRIPTS.is_set(env).then_some(scripts),
            start_script: START_SCRIPT.read(env)?,
            start_script_is_set: env.given(START_SCRIPT.declared.name).is_some(),
            launchpoint: LAUNCHPOINT.read(env)?,
            verify_launchpoint: VERIFY_LAUNCHPOINT.read(env)?,
            prune: PRUNE.read(env)?,
        })
    }
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
