//! The configuration of nginx in front of PHP-FPM.
//!
//! Names, levels and the order of includes are Paketo's, because snippets of apps rely on them: a
//! directive that stands twice at one level keeps nginx from starting.

use std::fmt::Write as _;

use kouti_php::RUN_DIR;

use crate::app::{Snippet, Snippets};
use crate::site::Site;

/// Where it lies in the app: relative includes are looked for beside it.
pub(crate) const FILE: &str = "nginx.conf";
/// The same where the app has a file of that name, which is left alone.
pub(crate) const OTHER_FILE: &str = ".nginx.kouti.conf";

/// The whole file. What depends on the container is in files that the supervisor writes.
pub(crate) fn config(site: &Site, snippets: &Snippets) -> String {
    let mut text = "# Written by kouti/php. Change it with files in .nginx.conf.d.\n".to_owned();
    let classic = &snippets.classic;
    for line in ["daemon off;", "error_log stderr notice;", "pid /tmp/nginx.pid;"] {
        if !is_set(&classic.nginx_main, line.split(' ').next().unwrap_or_default()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    if !is_set(&classic.nginx_main, "events") {
        text.push_str("events {\n    worker_connections 1024;\n}\n");
    }
    text.push_str(&includes(&classic.nginx_main));
    text.push_str("http {\n");
    let in_http = [&snippets.nginx_http[..], &classic.nginx_http].concat();
    let http = http(site, &in_http) + &includes(&classic.nginx_http);
    text.push_str(&indented(&http));
    text.push_str("    server {\n");
    let in_server = [&snippets.nginx_server[..], &classic.nginx_server].concat();
    let mut server = server(site, &in_server);
    locations(site, &in_server, &classic.nginx_server, &mut server);
    server.push_str(&includes(&classic.nginx_server));
    if !snippets.nginx_server.is_empty() {
        server.push_str("include .nginx.conf.d/*-server.conf;\n");
    }
    text.push_str(&indented(&indented(&server)));
    text.push_str("    }\n");
    if !snippets.nginx_http.is_empty() {
        text.push_str("    include .nginx.conf.d/*-http.conf;\n");
    }
    text.push_str("}\n");
    text
}

/// Lines for files of Cloud Foundry's classic buildpack.
fn includes(snippets: &[Snippet]) -> String {
    snippets.iter().fold(String::new(), |mut text, snippet| {
        let _ = writeln!(text, "include {};", snippet.path);
        text
    })
}

fn http(site: &Site, snippets: &[Snippet]) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        let directive = line.split_whitespace().next().unwrap_or_default();
        if !is_set(snippets, directive) {
            text.push_str(line);
            text.push_str(";\n");
        }
    };
    line("default_type application/octet-stream");
    line("sendfile on");
    line("server_tokens off");
    line("port_in_redirect off");
    line("absolute_redirect off");
    line("gzip on");
    line("gzip_min_length 1000");
    line("gzip_proxied any");
    line(
        "gzip_types text/css text/javascript text/plain text/xml application/javascript \
         application/json application/manifest+json application/xml application/wasm image/svg+xml \
         font/ttf font/otf",
    );
    line("gzip_vary on");
    // Large cookies and headers of frameworks do not fit the usual ones.
    line("fastcgi_buffers 16 16k");
    line("fastcgi_buffer_size 32k");
    line(&format!("root {}", if site.web_dir.is_empty() { "." } else { &site.web_dir }));
    line("index index.php index.html");
    for map in MAPS.iter().chain(site.https_redirect.then_some(&REDIRECT_MAP)) {
        let variable = map.lines().next().and_then(|line| line.split(' ').nth(2));
        if !has(snippets, &format!(" {} ", variable.unwrap_or_default())) {
            text.push_str(map);
        }
    }
    for format in LOG_FORMATS {
        let name = format.split(' ').nth(1).unwrap_or_default();
        if !has(snippets, &format!("log_format {name} ")) {
            text.push_str(format);
        }
    }
    if !has(snippets, "mime.types") {
        text.push_str(kouti_web::MIME_TYPES);
    }
    for (directive, file) in [
        ("client_max_body_size", "body"),
        ("keepalive_timeout", "keepalive"),
        ("fastcgi_read_timeout", "timeout"),
        ("access_log", "log"),
    ] {
        if !is_set(snippets, directive) {
            let _ = writeln!(text, "include {RUN_DIR}/nginx/{file}.conf;");
        }
    }
    if !has(snippets, "upstream php_fpm") {
        let _ =
            writeln!(text, "upstream php_fpm {{\n    include {RUN_DIR}/nginx/upstream.conf;\n}}");
    }
    text
}

