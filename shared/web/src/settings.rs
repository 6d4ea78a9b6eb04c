//! The settings that nginx and httpd share; each buildpack lists them with its own.

use kouti::Setting;
use kouti::setting::{Declared, Value};

use crate::precompress::Precompress;
use crate::site::RuntimeEnv;

/// Who serves the app.
pub const WEB_SERVER: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER",
    "",
    "serve the app's files without a configuration of its own: nginx, httpd or none",
);
/// The document root.
pub const ROOT: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_ROOT",
    "",
    "directory of the files to serve, relative to the app; `public` or what a front-end build makes",
);
/// The path below which the files are served.
pub const LOCATION_PATH: Setting<String> = Setting::build(
    "BP_WEB_SERVER_LOCATION_PATH",
    "/",
    "path of the site below which files are served",
);
/// Fallback to the index page.
pub const PUSH_STATE: Setting<Option<bool>> = Setting::build(
    "BP_WEB_SERVER_ENABLE_PUSH_STATE",
    "",
    "answer unknown paths with the index page, for apps that route in the browser; false by default",
);
/// What the fallback leaves alone.
pub const PUSH_STATE_EXCLUDE: Setting<String> = Setting::build(
    "BP_WEB_SERVER_PUSH_STATE_EXCLUDE",
    "assets",
    "paths that stay 404 nevertheless: globs separated by commas, `assets` for file names, or none",
);
/// Redirects to HTTPS.
pub const FORCE_HTTPS: Setting<bool> = Setting::build(
    "BP_WEB_SERVER_FORCE_HTTPS",
    "false",
    "redirect what X-Forwarded-Proto does not call https",
);
/// Basic authentication.
pub const BASIC_AUTH: Setting<bool> = Setting::build(
    "BP_WEB_SERVER_BASIC_AUTH",
    "false",
    "start only if a binding of type htpasswd says who may see the site",
);
/// Further configuration.
pub const INCLUDE_FILE: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_INCLUDE_FILE_PATH",
    "",
    "file of the app with further configuration of the server",
);
/// Whether the app's own configuration is left aside.
pub const IGNORE_APP_CONF: Setting<bool> = Setting::build(
    "BP_WEB_SERVER_IGNORE_APP_CONF",
    "false",
    "generate the configuration even if the app has its own",
);
/// Paths without extensions.
pub const CLEAN_URLS: Setting<Option<bool>> = Setting::build(
    "BP_WEB_SERVER_CLEAN_URLS",
    "",
    "serve /about from about.html, and redirect /about.html there; false by default",
);
/// Pages for errors.
pub const ERROR_PAGES: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_ERROR_PAGES",
    "",
    "pages for errors, as 404=404.html,5xx=error.html; 404.html and 50x.html by default, if they exist",
);
/// Response headers.
pub const HEADERS: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_HEADERS",
    "",
    "response headers, in lines such as `/docs/** X-Frame-Options: DENY`",
);
/// Strict transport security.
pub const HSTS: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_HSTS",
    "",
    "Strict-Transport-Security of answers by HTTPS: its value, or true for one year",
);
/// Content security policy.
pub const CSP: Setting<Option<String>> =
    Setting::build("BP_WEB_SERVER_CSP", "", "Content-Security-Policy of pages");
/// Caching.
pub const CACHE_CONTROL: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_CACHE_CONTROL",
    "",
    "Cache-Control, in lines such as `/img/** max-age=3600`, or off; no-cache by default",
);
/// Redirects.
pub const REDIRECTS: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_REDIRECTS",
    "",
    "redirects, in lines such as `/old/** /new 301`; the first that matches counts",
);
/// Health endpoint.
pub const HEALTH_PATH: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_HEALTH_PATH",
    "",
    "path that answers 200 to health checks, without authentication, redirect or log line",
);
/// Compressed copies.
pub const PRECOMPRESS: Setting<Precompress> = Setting::build(
    "BP_WEB_SERVER_PRECOMPRESS",
    "gzip",
    "compress texts in the build instead of for each request: gzip or off",
);
/// Directory listings.
pub const DIRECTORY_LISTING: Setting<bool> =
    Setting::build("BP_WEB_SERVER_DIRECTORY_LISTING", "false", "list directories without an index");
/// Dot files.
pub const SERVE_DOTFILES: Setting<bool> = Setting::build(
    "BP_WEB_SERVER_SERVE_DOTFILES",
    "false",
    "serve files whose names begin with a dot",
);
/// Server-side includes.
pub const SSI: Setting<bool> =
    Setting::build("BP_WEB_SERVER_SSI", "false", "process server-side includes in pages");
