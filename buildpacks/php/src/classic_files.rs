//! Configuration files for Cloud Foundry's classic buildpack.
//!
//! There they are laid over defaults of the same names, and name places by placeholders. Here they
//! join the generated configuration, in which what they say is left out.

use std::fmt::Write as _;
use std::path::Path;

use kouti::{Env, Problem};

use crate::cloud_foundry::{FPM_DIR, INI_DIR};

pub(crate) const NGINX_DIR: &str = ".bp-config/nginx";
pub(crate) const HTTPD_DIR: &str = ".bp-config/httpd/extra";

/// Files of nginx that belong outside of `http`, into it, and into `server`.
pub(crate) const NGINX_MAIN: [&str; 2] = ["nginx-defaults.conf", "nginx-workers.conf"];
pub(crate) const NGINX_HTTP: [&str; 3] =
    ["http-defaults.conf", "http-logging.conf", "http-php.conf"];
pub(crate) const NGINX_SERVER: [&str; 2] = ["server-defaults.conf", "server-locations.conf"];

/// Files of httpd, in the order in which they are included.
pub(crate) const HTTPD: [&str; 9] = [
    "httpd-modules.conf",
    "httpd-directories.conf",
    "httpd-mime.conf",
    "httpd-deflate.conf",
    "httpd-logging.conf",
    "httpd-mpm.conf",
    "httpd-default.conf",
    "httpd-remoteip.conf",
    "httpd-php.conf",
];

/// Who reads a file: each has variables of its own.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Reader {
    Php,
    Nginx,
    Httpd,
}

/// Replaces placeholders in the files of an app, which is the copy of this build.
pub(crate) fn fill_in(app_dir: &Path, env: &Env) -> Result<(), Problem> {
    for (dir, reader) in [
        (INI_DIR, Reader::Php),
        (FPM_DIR, Reader::Php),
        (HTTPD_DIR, Reader::Httpd),
        (NGINX_DIR, Reader::Nginx),
    ] {
        let dir = app_dir.join(dir);
        if !dir.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(&dir)? {
            let path = entry?.path();
            let Some(text) = text_of(&path)? else { continue };
            let filled = filled(&text, reader, env);
            let filled = match reader {
                Reader::Nginx => with_includes(&filled, &dir, NGINX_DIR),
                Reader::Httpd => with_modules_once(&filled),
                Reader::Php => filled,
            };
            if filled != text {
                fs_err::write(&path, filled)?;
            }
        }
    }
    Ok(())
}

/// What a file says; nothing for a directory, or what is no text and so has no placeholders.
fn text_of(path: &Path) -> std::io::Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    Ok(String::from_utf8(fs_err::read(path)?).ok())
}

