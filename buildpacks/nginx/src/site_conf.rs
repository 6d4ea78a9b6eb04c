//! What a generated configuration says. It is a template itself: port, workers, log format and
//! users are those of the container.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kouti_web::template::literal;
use kouti_web::{RuntimeEnv, Served, Site, quoted_regex};

/// The whole configuration. `include` is the user's addition, relative to the app; `status` is
/// where the status page listens.
pub(crate) fn generate(
    site: &Site,
    served: &Served,
    include: Option<&str>,
    status: &[String],
) -> String {
    let mut conf = Conf::default();
    conf.line("# Made by kouti/nginx, rendered when the container starts.");
    conf.line("worker_processes {{cpus}};");
    conf.line("daemon off;");
    conf.line("error_log stderr;");
    conf.line("pid {{tempDir}}/nginx.pid;");
    conf.open("events");
    conf.line("worker_connections {{env \"BPL_NGINX_WORKER_CONNECTIONS\" \"1024\"}};");
    conf.close();
    conf.open("http");
    http(&mut conf);
    maps(&mut conf, site);
    server(&mut conf, site, served, include);
    if !status.is_empty() {
        conf.open("server");
        for listen in status {
            conf.line(&listener(listen));
        }
        conf.line("access_log off;");
        conf.open("location = /stub_status");
        conf.line("stub_status;");
        conf.close();
        conf.open("location /");
        conf.line("return 404;");
        conf.close();
        conf.close();
    }
    conf.close();
    conf.text
}

/// A `listen` directive; one for all IPv6 addresses only where there are any.
fn listener(listen: &str) -> String {
    if listen.starts_with("[::]:") {
        format!("{{{{if ipv6}}}}listen {listen};{{{{end}}}}")
    } else {
        format!("listen {listen};")
    }
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

    fn open(&mut self, block: &str) {
        self.line(&format!("{block} {{"));
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// A `map` from one value to another.
    fn map(&mut self, from: &str, to: &str, default: &str, rows: &[(String, String)]) {
        self.open(&format!("map {from} {to}"));
        self.line(&format!("default {default};"));
        for (key, value) in rows {
            self.line(&format!("{key} {value};"));
        }
        self.close();
    }
}

/// A text as a value that nginx takes literally.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "${kouti_dollar}");
    literal(&format!("\"{escaped}\""))
}

fn regex(regex: &str) -> String {
    format!("\"~{regex}\"")
}

/// What is compressed, apart from pages.
const COMPRESSED: &str = "text/plain text/css text/javascript text/xml text/markdown text/csv \
    text/calendar application/javascript application/x-javascript application/json \
    application/ld+json application/geo+json application/manifest+json application/xml \
    application/rss+xml application/atom+xml application/wasm font/otf font/ttf \
    application/vnd.ms-fontobject image/svg+xml";

const JSON_LOG: &str = r#"log_format json escape=json '{"time":"$time_iso8601","remote_addr":"$remote_addr","method":"$request_method","uri":"$request_uri","protocol":"$server_protocol","status":$status,"bytes":$body_bytes_sent,"duration":$request_time,"referer":"$http_referer","user_agent":"$http_user_agent","forwarded_for":"$http_x_forwarded_for","request_id":"$http_x_request_id"}';"#;

fn http(conf: &mut Conf) {
    for name in ["client_body_temp", "proxy_temp", "fastcgi_temp"] {
        conf.line(&format!("{name}_path {{{{tempDir}}}}/{name};"));
    }
    for line in [
        "include mime.types;",
        "default_type application/octet-stream;",
        "charset utf-8;",
        "charset_types text/css text/plain text/javascript text/xml text/markdown \
         application/json application/manifest+json application/rss+xml;",
        JSON_LOG,
        "{{$log := env \"BPL_WEB_SERVER_ACCESS_LOG\" \"combined\" -}}",
        "access_log {{if eq $log \"off\"}}off{{else if eq $log \"json\"}}/dev/stdout \
         json{{else}}/dev/stdout{{end}};",
        "log_not_found off;",
        "sendfile on;",
        "tcp_nopush on;",
        "keepalive_timeout 30;",
        "server_tokens off;",
        "port_in_redirect off;",
        "absolute_redirect off;",
        "gzip on;",
        "gzip_static always;",
        "gunzip on;",
        "gzip_proxied any;",
        "gzip_min_length 1100;",
        "gzip_comp_level 6;",
        "gzip_buffers 16 8k;",
        "gzip_vary on;",
        &format!("gzip_types {COMPRESSED};"),
        "# Every file of an image has the same date, so dates and what is made of them say nothing.",
        "etag off;",
        "if_modified_since off;",
    ] {
        conf.line(line);
    }
}

