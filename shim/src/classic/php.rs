//! The PHP buildpack's `.bp-config/options.json`. Its other files are below `.bp-config` too; they are named to the user.

use std::path::Path;

use kouti_launch::Env;
use kouti_report::Problem;
use serde_json::{Map, Value};

use super::{Classic, unreadable};
use crate::words;

const FILE: &str = ".bp-config/options.json";

/// What had a meaning for the old buildpack's own doings only.
const MEANINGLESS: [&str; 3] = ["STACK", "PHP_VM", "PHP_DEFAULT"];

/// Names of parts that are no extensions.
const PARTS: [&str; 4] = ["fpm", "cli", "cgi", "pear"];

/// Parts of names by which the old buildpack knew where sessions are kept, and the variables that name others.
const SESSIONS: [(&str, &str, &str); 2] = [
    ("REDIS_SESSION_STORE_SERVICE_NAME", "redis-sessions", "php-redis-session"),
    ("MEMCACHED_SESSION_STORE_SERVICE_NAME", "memcached-sessions", "php-memcached-session"),
];

pub(super) fn session_store(env: &Env, name: &str) -> Option<&'static str> {
    let is_it = |(variable, usual, _): &&(&str, &str, &str)| {
        name.contains(env.given(variable).unwrap_or(usual))
    };
    SESSIONS.iter().find(is_it).map(|(_, _, kind)| *kind)
}

pub(super) fn read(env: &Env, app_dir: &Path, classic: &mut Classic) -> Result<(), Problem> {
    let dir = app_dir.join(".bp-config");
    if !dir.is_dir() {
        return Ok(());
    }
    for name in ["httpd", "nginx", "php/php.ini", "php/php-fpm.conf"] {
        if dir.join(name).exists() {
            classic.unknown.push(format!(".bp-config/{name}"));
        }
    }
    // Without a word the old buildpack took httpd.
    classic.add("BP_PHP_SERVER", "httpd", ".bp-config");
    let file = dir.join("options.json");
    if file.is_file() {
        let options: Value =
            serde_json::from_str(&fs_err::read_to_string(file)?).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                unreadable(FILE, &format!("no JSON at line {line}, column {column}"))
            })?;
        let Value::Object(options) = options else {
            return Err(unreadable(FILE, "it is no JSON object"));
        };
        options_of(&options, app_dir, classic)?;
    }
    if let Some(dir) = env.given("WEBDIR") {
        classic.add("BP_PHP_WEB_DIR", dir, "WEBDIR");
    }
    Ok(())
}

fn options_of(
    options: &Map<String, Value>,
    app_dir: &Path,
    classic: &mut Classic,
) -> Result<(), Problem> {
    let mut extensions: Vec<String> = Vec::new();
    for (key, value) in options {
        let origin = format!("{FILE}: {key}");
        let text =
            || value.as_str().ok_or_else(|| unreadable(FILE, &format!("{key} is not a text")));
        match key.as_str() {
            // Composer's files say better what the app needs.
            "PHP_VERSION" if app_dir.join("composer.json").is_file() => {}
            "PHP_VERSION" => classic.add("BP_PHP_VERSION", version(text()?), origin),
            "WEB_SERVER" => classic.add("BP_PHP_SERVER", text()?, origin),
            // The old buildpack made the directory; here the app is served from where it is.
            "WEBDIR" if !app_dir.join(text()?).is_dir() => {}
            "WEBDIR" => classic.add("BP_PHP_WEB_DIR", text()?, origin),
            "LIBDIR" => classic.add("BP_PHP_LIB_DIR", text()?, origin),
            "ADMIN_EMAIL" => classic.add("BP_PHP_SERVER_ADMIN", text()?, origin),
            "COMPOSER_VENDOR_DIR" => classic.add("COMPOSER_VENDOR_DIR", text()?, origin),
            "COMPOSER_VERSION" if text()? == "latest" => {}
            "COMPOSER_VERSION" => classic.add("BP_COMPOSER_VERSION", text()?, origin),
            "COMPOSER_INSTALL_OPTIONS" => {
                classic.add("BP_COMPOSER_INSTALL_OPTIONS", quoted(&texts(key, value)?), origin);
            }
            "COMPOSER_INSTALL_GLOBAL" => {
                classic.add("BP_COMPOSER_INSTALL_GLOBAL", quoted(&texts(key, value)?), origin);
            }
            "PHP_EXTENSIONS" | "ZEND_EXTENSIONS" | "PHP_MODULES" => {
                extensions.extend(texts(key, value)?);
            }
            "ADDITIONAL_PREPROCESS_CMDS" => {
                classic.add("BP_PHP_PRE_START", commands(key, value)?, origin);
            }
            key if MEANINGLESS.contains(&key) || key.ends_with("_STRIP") => {}
            _ => classic.unknown.push(origin),
        }
    }
    extensions.retain(|name| !PARTS.contains(&name.as_str()));
    if !extensions.is_empty() {
        classic.add("BP_PHP_EXTENSIONS", extensions.join(" "), format!("{FILE}: PHP_EXTENSIONS"));
    }
    Ok(())
}

/// `{PHP_83_LATEST}` is the newest 8.3.
fn version(text: &str) -> String {
    let digits = text.strip_prefix("{PHP_").and_then(|rest| rest.strip_suffix("_LATEST}"));
    match digits.and_then(|digits| digits.split_at_checked(1)) {
        Some((major, minor)) => format!("{major}.{minor}.*"),
        None => text.to_owned(),
    }
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|word| words::quoted(word)).collect::<Vec<_>>().join(" ")
}

fn texts(key: &str, value: &Value) -> Result<Vec<String>, Problem> {
    let wrong = || unreadable(FILE, &format!("{key} is not a list of texts"));
    let items = value.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// One command, or a list of them, each of them a text or a list of words.
fn commands(key: &str, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(one) => Ok(one.clone()),
        Value::Array(items) => {
            let lines = items.iter().map(|item| match item {
                Value::String(line) => Ok(line.clone()),
                words => Ok(texts(key, words)?.join(" ")),
            });
            Ok(lines.collect::<Result<Vec<_>, Problem>>()?.join("\n"))
        }
        _ => Err(unreadable(FILE, &format!("{key} is neither a command nor a list of them"))),
    }
}
