//! What the user can set.

use kouti::Setting;
use kouti::setting::Declared;
use kouti_web::Provider;
use kouti_web::settings as web;

/// The app's own configuration.
const CONF_LOCATION: Setting<String> = Setting::build(
    "BP_NGINX_CONF_LOCATION",
    "./nginx.conf",
    "where the app's own configuration is",
);
/// Which nginx.
const VERSION: Setting<Option<String>> =
    Setting::build("BP_NGINX_VERSION", "", "version of nginx: a range, mainline or stable");
/// Whether the configuration is tried out in the build.
pub(crate) const CONFIG_CHECK: Setting<bool> =
    Setting::build("BP_NGINX_CONFIG_CHECK", "true", "check the configuration with `nginx -t`");
/// Port of the status page.
pub(crate) const STUB_STATUS_PORT: Setting<Option<u64>> =
    Setting::build("BP_NGINX_STUB_STATUS_PORT", "", "port of a server with the page /stub_status");
/// Address of the status page.
pub(crate) const STUB_STATUS_ADDRESS: Setting<Option<String>> = Setting::build(
    "BP_NGINX_STUB_STATUS_ADDRESS",
    "",
    "address that the server with /stub_status listens on; all by default",
);
/// Worker processes.
const WORKERS: Setting<String> = Setting::launch(
    "BPL_NGINX_WORKERS",
    "auto",
    "worker processes; auto means as many as the container's share of processors",
);
/// Connections of a worker.
const WORKER_CONNECTIONS: Setting<u64> = Setting::launch(
    "BPL_NGINX_WORKER_CONNECTIONS",
    "1024",
    "connections of a worker process, in a generated configuration",
);

/// This server.
pub(crate) const NGINX: Provider =
    Provider { id: "nginx", title: "nginx", conf_location: CONF_LOCATION, version: VERSION };

/// Those that httpd does not have.
const OWN: [Declared; 7] = [
    CONF_LOCATION.declared,
    CONFIG_CHECK.declared,
    STUB_STATUS_ADDRESS.declared,
    STUB_STATUS_PORT.declared,
    VERSION.declared,
    WORKERS.declared,
    WORKER_CONNECTIONS.declared,
];

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
