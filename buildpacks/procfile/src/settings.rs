//! The settings of this buildpack.

use kouti::Setting;
use kouti::setting::Declared;

pub(crate) const DIRECT_PROCESS: Setting<bool> =
    Setting::build("BP_DIRECT_PROCESS", "false", "start the processes without a shell");

pub(crate) const DEFAULT_PROCESS: Setting<Option<String>> = Setting::build(
    "BP_PROCFILE_DEFAULT_PROCESS",
    "",
    "command of the process type `web`, where no Procfile names one",
);

pub(crate) const LIVE_RELOAD: Setting<bool> = Setting::build(
    "BP_PROCFILE_LIVE_RELOAD",
    "false",
    "restart the default process when files of the app change; not for production",
);

pub(crate) const PATH: Setting<String> =
    Setting::build("BP_PROCFILE_PATH", "Procfile", "where in the app the Procfile is");

pub(crate) const ALL: &[Declared] =
    &[DIRECT_PROCESS.declared, DEFAULT_PROCESS.declared, LIVE_RELOAD.declared, PATH.declared];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
