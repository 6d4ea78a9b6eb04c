//! What the user can set.

use kouti::Setting;
use kouti::setting::Declared;
use kouti_web::Provider;
use kouti_web::settings as web;

/// The app's own configuration.
const CONF_LOCATION: Setting<String> = Setting::build(
    "BP_HTTPD_CONF_LOCATION",
    "./httpd.conf",
    "where the app's own configuration is",
);
/// Which httpd.
const VERSION: Setting<Option<String>> =
    Setting::build("BP_HTTPD_VERSION", "", "version of httpd, or a range");
/// Whether the configuration is tried out in the build.
pub(crate) const CONFIG_CHECK: Setting<bool> =
    Setting::build("BP_HTTPD_CONFIG_CHECK", "true", "check the configuration with `httpd -t`");

/// This server.
pub(crate) const HTTPD: Provider = Provider {
    id: "httpd",
    title: "Apache HTTP Server",
    conf_location: CONF_LOCATION,
    version: VERSION,
};

/// Those that nginx does not have.
const OWN: [Declared; 3] = [CONF_LOCATION.declared, CONFIG_CHECK.declared, VERSION.declared];

/// All of them.
pub(crate) const ALL: &[Declared] = &web::with::<{ OWN.len() }, { web::COUNT + OWN.len() }>(OWN);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
