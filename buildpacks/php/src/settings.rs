//! What the user can set.

use kouti::setting::{Arguments, BadSetting, Declared, Words};
use kouti::{Env, Setting, settings};

use crate::server::ServerName;

/// Which PHP.
pub(crate) const VERSION: Setting<Option<String>> =
    Setting::build("BP_PHP_VERSION", "", "version of PHP, or a range such as `8.3.*`");
/// What answers requests.
const SERVER: Setting<Option<ServerName>> = Setting::build(
    "BP_PHP_SERVER",
    "",
    "what answers requests: nginx, httpd, php-server, fpm or none; nginx if there is one",
);
/// Document root.
const WEB_DIR: Setting<Option<String>> =
    Setting::build("BP_PHP_WEB_DIR", "", "document root, relative to the app; detected by default");
/// Library directory.
const LIB_DIR: Setting<String> =
    Setting::build("BP_PHP_LIB_DIR", "lib", "directory on the include path, relative to the app");
/// `ServerAdmin`.
const SERVER_ADMIN: Setting<String> =
    Setting::build("BP_PHP_SERVER_ADMIN", "admin@localhost", "address that httpd shows on errors");
/// HTTPS redirect.
const HTTPS_REDIRECT: Setting<Option<bool>> = Setting::build(
    "BP_PHP_ENABLE_HTTPS_REDIRECT",
    "",
    "redirect what a proxy received over http; on where BP_PHP_SERVER is nginx or httpd",
);
/// TLS in nginx itself.
const NGINX_HTTPS: Setting<bool> = Setting::build(
    "BP_PHP_NGINX_ENABLE_HTTPS",
    "false",
    "let nginx speak TLS; a snippet of the app or a binding of type `tls` has the certificate",
);
/// Front controller.
const FRONT_CONTROLLER: Setting<Option<String>> = Setting::build(
    "BP_PHP_FRONT_CONTROLLER",
    "",
    "script in the document root that gets what is no file, or `off`; by framework",
);
/// Framework.
const FRAMEWORK: Setting<String> = Setting::build(
    "BP_PHP_FRAMEWORK",
    "auto",
    "framework whose directories are assumed: auto, none or a name",
);
/// Writable directories.
const WRITABLE_DIRS: Setting<Words> = Setting::build(
    "BP_PHP_WRITABLE_DIRS",
    "",
    "further directories that the app writes to, relative to the app",
);
/// Extensions.
const EXTENSIONS: Setting<Option<String>> = Setting::build(
    "BP_PHP_EXTENSIONS",
    "",
    "extensions to enable besides those that Composer asks for; `-name` leaves one out",
);
/// Whole configuration of the server.
const SERVER_CONF: Setting<Option<String>> = Setting::build(
    "BP_PHP_SERVER_CONF",
    "",
    "configuration of nginx or httpd to use instead of a generated one, relative to the app",
);
/// Trusted proxies.
const TRUSTED_PROXIES: Setting<Words> = Setting::build(
    "BP_PHP_TRUSTED_PROXIES",
    "",
    "networks whose X-Forwarded-For is believed; the private ones by default",
);
/// Expiry of static files.
const STATIC_EXPIRES: Setting<Option<String>> = Setting::build(
    "BP_PHP_STATIC_EXPIRES",
    "",
    "how long browsers keep static files, as nginx has it, such as `7d`",
);
/// Commands before the servers.
const PRE_START: Setting<Option<String>> = Setting::build(
    "BP_PHP_PRE_START",
    "",
    "commands to run before the servers start, one on each line",
);

/// Which Composer.
pub(crate) const COMPOSER_VERSION: Setting<Option<String>> =
    Setting::build("BP_COMPOSER_VERSION", "", "version of Composer, or a range such as `2.2.*`");
