//! What answers requests.

use kouti::setting::Value;
use serde::Serialize;

/// The values of `BP_PHP_SERVER`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServerName {
    /// nginx and PHP-FPM.
    Nginx,
    /// Apache httpd and PHP-FPM.
    Httpd,
    /// The server inside the PHP program, for development.
    PhpServer,
    /// PHP-FPM alone; the web server is somewhere else.
    Fpm,
    /// Nothing: a console app or worker.
    None,
}

impl Value for ServerName {
    const FORM: &'static str = "`nginx`, `httpd`, `php-server`, `fpm` or `none`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "nginx" => Some(Self::Nginx),
            "httpd" => Some(Self::Httpd),
            "php-server" => Some(Self::PhpServer),
            "fpm" => Some(Self::Fpm),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl ServerName {
    /// As a user writes it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Httpd => "httpd",
            Self::PhpServer => "php-server",
            Self::Fpm => "fpm",
            Self::None => "none",
        }
    }

    /// Whether PHP-FPM runs the scripts.
    pub(crate) fn uses_fpm(self) -> bool {
        matches!(self, Self::Nginx | Self::Httpd | Self::Fpm)
    }

    /// Whether it serves files too, and so needs a document root.
    pub(crate) fn has_site(self) -> bool {
        matches!(self, Self::Nginx | Self::Httpd | Self::PhpServer)
    }

    /// The plan entry of its configuration, which only we can make.
    pub(crate) fn config_entry(self) -> Option<&'static str> {
        match self {
            Self::Nginx => Some("php-nginx-config"),
            Self::Httpd => Some("php-httpd-config"),
            _ => None,
        }
    }

    /// The plan entry of the program, and the setting of its version.
    pub(crate) fn program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Nginx => Some(("nginx", "BP_NGINX_VERSION")),
            Self::Httpd => Some(("httpd", "BP_HTTPD_VERSION")),
            _ => None,
        }
    }
}
