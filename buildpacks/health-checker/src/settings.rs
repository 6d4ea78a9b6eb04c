//! The settings of this buildpack.

use kouti::Setting;
use kouti::setting::Declared;

pub(crate) const DEPENDENCY: Setting<String> = Setting::build(
    "BP_HEALTH_CHECKER_DEPENDENCY",
    "thc",
    "which program it is; there is only this one",
);

pub(crate) const ENABLED: Setting<bool> =
    Setting::build("BP_HEALTH_CHECKER_ENABLED", "false", "put the program into the image");

const CONNECT_TIMEOUT: Setting<u64> =
    Setting::launch("THC_CONN_TIMEOUT", "10", "seconds to wait for a connection");

const PATH: Setting<String> = Setting::launch("THC_PATH", "/", "path that is requested");

const PORT: Setting<String> =
    Setting::launch("THC_PORT", "", "port that is asked; without it PORT, or 8080");

const REQUEST_TIMEOUT: Setting<u64> =
    Setting::launch("THC_REQ_TIMEOUT", "15", "seconds in which the answer has to come");

pub(crate) const ALL: &[Declared] = &[
    DEPENDENCY.declared,
    ENABLED.declared,
    CONNECT_TIMEOUT.declared,
    PATH.declared,
    PORT.declared,
    REQUEST_TIMEOUT.declared,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