/// Options of the install.
pub(crate) const INSTALL_OPTIONS: Setting<Arguments> = Setting::build(
    "BP_COMPOSER_INSTALL_OPTIONS",
    "--no-dev --prefer-dist --optimize-autoloader",
    "options of `composer install`; set to nothing, development packages are installed too",
);
/// Global packages.
const INSTALL_GLOBAL: Setting<Arguments> = Setting::build(
    "BP_COMPOSER_INSTALL_GLOBAL",
    "",
    "packages to install with `composer global require`, on the PATH of scripts",
);
/// Scripts after the install.
const RUN_SCRIPTS: Setting<Words> = Setting::build(
    "BP_COMPOSER_RUN_SCRIPTS",
    "",
    "scripts of composer.json to run after the install; `compile` if there is one",
);
/// What an outdated lock leads to.
const LOCK_CHECK: Setting<Check> = Setting::build(
    "BP_COMPOSER_LOCK_CHECK",
    "warn",
    "what to do about a composer.lock that does not fit composer.json: warn, fail or off",
);
/// Whether a lock must be there.
const REQUIRE_LOCK: Setting<bool> =
    Setting::build("BP_COMPOSER_REQUIRE_LOCK", "false", "stop where composer.lock is missing");
/// Security advisories.
const AUDIT: Setting<Audit> = Setting::build(
    "BP_COMPOSER_AUDIT",
    "off",
    "what to do about known vulnerabilities of packages: off, report or fail",
);

/// All of them, in the order of their names.
pub(crate) const ALL: &[Declared] = &[
    launch("BPL_PHP_ACCESS_LOG", "extended", "access log: extended, common, combined, json or off"),
    launch("BPL_PHP_FPM_MAX_CHILDREN", "", "number of PHP workers; from memory and CPU by default"),
    launch(
        "BPL_PHP_FPM_MAX_REQUESTS",
        "0",
        "requests after which a worker is replaced; 0 is never",
    ),
    launch("BPL_PHP_FPM_PM", "dynamic", "how workers are managed: dynamic, static or ondemand"),
    launch("BPL_PHP_FPM_REQUEST_TIMEOUT", "", "seconds after which a request is ended"),
    launch("BPL_PHP_FPM_STATUS", "false", "answer /-/fpm-ping and /-/fpm-status to this container"),
    launch("BPL_PHP_INI", "", "directives of php.ini, `name=value` separated by `;` or lines"),
    launch("BPL_PHP_KEEPALIVE", "", "seconds for which a connection is kept; 65, with httpd 5"),
    launch("BPL_PHP_SESSION_HANDLER", "", "keep sessions in a binding of type redis or memcached"),
    launch("BPL_PHP_SHUTDOWN_TIMEOUT", "8", "seconds that running requests get when the app stops"),
    launch("BPL_PHP_STARTUP_TIMEOUT", "10", "seconds to wait for PHP-FPM"),
    AUDIT.declared,
    INSTALL_GLOBAL.declared,
    INSTALL_OPTIONS.declared,
    LOCK_CHECK.declared,
    REQUIRE_LOCK.declared,
    RUN_SCRIPTS.declared,
    COMPOSER_VERSION.declared,
    HTTPS_REDIRECT.declared,
    EXTENSIONS.declared,
    FRAMEWORK.declared,
    FRONT_CONTROLLER.declared,
    LIB_DIR.declared,
    NGINX_HTTPS.declared,
    PRE_START.declared,
    SERVER.declared,
    SERVER_ADMIN.declared,
    SERVER_CONF.declared,
    STATIC_EXPIRES.declared,
    TRUSTED_PROXIES.declared,
    VERSION.declared,
    WEB_DIR.declared,
    WRITABLE_DIRS.declared,
];

/// A setting that the helper reads, in a program of its own.
const fn launch(name: &'static str, default: &'static str, help: &'static str) -> Declared {
    Setting::<String>::launch(name, default, help).declared
}