/// The beginning of a page with variables of the container.
const PAGE_HEAD: &str = "{{publicEnv \"html\"}}";

/// Variables that the server uses, each computed only where it is used.
fn maps(conf: &mut Conf, site: &Site) {
    conf.line("geo $kouti_dollar { default \"$\"; }");
    conf.map(
        "$http_x_forwarded_proto",
        "$kouti_proto",
        "$scheme",
        &[(regex("^\\s*(?<first>[^,\\s]+)"), "$first".to_owned())],
    );
    conf.map(
        "$http_x_forwarded_host",
        "$kouti_host",
        "$host",
        &[(
            regex("^\\s*(?<kouti_first_host>[A-Za-z0-9._:\\[\\]-]+)\\s*(?:,|$)"),
            "$kouti_first_host".to_owned(),
        )],
    );
    if !site.runtime_env_files.is_empty() {
        let globs = site.runtime_env_files.iter();
        let rows: Vec<_> = globs.map(|glob| (regex(&glob.regex), PAGE_HEAD.to_owned())).collect();
        conf.map("$uri", "$kouti_head", "'<head'", &rows);
    }
    if site.force_https {
        let mut exempt = vec!["\"~*^https:\" 0".to_owned()];
        exempt.push("\"~^[^:]*:/[.]well-known/acme-challenge/\" 0".to_owned());
        if let Some(path) = &site.health_path {
            exempt.push(format!("\"~^[^:]*:{}$\" 0", quoted_regex(path)));
        }
        conf.open("map \"$kouti_proto:$uri\" $kouti_insecure");
        conf.line("default 1;");
        for row in exempt {
            conf.line(&format!("{row};"));
        }
        conf.close();
    }
    if !site.is_protected() {
        validators(conf);
    }
    if !site.cache.off {
        let rules = site.cache.rules.iter();
        let mut rows: Vec<_> =
            rules.map(|(glob, value)| (regex(&glob.regex), quoted(value))).collect();
        if matches!(site.runtime_env, RuntimeEnv::Js | RuntimeEnv::Json) {
            rows.insert(0, ("\"~^/env[.](?:js|json)$\"".to_owned(), "no-store".to_owned()));
        }
        conf.map("$uri", "$kouti_cache", "no-cache", &rows);
    }
    for (index, (_, rows)) in headers(site).iter().enumerate() {
        conf.map("$kouti_path", &format!("$kouti_header_{index}"), "\"\"", rows);
    }
    let html = "\"~^text/html\"".to_owned();
    if let Some(csp) = &site.csp {
        conf.map("$sent_http_content_type", "$kouti_csp", "\"\"", &[(html, quoted(csp))]);
    }
    if let Some(hsts) = &site.hsts {
        let https = "\"~*^https$\"".to_owned();
        conf.map("$kouti_proto", "$kouti_hsts", "\"\"", &[(https, quoted(hsts))]);
    }
    if let Some(push_state) = &site.push_state {
        let mut rows = Vec::new();
        if push_state.except_assets {
            rows.push((regex("^/[.]well-known(?:/|$)"), "1".to_owned()));
            rows.push((regex("[.][A-Za-z0-9]+$"), "1".to_owned()));
        }
        rows.extend(push_state.except.iter().map(|glob| (regex(&glob.regex), "1".to_owned())));
        conf.map("$kouti_path", "$kouti_missing", "0", &rows);
    }
    if site.clean_urls {
        let args = "(?<kouti_args>\\?.*)?$";
        conf.map(
            "$request_uri",
            "$kouti_clean",
            "\"\"",
            &[
                (
                    regex(&format!("^/+(?<kouti_index>(?:[^?]*/)?)index[.]html{args}")),
                    "/$kouti_index$kouti_args".to_owned(),
                ),
                (
                    regex(&format!("^/+(?<kouti_stem>[^?]+)[.]html{args}")),
                    "/$kouti_stem$kouti_args".to_owned(),
                ),
            ],
        );
    }
}

