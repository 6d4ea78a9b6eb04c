//! What the user can set: of the settings of `kouti/nodejs`, those that have a meaning here.

use kouti::Env;
use kouti::setting::{BadSetting, Declared, Words};
use kouti_node::settings::{PREFER_LTS, PROJECT_PATH, RUN_SCRIPTS, VERSION};

/// All of them, in the order of their names.
pub(crate) const ALL: &[Declared] =
    &[PREFER_LTS.declared, PROJECT_PATH.declared, RUN_SCRIPTS.declared, VERSION.declared];

/// The values of one build.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) version: Option<String>,
    pub(crate) prefer_lts: bool,
    pub(crate) project_path: String,
    /// `None` where it is not set: set to nothing, it means no scripts at all.
    pub(crate) run_scripts: Option<Vec<String>>,
}

impl Settings {
    pub(crate) fn read(env: &Env) -> Result<Self, BadSetting> {
        let Words(scripts) = RUN_SCRIPTS.read(env)?;
        Ok(Self {
            version: VERSION.read(env)?,
            prefer_lts: PREFER_LTS.read(env)?,
            project_path: PROJECT_PATH.read(env)?,
            run_scripts: RUN_SCRIPTS.is_set(env).then_some(scripts),
        })
    }

    /// Whether the user wants assets built, whatever the other buildpacks say.
    pub(crate) fn names_scripts(&self) -> bool {
        self.run_scripts.as_ref().is_some_and(|scripts| !scripts.is_empty())
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
