//! What a web server serves, whichever it is.

use serde::Serialize;

/// What a web server serves, whichever it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Site {
    /// Document root relative to the app; empty for the app itself.
    pub(crate) web_dir: String,
    /// Script that gets what is no file, relative to the document root.
    pub(crate) front_controller: Option<String>,
    pub(crate) https_redirect: bool,
    /// Whether nginx itself speaks TLS.
    pub(crate) tls: bool,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) static_expires: Option<String>,
    pub(crate) server_admin: String,
    /// Whether the document root has a `.htaccess`, which says itself what gets what is no file.
    pub(crate) has_htaccess: bool,
    /// Paths below the document root that nobody gets: what belongs to development.
    pub(crate) denied: Vec<String>,
}

/// Networks from which a proxy may tell who asked: private ones.
pub(crate) const PRIVATE_NETWORKS: [&str; 8] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "::1",
];

/// What is not to be served where the app itself is the document root.
const DEVELOPMENT: [&str; 8] = [
    "composer.json",
    "composer.lock",
    "composer.phar",
    "httpd.conf",
    "nginx.conf",
    "package.json",
    "Procfile",
    "project.toml",
];

/// See [`Site::denied`].
pub(crate) fn denied(web_dir: &str, vendor_dir: &str, bin_dir: &str) -> Vec<String> {
    if !web_dir.is_empty() {
        return Vec::new();
    }
    let vendor = format!("{vendor_dir}/");
    let bin = format!("{bin_dir}/");
    let bin = (!bin.starts_with(&vendor)).then_some(bin);
    // The classic buildpack of Cloud Foundry has packages elsewhere, and a link to them here.
    let link = (vendor_dir != "vendor").then(|| "vendor/".to_owned());
    DEVELOPMENT.iter().map(ToString::to_string).chain([vendor]).chain(link).chain(bin).collect()
}