/// Variables for the browser.
pub const RUNTIME_ENV: Setting<RuntimeEnv> = Setting::build(
    "BP_WEB_SERVER_RUNTIME_ENV",
    "off",
    "how PUBLIC_WEB_* variables reach the browser: html, js, json or off",
);
/// Pages that variables are shown in.
pub const RUNTIME_ENV_FILES: Setting<Option<String>> = Setting::build(
    "BP_WEB_SERVER_RUNTIME_ENV_FILES",
    "",
    "globs of the pages that get the variables with BP_WEB_SERVER_RUNTIME_ENV=html; all by default",
);
/// What is not served; for `kouti/static`, which serves whole repositories.
pub const HIDDEN: &str = "BP_WEB_SERVER_HIDDEN";
/// File of the app with users and passwords; for Cloud Foundry's `Staticfile.auth`.
pub const AUTH_FILE: &str = "BP_WEB_SERVER_AUTH_FILE";
/// Prefixes of files whose names change with their content; for presets.
pub const IMMUTABLE: &str = "BP_WEB_SERVER_IMMUTABLE";

/// Format of the access log.
pub const ACCESS_LOG: Setting<String> = Setting::launch(
    "BPL_WEB_SERVER_ACCESS_LOG",
    "combined",
    "access log of a generated configuration: combined, json or off",
);
/// Users for basic authentication.
pub const BASIC_AUTH_USERS: Setting<Option<String>> = Setting::launch(
    crate::basic_auth::USERS,
    "",
    "lines of an htpasswd file, where there is no binding for it",
);
/// Draining.
pub const GRACEFUL_TIMEOUT: Setting<Option<u64>> = Setting::launch(
    "BPL_WEB_SERVER_GRACEFUL_TIMEOUT",
    "",
    "seconds that open requests get to end when the container is stopped; none by default",
);
/// Prefix of variables for the browser.
pub const PUBLIC_ENV_PREFIX: Setting<String> = Setting::launch(
    "BPL_WEB_SERVER_PUBLIC_ENV_PREFIX",
    "PUBLIC_WEB_",
    "prefix of the variables that BP_WEB_SERVER_RUNTIME_ENV shows to the browser",
);
/// Shows the configuration.
pub const DEBUG_CONFIG: Setting<bool> =
    Setting::launch("BPL_DEBUG_CONFIG", "false", "print the configuration when the server starts");

/// These settings and those of one server.
///
/// # Panics
///
/// While compiling, if `ALL` is another number than there are.
#[must_use]
pub const fn with<const OWN: usize, const ALL: usize>(own: [Declared; OWN]) -> [Declared; ALL] {
    assert!(ALL == OWN + SHARED.len(), "as many as there are");
    let mut all = [SHARED[0]; ALL];
    let mut index = 0;
    while index < SHARED.len() {
        all[index] = SHARED[index];
        index += 1;
    }
    while index < ALL {
        all[index] = own[index - SHARED.len()];
        index += 1;
    }
    all
}

/// How many settings the servers share.
pub const COUNT: usize = SHARED.len();

/// All of them, in the order of their names.
pub const SHARED: &[Declared] = &[
    ACCESS_LOG.declared,
    BASIC_AUTH.declared,
    BASIC_AUTH_USERS.declared,
    CACHE_CONTROL.declared,
    CLEAN_URLS.declared,
    CSP.declared,
    DEBUG_CONFIG.declared,
    DIRECTORY_LISTING.declared,
    ERROR_PAGES.declared,
    FORCE_HTTPS.declared,
    GRACEFUL_TIMEOUT.declared,
    HEADERS.declared,
    HEALTH_PATH.declared,
    HSTS.declared,
    IGNORE_APP_CONF.declared,
    INCLUDE_FILE.declared,
    LOCATION_PATH.declared,
    PRECOMPRESS.declared,
    PUBLIC_ENV_PREFIX.declared,
    PUSH_STATE.declared,
    PUSH_STATE_EXCLUDE.declared,
    REDIRECTS.declared,
    ROOT.declared,
    RUNTIME_ENV.declared,
    RUNTIME_ENV_FILES.declared,
    SERVE_DOTFILES.declared,
    SSI.declared,
    WEB_SERVER.declared,
];

impl Value for RuntimeEnv {
    const FORM: &'static str = "`html`, `js`, `json` or `off`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "off" => Some(Self::Off),
            "html" => Some(Self::Html),
            "js" => Some(Self::Js),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}
