//! What the user can set: of the settings of `kouti/nodejs`, those that have a meaning here.

use kouti::Env;
use kouti::setting::{BadSetting, Declared, Paths, Words};
use kouti_node::settings::{
    CACHE_DIRS, MODULES_CACHE, NPM_VERSION, OFFLINE, PACKAGE_MANAGER, PNPM_STORE, PNPM_VERSION,
    PREFER_LTS, PROJECT_PATH, PackageSettings, ROOT_RUN_SCRIPTS, RUN_SCRIPTS, VENDORED, VERSION,
    YARN_VERSION,
};

/// All of them, in the order of their names.
pub(crate) const ALL: &[Declared] = &[
    CACHE_DIRS.declared,
    OFFLINE.declared,
    PACKAGE_MANAGER.declared,
    PREFER_LTS.declared,
    PROJECT_PATH.declared,
    ROOT_RUN_SCRIPTS.declared,
    RUN_SCRIPTS.declared,
    VENDORED.declared,
    VERSION.declared,
    NPM_VERSION.declared,
    PNPM_STORE.declared,
    PNPM_VERSION.declared,
    YARN_VERSION.declared,
    MODULES_CACHE.declared,
];

/// The values of one build.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) version: Option<String>,
    pub(crate) prefer_lts: bool,
    pub(crate) project_path: String,
    /// What concerns the package manager.
    pub(crate) packages: PackageSettings,
    pub(crate) cache_dirs: Vec<String>,
    /// `None` where it is not set: set to nothing, it means no scripts at all.
    pub(crate) run_scripts: Option<Vec<String>>,
}

impl Settings {
    pub(crate) fn read(env: &Env) -> Result<Self, BadSetting> {
        let Words(scripts) = RUN_SCRIPTS.read(env)?;
        let Paths(cache_dirs) = CACHE_DIRS.read(env)?;
        Ok(Self {
            cache_dirs,
            version: VERSION.read(env)?,
            prefer_lts: PREFER_LTS.read(env)?,
            project_path: PROJECT_PATH.read(env)?,
            packages: PackageSettings::read(env)?,
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
