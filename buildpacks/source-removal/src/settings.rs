//! The settings of this buildpack.

use kouti::Setting;
use kouti::setting::Declared;

pub(crate) const ALLOW_EMPTY_APP: Setting<bool> =
    Setting::build("BP_ALLOW_EMPTY_APP", "false", "let BP_INCLUDE_FILES remove everything");

pub(crate) const EXCLUDE: Setting<String> =
    Setting::build("BP_EXCLUDE_FILES", "", "patterns of what is removed, separated by colons");

pub(crate) const INCLUDE: Setting<String> =
    Setting::build("BP_INCLUDE_FILES", "", "patterns of all that is kept, separated by colons");

pub(crate) const DRY_RUN: Setting<bool> =
    Setting::build("BP_SOURCE_REMOVAL_DRY_RUN", "false", "only say what would be removed");

pub(crate) const ALL: &[Declared] =
    &[ALLOW_EMPTY_APP.declared, EXCLUDE.declared, INCLUDE.declared, DRY_RUN.declared];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