/// Only what a proxy says of the request it got, and only its first word.
const MAPS: [&str; 3] = [
    "\
map $http_x_forwarded_proto $proxy_https {
    default '';
    ~*^https on;
}
",
    "\
map $proxy_https$https $php_https {
    default '';
    ~on on;
}
",
    "\
map $http_x_forwarded_proto $redirect_scheme {
    default http;
    http http;
    https https;
}
",
];

const REDIRECT_MAP: &str = "\
map $http_x_forwarded_proto $redirect_to_https {
    default no;
    '~*^http(\\s*,|$)' yes;
}
";

const LOG_FORMATS: [&str; 3] = [
    "log_format common '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent';\n",
    "log_format extended '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent vcap_request_id=$http_x_vcap_request_id';\n",
    "log_format json escape=json '{\"time\":\"$time_iso8601\",\"remote\":\"$remote_addr\",\"method\":\"$request_method\",\"uri\":\"$request_uri\",\"status\":$status,\"bytes\":$body_bytes_sent,\"seconds\":$request_time,\"agent\":\"$http_user_agent\"}';\n",
];

fn server(site: &Site, snippets: &[Snippet]) -> String {
    let mut text = String::new();
    if !is_set(snippets, "listen") {
        let _ = writeln!(text, "include {RUN_DIR}/nginx/server.conf;");
    }
    let mut line = |line: &str| {
        let directive = line.split_whitespace().next().unwrap_or_default();
        if !is_set(snippets, directive) {
            text.push_str(line);
            text.push_str(";\n");
        }
    };
    line("server_name localhost");
    line("fastcgi_temp_path /tmp/nginx_fastcgi 1 2");
    line("client_body_temp_path /tmp/nginx_client_body 1 2");
    line("proxy_temp_path /tmp/nginx_proxy 1 2");
    line("real_ip_header x-forwarded-for");
    line("real_ip_recursive on");
    for network in &site.trusted_proxies {
        let _ = writeln!(text, "set_real_ip_from {network};");
    }
    if site.https_redirect && !has(snippets, "$redirect_to_https") {
        text.push_str(
            "if ($redirect_to_https = yes) {\n    \
             return 301 https://$http_host$request_uri;\n}\n",
        );
    }
    text
}

/// `classic` is what has locations for all that ours are for; in other snippets they only come
/// after ours.
fn locations(site: &Site, snippets: &[Snippet], classic: &[Snippet], text: &mut String) {
    let fallback = match &site.front_controller {
        Some(script) => format!("/{script}$is_args$args"),
        None => "=404".to_owned(),
    };
    if site.front_controller.is_some() && !is_set(snippets, "try_files") {
        // Not a `location /`, which apps have in their own snippets.
        let _ = writeln!(text, "try_files $uri $uri/ {fallback};");
    }
    if !has(classic, "location ^~ /.well-known/") {
        let _ = writeln!(text, "location ^~ /.well-known/ {{\n    try_files $uri {fallback};\n}}");
    }
    text.push_str(
        "location ~ /\\. {\n    deny all;\n    access_log off;\n    log_not_found off;\n}\n",
    );
    for path in &site.denied {
        match path.strip_suffix('/') {
            Some(_) => {
                let _ = writeln!(text, "location ^~ /{path} {{\n    deny all;\n}}");
            }
            None => {
                let _ = writeln!(text, "location = /{path} {{\n    deny all;\n}}");
            }
        }
    }
    if let Some(expires) = &site.static_expires {
        let _ = writeln!(
            text,
            "location ~* \\.({STATIC})$ {{\n    expires {expires};\n    \
             try_files $uri {fallback};\n}}"
        );
    }
    if !has(classic, "fastcgi_pass") {
        text.push_str(PHP);
    }
}

