//! What a generated configuration says. Whatever only the container knows is one of httpd's own
//! `${VARIABLES}`, which the program in front of it sets.

use std::fmt::Write as _;

use kouti_web::{RuntimeEnv, Served, Site, quoted_regex};

/// The whole configuration. `include` is the user's addition, relative to the app.
pub(crate) fn generate(site: &Site, served: &Served, include: Option<&str>) -> String {
    let mut conf = Conf::default();
    conf.line("# Made by kouti/httpd.");
    modules(&mut conf, site);
    basics(&mut conf);
    files(&mut conf, site, served);
    rewrites(&mut conf, site);
    headers(&mut conf, site);
    logs(&mut conf, site);
    error_pages(&mut conf, site, served);
    public_env(&mut conf, site);
    if let Some(include) = include {
        conf.line(&format!("Include {}", quoted(&format!("${{APP_ROOT}}/{include}"))));
    }
    conf.text
}

/// Lines, indented by their depth.
#[derive(Default)]
struct Conf {
    text: String,
    depth: usize,
}

impl Conf {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = self.depth * 4);
    }

    fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.line(line);
        }
    }

    fn section(&mut self, name: &str, argument: &str, inside: impl FnOnce(&mut Self)) {
        self.line(&format!("<{name} {argument}>"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text that httpd takes literally in a header: `%` and `${` mean something there.
fn header_value(text: &str) -> String {
    quoted(&text.replace('%', "%%").replace("${", "${KOUTI_DOLLAR}{"))
}

fn modules(conf: &mut Conf, site: &Site) {
    let mut names = vec![
        "mpm_event",
        "unixd",
        "log_config",
        "mime",
        "dir",
        "authz_core",
        "authz_host",
        "headers",
        "setenvif",
        "filter",
        "deflate",
        "reqtimeout",
        "alias",
        "rewrite",
    ];
    if site.is_protected() {
        names.extend(["authn_core", "authn_file", "authz_user", "auth_basic"]);
    }
    if site.directory_listing {
        names.push("autoindex");
    }
    if site.ssi {
        names.push("include");
    }
    conf.line("ServerRoot \"${SERVER_ROOT}\"");
    for name in names {
        // Distributions compile some of them in.
        conf.section("IfModule", &format!("!{name}_module"), |conf| {
            conf.line(&format!("LoadModule {name}_module modules/mod_{name}.so"));
        });
    }
}

fn basics(conf: &mut Conf) {
    conf.lines(&[
        "Define KOUTI_DOLLAR $",
        "ServerName 0.0.0.0",
        "Listen ${PORT}",
        "PidFile \"${TMPDIR}/httpd.pid\"",
        "DefaultRuntimeDir \"${TMPDIR}\"",
        "Mutex \"file:${TMPDIR}\" default",
        "ServerTokens Prod",
        "ServerSignature Off",
        "TraceEnable Off",
        "UseCanonicalName Off",
        "HostnameLookups Off",
        "HttpProtocolOptions Strict",
        "Timeout 60",
        "KeepAlive On",
        "KeepAliveTimeout 30",
        "RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500",
        "StartServers 1",
        "MinSpareThreads 25",
        "MaxSpareThreads 75",
        "TypesConfig conf/mime.types",
        "AddType text/javascript js mjs",
        "AddType application/wasm wasm",
        "AddType application/json map",
        "AddType application/manifest+json webmanifest",
        "AddType image/avif avif",
        "AddType font/woff2 woff2",
        "AddDefaultCharset utf-8",
        "AddOutputFilterByType DEFLATE text/html text/plain text/css text/javascript text/xml \
         application/javascript application/json application/manifest+json application/xml \
         application/wasm font/otf font/ttf image/svg+xml",
    ]);
}

/// The document root as httpd reads it.
fn root(served: &Served) -> String {
    let root = &served.root.shown;
    if root.starts_with('/') {
        quoted(root)
    } else if root.is_empty() {
        quoted("${APP_ROOT}")
    } else {
        // The directory of the app may be another one than in the build.
        quoted(&format!("${{APP_ROOT}}/{root}"))
    }
}

fn files(conf: &mut Conf, site: &Site, served: &Served) {
    conf.line(&format!("DocumentRoot {}", root(served)));
    conf.section("Directory", "\"/\"", |conf| {
        conf.lines(&["Options None", "AllowOverride None", "Require all denied"]);
    });
    conf.section("Directory", &root(served), |conf| {
        let mut options = String::from("Options FollowSymLinks");
        if site.directory_listing {
            options += " Indexes";
        }
        if site.ssi {
            options += " Includes";
            conf.line("AddOutputFilter INCLUDES .html .shtml");
        }
        conf.line(&options);
        conf.line("DirectoryIndex index.html index.htm Default.htm");
        if site.is_protected() {
            let users = match &site.auth_file {
                Some(file) => format!("${{APP_ROOT}}/{file}"),
                None => "${KOUTI_HTPASSWD}".to_owned(),
            };
            conf.line(&format!("AuthUserFile {}", quoted(&users)));
            conf.lines(&[
                "AuthType Basic",
                "AuthName \"Authentication Required\"",
                "AuthBasicProvider file",
                "Require valid-user",
            ]);
        } else {
            conf.line("Require all granted");
        }
    });
}

/// Ends of names, and the type of such a file.
const COPIES: [(&str, &str); 14] = [
    ("html?", "text/html"),
    ("css", "text/css"),
    ("m?js", "text/javascript"),
    ("json|map", "application/json"),
    ("svg", "image/svg+xml"),
    ("xml", "application/xml"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("ics", "text/calendar"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
    ("otf", "font/otf"),
    ("ttf", "font/ttf"),
];

const HTTPS: &str = "\\s*https\\s*(?:,|$)";

fn rewrites(conf: &mut Conf, site: &Site) {
    conf.line("RewriteEngine On");
    if let Some(path) = &site.health_path {
        conf.line(&format!("RewriteRule ^{}$ - [R=200,L]", quoted_regex(path)));
        conf.line("ErrorDocument 200 \"ok\"");
    }
    if site.force_https {
        force_https(conf);
    }
    for redirect in &site.redirects {
        conf.line(&format!("RewriteCond %{{REQUEST_URI}} \"{}\"", redirect.from.regex));
        // Neither quotes nor backslashes are in it.
        let to = redirect.to.replace('%', "\\%").replace('$', "\\$");
        conf.line(&format!("RewriteRule ^ \"{to}\" [R={},L,NE]", redirect.status));
    }
    if !site.dotfiles {
        conf.line("RewriteRule \"/\\.(?!well-known(?:/|$))\" - [R=404,L]");
    }
    for glob in &site.hidden {
        conf.line(&format!("RewriteRule \"{}\" - [R=404,L]", glob.regex));
    }
    if site.clean_urls {
        conf.lines(&[
            "RewriteCond %{THE_REQUEST} \"^\\S+\\s/+((?:[^?\\s]*/)?)index[.]html[?\\s]\"",
            "RewriteRule ^ /%1 [R=301,L,NE]",
            "RewriteCond %{THE_REQUEST} \"^\\S+\\s/+([^?\\s]+)[.]html[?\\s]\"",
            "RewriteRule ^ /%1 [R=301,L,NE]",
            "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f",
            "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI}.html -f",
            "RewriteRule ^(.+)$ $1.html [L]",
        ]);
    }
    push_state(conf, site);
    compressed_copies(conf, site);
}

/// `app.js.gz` in place of `app.js`, for those who accept it.
fn compressed_copies(conf: &mut Conf, site: &Site) {
    if !site.precompress.gzip {
        return;
    }
    for (ends, kind) in COPIES {
        conf.lines(&[
            "RewriteCond %{HTTP:Accept-Encoding} \"(?:^|[,\\s])gzip(?!\\s*;\\s*q=0(?:\\.0*)?(?:[,\\s]|$))\"",
            "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI}.gz -f",
            &format!(
                "RewriteRule \"^(.+[.](?:{ends}))$\" \"$1.gz\" [T={kind},E=no-gzip:1,E=KOUTI_COPY:1,L]"
            ),
        ]);
    }
}

/// To the host that the client has asked for, which is the first that proxies name.
fn force_https(conf: &mut Conf) {
    let conditions = [
        "RewriteCond %{HTTPS} !=on".to_owned(),
        format!("RewriteCond %{{HTTP:X-Forwarded-Proto}} \"!^{HTTPS}\" [NC]"),
        "RewriteCond %{REQUEST_URI} !^/[.]well-known/acme-challenge/".to_owned(),
    ];
    for (condition, host) in [
        ("RewriteCond %{HTTP:X-Forwarded-Host} \"^\\s*([A-Za-z0-9._:\\[\\]-]+)\\s*(?:,|$)\"", "%1"),
        ("RewriteCond %{HTTP_HOST} .", "%{HTTP_HOST}"),
    ] {
        for line in &conditions {
            conf.line(line);
        }
        conf.line(condition);
        conf.line(&format!("RewriteRule ^ https://{host}%{{REQUEST_URI}} [R=301,L,NE]"));
    }
}

fn push_state(conf: &mut Conf, site: &Site) {
    let Some(push_state) = &site.push_state else { return };
    let location = if site.location == "/" { "" } else { &site.location };
    let mut pages = vec!["/index.html".to_owned()];
    if !location.is_empty() {
        pages.insert(0, format!("{location}/index.html"));
    }
    for page in pages {
        conf.line(&format!("RewriteCond %{{DOCUMENT_ROOT}}{page} -f"));
        conf.lines(&[
            "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f",
            "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI}/index.html !-f",
        ]);
        if !location.is_empty() {
            conf.line(&format!("RewriteCond %{{REQUEST_URI}} ^{}(?:/|$)", quoted_regex(location)));
        }
        if push_state.except_assets {
            conf.line("RewriteCond %{REQUEST_URI} \"!^/[.]well-known(?:/|$)\"");
            conf.line("RewriteCond %{REQUEST_URI} \"![.][A-Za-z0-9]+$\"");
        }
        for glob in &push_state.except {
            conf.line(&format!("RewriteCond %{{REQUEST_URI}} \"!{}\"", glob.regex));
        }
        conf.line(&format!("RewriteRule ^ {page} [L]"));
    }
}

fn headers(conf: &mut Conf, site: &Site) {
    conf.lines(&[
        "# Every file of an image has the same date, so dates say nothing.",
        "FileETag Digest",
        "DeflateAlterETag NoChange",
        "RequestHeader unset If-Modified-Since early",
        "RequestHeader unset Proxy early",
        "Header unset Last-Modified",
        "Header always set X-Content-Type-Options nosniff",
    ]);
    if !site.cache.off {
        conf.line("Header set Cache-Control no-cache");
        // Later sections win, and the first rule is to.
        for (glob, value) in site.cache.rules.iter().rev() {
            rule(conf, &glob.regex, &format!("Header set Cache-Control {}", header_value(value)));
        }
    }
    if site.precompress.gzip {
        conf.lines(&[
            "Header set Content-Encoding gzip env=KOUTI_COPY",
            "Header merge Vary Accept-Encoding env=KOUTI_COPY",
        ]);
    }
    if let Some(csp) = &site.csp {
        let value = header_value(csp);
        let html = "\"expr=%{CONTENT_TYPE} =~ m#^text/html#\"";
        conf.line(&format!("Header always set Content-Security-Policy {value} {html}"));
    }
    if let Some(hsts) = &site.hsts {
        let value = header_value(hsts);
        let https = format!("\"expr=%{{HTTP:X-Forwarded-Proto}} =~ m#^{HTTPS}#i\"");
        conf.line(&format!("Header always set Strict-Transport-Security {value} {https}"));
    }
    for header in &site.headers {
        let value = header_value(&header.value);
        rule(conf, &header.glob.regex, &format!("Header always set {} {value}", header.name));
    }
}

fn rule(conf: &mut Conf, regex: &str, line: &str) {
    conf.section("If", &format!("\"%{{REQUEST_URI}} =~ m#{regex}#\""), |conf| conf.line(line));
}

fn logs(conf: &mut Conf, site: &Site) {
    if let Some(path) = &site.health_path {
        conf.line(&format!("SetEnvIf Request_URI \"^{}$\" kouti_quiet", quoted_regex(path)));
    }
    conf.lines(&[
        "ErrorLog /proc/self/fd/2",
        "ErrorLogFormat \"%t [%l] %M\"",
        "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\"\" combined",
        "LogFormat \"{\\\"time\\\":\\\"%{%Y-%m-%dT%H:%M:%S%z}t\\\",\\\"remote_addr\\\":\\\"%a\\\",\
         \\\"method\\\":\\\"%m\\\",\\\"uri\\\":\\\"%U%q\\\",\\\"protocol\\\":\\\"%H\\\",\\\"status\\\":%>s,\
         \\\"bytes\\\":%B,\\\"duration_us\\\":%D,\\\"referer\\\":\\\"%{Referer}i\\\",\
         \\\"user_agent\\\":\\\"%{User-Agent}i\\\"}\" json",
    ]);
    conf.section("IfDefine", "!KOUTI_NO_ACCESS_LOG", |conf| {
        conf.line("CustomLog /proc/self/fd/1 ${KOUTI_ACCESS_LOG} env=!kouti_quiet");
    });
}

fn error_pages(conf: &mut Conf, site: &Site, served: &Served) {
    for (codes, file) in served.error_pages(site) {
        for code in codes {
            conf.line(&format!("ErrorDocument {code} {}", quoted(&format!("/{file}"))));
        }
    }
}

fn public_env(conf: &mut Conf, site: &Site) {
    let format = match site.runtime_env {
        RuntimeEnv::Js => "js",
        RuntimeEnv::Json => "json",
        RuntimeEnv::Off | RuntimeEnv::Html => return,
    };
    conf.line(&format!("Alias \"/env.{format}\" \"${{KOUTI_PUBLIC_ENV}}/env.{format}\""));
    conf.section("Directory", "\"${KOUTI_PUBLIC_ENV}\"", |conf| {
        conf.line("Require all granted");
    });
    conf.section("Location", &format!("\"/env.{format}\""), |conf| {
        conf.line("Header set Cache-Control no-store");
    });
}
