//! The settings of this buildpack.

use kouti::Setting;
use kouti::setting::Declared;
use kouti_watchexec::{IGNORE, POLL};

pub(crate) const PATHS: Setting<Option<String>> = Setting::build(
    "BP_LIVE_RELOAD_PATHS",
    "",
    "directories to watch in place of the app, relative to it, separated by commas",
);

const IGNORED: Setting<String> =
    Setting::launch(IGNORE, "", "globs of files whose changes are left out, separated by commas");

const INTERVAL: Setting<Option<u64>> = Setting::launch(
    POLL,
    "",
    "milliseconds between two looks at the files, where their changes are not reported",
);

pub(crate) const ALL: &[Declared] = &[IGNORED.declared, INTERVAL.declared, PATHS.declared];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