/// File name extensions of what is never made by PHP, unless there is no such file.
const STATIC: &str = "avif|css|gif|ico|jpe?g|js|mjs|png|svg|webp|woff2?";

/// A script must exist, so that `/upload.jpg/x.php` runs nothing.
const PHP: &str = "\
location ~* \\.php(/|$) {
    fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
    set $path_info $fastcgi_path_info;
    try_files $fastcgi_script_name =404;
    fastcgi_param QUERY_STRING $query_string;
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param CONTENT_TYPE $content_type;
    fastcgi_param CONTENT_LENGTH $content_length;
    fastcgi_param SCRIPT_NAME $fastcgi_script_name;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_param PATH_INFO $path_info if_not_empty;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param DOCUMENT_URI $document_uri;
    fastcgi_param DOCUMENT_ROOT $document_root;
    fastcgi_param SERVER_PROTOCOL $server_protocol;
    fastcgi_param REQUEST_SCHEME $scheme;
    fastcgi_param HTTPS $php_https if_not_empty;
    fastcgi_param GATEWAY_INTERFACE CGI/1.1;
    fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
    fastcgi_param REMOTE_ADDR $remote_addr;
    fastcgi_param REMOTE_PORT $remote_port;
    fastcgi_param SERVER_ADDR $server_addr;
    fastcgi_param SERVER_PORT $server_port;
    fastcgi_param SERVER_NAME $host;
    fastcgi_param REDIRECT_STATUS 200;
    # A client must not set the proxy of the app's own requests.
    fastcgi_param HTTP_PROXY '';
    fastcgi_pass php_fpm;
}
";

/// Whether a snippet has the directive, at whatever place: then ours would be the second.
fn is_set(snippets: &[Snippet], directive: &str) -> bool {
    let lines = snippets.iter().flat_map(|snippet| snippet.text.lines());
    lines.map(str::trim_start).any(|line| {
        line.strip_prefix(directive)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    })
}

/// Whether a snippet has a text at all.
fn has(snippets: &[Snippet], text: &str) -> bool {
    snippets.iter().any(|snippet| snippet.text.contains(text))
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut indented, line| {
        let _ = writeln!(indented, "    {line}");
        indented
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn snippet(text: &str) -> Vec<Snippet> {
        vec![Snippet { path: ".nginx.conf.d/x".to_owned(), text: text.to_owned() }]
    }

    #[test]
    fn what_a_snippet_sets_is_left_to_it() {
        let snippets = Snippets {
            nginx_http: snippet("gzip off;\n"),
            nginx_server: snippet("  try_files $uri /app.php;\n"),
            ..Snippets::default()
        };
        let site = Site { front_controller: Some("index.php".to_owned()), ..Site::default() };
        let text = config(&site, &snippets);
        assert!(!text.contains("gzip on") && text.contains("gzip_types"), "{text}");
        assert!(!text.contains("try_files $uri $uri/"), "{text}");
        assert!(text.contains("include .nginx.conf.d/*-server.conf;"), "{text}");
    }

    #[test]
    fn the_root_of_an_app_hides_what_belongs_to_development() {
        let site =
            Site { denied: crate::site::denied("", "vendor", "vendor/bin"), ..Site::default() };
        let mut text = String::new();
        locations(&site, &[], &[], &mut text);
        assert_snapshot!(text.lines().skip(8).take(6).collect::<Vec<_>>().join("\n"), @"
        location = /composer.json {
            deny all;
        }
        location = /composer.lock {
            deny all;
        }
        ");
    }
}