/// Whether the client has what is here: its `If-None-Match` names the version of the site.
fn validators(conf: &mut Conf) {
    // A copy and its file are the same page, but not the same bytes.
    let gzip = ("gzip".to_owned(), "\"W/\"".to_owned());
    conf.map("$sent_http_content_encoding", "$kouti_weak", "\"\"", &[gzip]);
    conf.map(
        "\"$request_method $http_if_none_match\"",
        "$kouti_unchanged",
        "0",
        &[
            (
                "\"~^(?:GET|HEAD) (?:.*[, ])?(?:W/)?\\x22{{contentVersion}}\\x22\"".to_owned(),
                "1".to_owned(),
            ),
            ("\"~^(?:GET|HEAD) *[*] *$\"".to_owned(), "1".to_owned()),
        ],
    );
}

/// Names of headers, each with its values by path. Of several lines for a path the last counts.
fn headers(site: &Site) -> Vec<(&str, Vec<(String, String)>)> {
    let mut headers: Vec<(&str, Vec<(String, String)>)> = Vec::new();
    for rule in site.headers.iter().rev() {
        let row = (regex(&rule.glob.regex), quoted(&rule.value));
        match headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&rule.name)) {
            Some((_, rows)) => rows.push(row),
            None => headers.push((&rule.name, vec![row])),
        }
    }
    headers
}

fn server(conf: &mut Conf, site: &Site, served: &Served, include: Option<&str>) {
    conf.open("server");
    conf.line("listen {{port}} default_server;");
    conf.line("{{if ipv6}}listen [::]:{{port}} default_server;{{end}}");
    conf.line("server_name _;");
    let root = &served.root.shown;
    if root.starts_with('/') {
        conf.line(&format!("root {};", quoted(root)));
    } else if root.is_empty() {
        conf.line("root \"{{env \"APP_ROOT\"}}\";");
    } else {
        // The directory of the app may be another one than in the build.
        let below = quoted(&format!("/{root}"));
        conf.line(&format!("root \"{{{{env \"APP_ROOT\"}}}}{};", &below[1..]));
    }
    conf.line("set $kouti_path $uri;");
    if site.force_https {
        conf.line("if ($kouti_insecure) { return 301 https://$kouti_host$request_uri; }");
    }
    for redirect in &site.redirects {
        let (from, to) = (&redirect.from.regex, quoted(&redirect.to));
        let to = if redirect.to.contains('?') {
            to
        } else {
            to.trim_end_matches('"').to_owned() + "$is_args$args\""
        };
        conf.line(&format!("if ($uri ~ \"{from}\") {{ return {} {to}; }}", redirect.status));
    }
    if site.clean_urls {
        conf.line("if ($kouti_clean) { return 301 $kouti_clean; }");
    }
    response_headers(conf, site);
    access(conf, site);
    error_pages(conf, site, served);
    locations(conf, site);
    if let Some(include) = include {
        let below = quoted(&format!("/{include}"));
        conf.line(&format!("include \"{{{{env \"APP_ROOT\"}}}}{};", &below[1..]));
    }
    conf.close();
}

/// At the level of the server only: a location with one `add_header` of its own would lose all others.
fn response_headers(conf: &mut Conf, site: &Site) {
    conf.line("add_header X-Content-Type-Options nosniff always;");
    conf.line("add_header Last-Modified \"\";");
    if !site.cache.off {
        conf.line("add_header Cache-Control $kouti_cache;");
    }
    if site.csp.is_some() {
        conf.line("add_header Content-Security-Policy $kouti_csp always;");
    }
    if site.hsts.is_some() {
        conf.line("add_header Strict-Transport-Security $kouti_hsts always;");
    }
    for (index, (name, _)) in headers(site).iter().enumerate() {
        conf.line(&format!("add_header {name} $kouti_header_{index} always;"));
    }
}