/// What to do about a lock file that is out of date.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Check {
    #[default]
    Warn,
    Fail,
    Off,
}

impl kouti::setting::Value for Check {
    const FORM: &'static str = "`warn`, `fail` or `off`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "warn" => Some(Self::Warn),
            "fail" => Some(Self::Fail),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// What to do about known vulnerabilities.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Audit {
    #[default]
    Off,
    Report,
    Fail,
}

impl kouti::setting::Value for Audit {
    const FORM: &'static str = "`off`, `report` or `fail`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "off" => Some(Self::Off),
            "report" => Some(Self::Report),
            "fail" => Some(Self::Fail),
            _ => None,
        }
    }
}

/// The values of one build.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) version: Option<String>,
    pub(crate) server: Option<ServerName>,
    pub(crate) web_dir: Option<String>,
    pub(crate) lib_dir: String,
    pub(crate) server_admin: String,
    pub(crate) https_redirect: Option<bool>,
    pub(crate) nginx_https: bool,
    pub(crate) front_controller: Option<String>,
    pub(crate) framework: String,
    pub(crate) writable_dirs: Vec<String>,
    /// Names and, after `-`, names to leave out.
    pub(crate) extensions: Vec<String>,
    pub(crate) server_conf: Option<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) static_expires: Option<String>,
    pub(crate) pre_start: Option<String>,
    pub(crate) composer_version: Option<String>,
    pub(crate) install_options: Vec<String>,
    pub(crate) install_global: Vec<String>,
    /// `None` where it is not set.
    pub(crate) run_scripts: Option<Vec<String>>,
    pub(crate) lock_check: Check,
    pub(crate) require_lock: bool,
    pub(crate) audit: Audit,
    pub(crate) live_reload: bool,
}

impl Settings {
    pub(crate) fn read(env: &Env) -> Result<Self, BadSetting> {
        let Arguments(install_global) = INSTALL_GLOBAL.read(env)?;
        let Words(run_scripts) = RUN_SCRIPTS.read(env)?;
        let separators = |c: char| c.is_whitespace() || c == ',';
        let extensions = EXTENSIONS.read(env)?.unwrap_or_default();
        Ok(Self {
            version: VERSION.read(env)?,
            server: SERVER.read(env)?,
            web_dir: WEB_DIR.read(env)?,
            lib_dir: LIB_DIR.read(env)?,
            server_admin: SERVER_ADMIN.read(env)?,
            https_redirect: HTTPS_REDIRECT.read(env)?,
            nginx_https: NGINX_HTTPS.read(env)?,
            front_controller: FRONT_CONTROLLER.read(env)?,
            framework: FRAMEWORK.read(env)?.to_ascii_lowercase(),
            writable_dirs: WRITABLE_DIRS.read(env)?.0,
            extensions: extensions
                .split(separators)
                .filter(|name| !name.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
            server_conf: SERVER_CONF.read(env)?,
            trusted_proxies: TRUSTED_PROXIES.read(env)?.0,
            static_expires: STATIC_EXPIRES.read(env)?,
            pre_start: PRE_START.read(env)?,
            composer_version: COMPOSER_VERSION.read(env)?,
            install_options: install_options(env)?,
            install_global,
            run_scripts: RUN_SCRIPTS.is_set(env).then_some(run_scripts),
            lock_check: LOCK_CHECK.read(env)?,
            require_lock: REQUIRE_LOCK.read(env)?,
            audit: AUDIT.read(env)?,
            live_reload: settings::LIVE_RELOAD_ENABLED.read(env)?,
        })
    }
}

/// Set to nothing, it blanks the default, as with Paketo.
fn install_options(env: &Env) -> Result<Vec<String>, BadSetting> {
    if env.get(INSTALL_OPTIONS.declared.name).is_some_and(|text| text.trim().is_empty()) {
        return Ok(Vec::new());
    }
    Ok(INSTALL_OPTIONS.read(env)?.0)
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