fn filled(text: &str, reader: Reader, env: &Env) -> String {
    let home = if reader == Reader::Nginx { r#"{{env "APP_ROOT"}}"# } else { "${APP_ROOT}" };
    let temp = if reader == Reader::Nginx { "{{tempDir}}" } else { "/tmp" };
    let listen = match reader {
        Reader::Php => "${KOUTI_FPM_LISTEN}",
        Reader::Nginx => "/tmp/php-fpm.socket",
        Reader::Httpd => "127.0.0.1:9000",
    };
    let set = |name: &str, default: &str| env.given(name).unwrap_or(default).to_owned();
    let values = [
        ("WEBDIR", set("BP_PHP_WEB_DIR", ".")),
        ("LIBDIR", set("BP_PHP_LIB_DIR", "lib")),
        ("ADMIN_EMAIL", set("BP_PHP_SERVER_ADMIN", "admin@localhost")),
        ("PHP_FPM_LISTEN", listen.to_owned()),
        ("TMPDIR", temp.to_owned()),
        ("HOME", home.to_owned()),
    ];
    let mut text = text.to_owned();
    for mark in ['@', '#'] {
        // Where the classic buildpack has the files of nginx, and what nginx writes.
        let nginx = format!("{mark}{{HOME}}/nginx");
        text = text.replace(&format!("{nginx}/conf/"), "");
        text = text.replace(&format!("{nginx}/logs"), temp);
        for (name, value) in &values {
            text = text.replace(&format!("{mark}{{{name}}}"), value);
        }
    }
    text = text.replace("${HOME}", home);
    match reader {
        Reader::Php => text,
        Reader::Httpd => text.replace("${TMPDIR}", temp),
        Reader::Nginx => text.replace("${TMPDIR}", temp).replace("${PORT}", "{{port}}"),
    }
}

/// Copies the files of nginx to where nginx itself can read them: in a build nobody renders
/// templates, or adds what every nginx has.
pub(crate) fn for_check(app_dir: &Path, to: &Path) -> Result<(), Problem> {
    let (from, shown) = (app_dir.join(NGINX_DIR), to.to_string_lossy());
    fs_err::create_dir_all(to)?;
    fs_err::write(to.join("mime.types"), kouti_web::MIME_TYPES)?;
    fs_err::write(to.join("fastcgi_params"), kouti_web::FASTCGI_PARAMS)?;
    let entries = if from.is_dir() { Some(fs_err::read_dir(from)?) } else { None };
    let mut texts = Vec::new();
    for entry in entries.into_iter().flatten() {
        let entry = entry?;
        if let Some(text) = text_of(&entry.path())? {
            let text = text
                .replace(r#"{{env "APP_ROOT"}}"#, &app_dir.to_string_lossy())
                .replace("{{tempDir}}", &shown)
                .replace("{{port}}", "8080")
                .replace(&format!("{NGINX_DIR}/"), &format!("{shown}/"));
            fs_err::write(to.join(entry.file_name()), &text)?;
            texts.push((to.join(entry.file_name()), text));
        }
    }
    for (path, text) in texts {
        fs_err::write(path, with_includes(&text, to, &shown))?;
    }
    Ok(())
}

/// nginx looks for included files beside its main file, which is not where these are.
fn with_includes(text: &str, dir: &Path, shown: &str) -> String {
    lines(text, |line| {
        let rest = line.trim_start().strip_prefix("include")?;
        let name = rest.trim().strip_suffix(';')?.trim().trim_matches(['"', '\'']);
        let is_relative = rest.starts_with(char::is_whitespace) && !name.starts_with('/');
        let is_ours = is_relative && dir.join(name).is_file();
        is_ours.then(|| line.replacen(name, &format!("{shown}/{name}"), 1))
    })
}

/// Some modules are loaded already, or are a part of the program.
fn with_modules_once(text: &str) -> String {
    lines(text, |line| {
        let mut words = line.split_whitespace();
        let is_module = words.next()?.eq_ignore_ascii_case("LoadModule");
        let name = words.next()?;
        is_module.then(|| format!("<IfModule !{name}>\n{line}\n</IfModule>"))
    })
}

fn lines(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    text.lines().fold(String::new(), |mut changed, line| {
        let _ = writeln!(changed, "{}", change(line).as_deref().unwrap_or(line));
        changed
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn placeholders_become_what_the_reader_knows() {
        let mut env = Env::default();
        env.set_default("BP_PHP_WEB_DIR", "htdocs");
        let text = "a @{HOME}/#{WEBDIR} ${HOME} @{LIBDIR} @{TMPDIR} @{PHP_FPM_LISTEN} @{OTHER}";
        assert_snapshot!(filled(text, Reader::Php, &env), @"a ${APP_ROOT}/htdocs ${APP_ROOT} lib /tmp ${KOUTI_FPM_LISTEN} @{OTHER}");
        assert_snapshot!(filled(text, Reader::Httpd, &env), @"a ${APP_ROOT}/htdocs ${APP_ROOT} lib /tmp 127.0.0.1:9000 @{OTHER}");
        assert_snapshot!(filled(&format!("{text} ${{PORT}}"), Reader::Nginx, &env), @r#"a {{env "APP_ROOT"}}/htdocs {{env "APP_ROOT"}} lib {{tempDir}} /tmp/php-fpm.socket @{OTHER} {{port}}"#);
    }

    #[test]
    fn files_beside_an_nginx_file_are_found() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("own.conf"), "").unwrap();
        let text = "    include own.conf;\ninclude mime.types;\nincluded own.conf;\n";
        let expected = text.replacen("own", ".bp-config/nginx/own", 1);
        assert_eq!(with_includes(text, dir.path(), NGINX_DIR), expected);
    }

    #[test]
    fn no_module_is_loaded_twice() {
        assert_snapshot!(with_modules_once("Listen 1\nLoadModule a_module modules/mod_a.so\n"), @"
        Listen 1
        <IfModule !a_module>
        LoadModule a_module modules/mod_a.so
        </IfModule>
        ");
    }
}