fn access(conf: &mut Conf, site: &Site) {
    if site.is_protected() {
        conf.line("auth_basic \"Password Protected\";");
        match &site.auth_file {
            Some(file) => {
                let below = quoted(&format!("/{file}"));
                conf.line(&format!(
                    "auth_basic_user_file \"{{{{env \"APP_ROOT\"}}}}{};",
                    &below[1..]
                ));
            }
            None => conf.line("auth_basic_user_file \"{{htpasswd}}\";"),
        }
    } else {
        // Before access is checked, so only where there is nothing to check.
        conf.line("add_header ETag '$kouti_weak\"{{contentVersion}}\"';");
        conf.line("if ($kouti_unchanged) { return 304; }");
    }
    if site.ssi {
        conf.line("ssi on;");
    }
    if site.directory_listing {
        conf.line("autoindex on;");
    }
    if site.runtime_env == RuntimeEnv::Html {
        // Compressed files cannot be changed on their way.
        conf.line("gzip_static off;");
        conf.line("sub_filter_once on;");
        conf.line("sub_filter_last_modified on;");
        let head = if site.runtime_env_files.is_empty() { PAGE_HEAD } else { "$kouti_head" };
        conf.line(&format!("sub_filter '<head' {head};"));
    }
}

fn error_pages(conf: &mut Conf, site: &Site, served: &Served) {
    let pages = served.error_pages(site);
    for (codes, file) in &pages {
        let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
        conf.line(&format!("error_page {} {};", codes.join(" "), quoted(&format!("/{file}"))));
    }
    // One page may be for several codes.
    for file in pages.iter().map(|(_, file)| file).collect::<BTreeSet<_>>() {
        conf.open(&format!("location = {}", quoted(&format!("/{file}"))));
        conf.line("internal;");
        conf.close();
    }
    if !pages.is_empty() && site.push_state.is_some() {
        // The fallback is an error page itself; what it does not find gets its page too.
        conf.line("recursive_error_pages on;");
    }
}

fn locations(conf: &mut Conf, site: &Site) {
    let location = &site.location;
    conf.open(&format!("location {location}"));
    conf.line("index index.html index.htm Default.htm;");
    if site.clean_urls {
        let last = if site.push_state.is_some() { "@kouti_index" } else { "=404" };
        conf.line(&format!("try_files $uri $uri.html $uri/ {last};"));
    }
    if site.push_state.is_some() {
        conf.line("error_page 403 404 = @kouti_index;");
    }
    conf.close();
    if site.push_state.is_some() {
        let own = if location == "/" { String::new() } else { format!("{location}/index.html ") };
        conf.open("location @kouti_index");
        conf.line("if ($kouti_missing) { return 404; }");
        conf.line(&format!("try_files {own}/index.html =404;"));
        conf.close();
    }
    if location != "/" {
        conf.open("location /");
        conf.line("index index.html index.htm Default.htm;");
        conf.close();
    }
    if let Some(path) = &site.health_path {
        conf.open(&format!("location = {path}"));
        for line in [
            "auth_basic off;",
            "access_log off;",
            "default_type text/plain;",
            "return 200 \"ok\\n\";",
        ] {
            conf.line(line);
        }
        conf.close();
    }
    match site.runtime_env {
        RuntimeEnv::Js => public_env(conf, "js"),
        RuntimeEnv::Json => public_env(conf, "json"),
        RuntimeEnv::Off | RuntimeEnv::Html => {}
    }
    if !site.dotfiles {
        conf.open("location ~ \"/[.](?!well-known(?:/|$))\"");
        conf.line("return 404;");
        conf.close();
    }
    for glob in &site.hidden {
        conf.open(&format!("location ~ \"{}\"", glob.regex));
        conf.line("return 404;");
        conf.close();
    }
}

fn public_env(conf: &mut Conf, format: &str) {
    conf.open(&format!("location = /env.{format}"));
    conf.line(&format!("alias \"{{{{publicEnv \"{format}\"}}}}\";"));
    conf.close();
}
