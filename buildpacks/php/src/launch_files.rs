//! The parts of the servers' configurations that depend on the container.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use kouti_launch::Env;
use kouti_launch::binding::{Bindings, EntryFile};
use kouti_report::Problem;

use crate::run_dir::write;
use crate::{ini_values, launch_settings, names};

/// Writes what nginx includes.
pub(crate) fn nginx(env: &Env, run_dir: &Path, fpm: &str, port: u16) -> Result<(), Problem> {
    let dir = run_dir.join("nginx");
    let size = ini_values::effective(env, "post_max_size").unwrap_or_else(|| "8M".to_owned());
    let seconds = |name: &str| launch_settings::number(env, name);
    let timeout = seconds("BPL_PHP_FPM_REQUEST_TIMEOUT").map(|time| time + 5);
    let log = match launch_settings::log_format(env).as_str() {
        "off" => "access_log off;\n".to_owned(),
        format => format!("access_log /dev/stdout {format};\n"),
    };
    let keepalive = seconds("BPL_PHP_KEEPALIVE").unwrap_or(65);
    for (file, text) in [
        ("server", nginx_server(env, port)?),
        ("upstream", format!("server unix:{fpm};\n")),
        ("body", format!("client_max_body_size {};\n", size.to_ascii_lowercase())),
        ("keepalive", format!("keepalive_timeout {keepalive};\n")),
        (
            "timeout",
            timeout.map(|time| format!("fastcgi_read_timeout {time};\n")).unwrap_or_default(),
        ),
        ("log", log),
    ] {
        write(&dir.join(format!("{file}.conf")), &text)?;
    }
    Ok(())
}

fn nginx_server(env: &Env, port: u16) -> Result<String, Problem> {
    let tls = env.given(names::TLS).is_some();
    let kind = if tls { "ssl default_server" } else { "default_server" };
    let mut text = format!("listen {port} {kind};\n");
    if has_ipv6() {
        let _ = writeln!(text, "listen [::]:{port} {kind};");
    }
    if tls {
        text.push_str(&certificate(env)?);
    }
    if launch_settings::is_on(env, "BPL_PHP_FPM_STATUS") {
        for path in [STATUS, PING] {
            let _ = writeln!(
                text,
                "location = {path} {{\n    allow 127.0.0.1;\n    allow ::1;\n    deny all;\n    \
                 access_log off;\n    fastcgi_param SCRIPT_NAME {path};\n    \
                 fastcgi_param SCRIPT_FILENAME {path};\n    fastcgi_param REQUEST_METHOD GET;\n    \
                 fastcgi_param QUERY_STRING $query_string;\n    fastcgi_pass php_fpm;\n}}"
            );
        }
    }
    Ok(text)
}

/// Pages of PHP-FPM about itself.
const STATUS: &str = "/-/fpm-status";
const PING: &str = "/-/fpm-ping";

/// From a binding of type `tls`; without one, a snippet of the app has to have it.
fn certificate(env: &Env) -> Result<String, Problem> {
    let bindings = Bindings::for_launch(env.as_map())?;
    let Some(binding) = bindings.exactly_one("tls")? else { return Ok(String::new()) };
    let mut text = String::new();
    for (directive, keys) in [
        ("ssl_certificate", ["tls.crt", "cert.pem"]),
        ("ssl_certificate_key", ["tls.key", "key.pem"]),
    ] {
        let key = if binding.get(keys[0]).is_some() { keys[0] } else { keys[1] };
        binding.require(key)?;
        if let Some(file) = binding.file(key)?.map(EntryFile::keep) {
            let _ = writeln!(text, "{directive} {};", file.display());
        }
    }
    Ok(text)
}

/// Writes what httpd includes.
pub(crate) fn httpd(env: &Env, run_dir: &Path) -> io::Result<()> {
    let mut text = String::new();
    let seconds = |name: &str| launch_settings::number(env, name);
    let _ = writeln!(text, "KeepAliveTimeout {}", seconds("BPL_PHP_KEEPALIVE").unwrap_or(5));
    if let Some(time) = seconds("BPL_PHP_FPM_REQUEST_TIMEOUT") {
        let _ = writeln!(text, "ProxyTimeout {}", time + 5);
        // Who may work for longer may also upload for longer.
        let body = (time + 5).max(20);
        let _ =
            writeln!(text, "RequestReadTimeout header=20-40,MinRate=500 body={body},MinRate=500");
    }
    let format = launch_settings::log_format(env);
    if format != "off" {
        let _ = writeln!(text, "CustomLog /proc/self/fd/1 {format}");
    }
    if launch_settings::is_on(env, "BPL_PHP_FPM_STATUS") {
        for path in [STATUS, PING] {
            let _ = writeln!(
                text,
                "<Location \"{path}\">\n    Require local\n    \
                 SetHandler \"proxy:fcgi://127.0.0.1:9000\"\n</Location>"
            );
        }
    }
    write(&run_dir.join("httpd/launch.conf"), &text)
}

/// Where the kernel has none, nginx does not start with an address of it.
pub(crate) fn has_ipv6() -> bool {
    fs_err::read_to_string("/proc/net/if_inet6").is_ok_and(|text| !text.trim().is_empty())
}
