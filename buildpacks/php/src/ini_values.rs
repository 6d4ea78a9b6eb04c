//! What a directive of `php.ini` will be, as far as files say it.
//!
//! Asking PHP would take longer than starting it.

use std::path::{Path, PathBuf};

use kouti_launch::Env;

/// The value of `directive` for PHP-FPM: of all that set it, the last one.
pub(crate) fn effective(env: &Env, directive: &str) -> Option<String> {
    let app_dir = PathBuf::from(env.given("APP_ROOT").unwrap_or("."));
    let ini = Path::new(env.given("PHPRC").unwrap_or_default()).join("php.ini");
    let mut value = last_in(&ini, |line| assigned(line, directive));
    for dir in env.given("PHP_INI_SCAN_DIR").unwrap_or_default().split(':') {
        for file in files(Path::new(dir), "ini") {
            value = last_in(&file, |line| assigned(line, directive)).or(value);
        }
    }
    let pool = |keyword: &str| {
        let name = format!("{keyword}[{directive}]");
        let files = [".php.fpm.bp", ".php.fpm.d"].map(|dir| files(&app_dir.join(dir), "conf"));
        files
            .into_iter()
            .flatten()
            .filter_map(|file| last_in(&file, |line| assigned(line, &name)))
            .next_back()
    };
    value = pool("php_value").or(value);
    let web_dir = app_dir.join(env.given(crate::names::WEB_DIR).unwrap_or_default());
    value = last_in(&web_dir.join(".user.ini"), |line| assigned(line, directive)).or(value);
    pool("php_admin_value").or(value)
}

/// A size as PHP writes it: `128M`, `1G`, bytes; nothing below one means no limit.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    if text.trim_start().starts_with('-') || text.trim() == "0" {
        return None;
    }
    kouti_launch::memory::parse_size(text, 1)
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

fn last_in(file: &Path, find: impl Fn(&str) -> Option<String>) -> Option<String> {
    let text = fs_err::read(file).ok()?;
    String::from_utf8_lossy(&text).lines().filter_map(find).next_back()
}

fn assigned(line: &str, directive: &str) -> Option<String> {
    let (name, value) = line.split(';').next()?.split_once('=')?;
    let value = value.trim().trim_matches(['"', '\'']);
    (name.trim() == directive && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_file_that_sets_it_counts() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        let path = |below: &str| dir.path().join(below).display().to_string();
        let env: Env = [
            ("APP_ROOT", path("app")),
            ("PHPRC", path("etc")),
            ("PHP_INI_SCAN_DIR", format!("{}:{}", path("a"), path("b"))),
            (crate::names::WEB_DIR, "public".to_owned()),
        ]
        .into_iter()
        .collect();
        let limit = || effective(&env, "memory_limit");
        assert_eq!(limit(), None);
        write("etc/php.ini", "memory_limit = 128M ; usual\n");
        assert_eq!(limit().as_deref(), Some("128M"));
        write("b/1.ini", "memory_limit=1G\n");
        write("a/2.ini", "memory_limit=2G\n");
        assert_eq!(limit().as_deref(), Some("1G"));
        write("app/.php.fpm.d/x.conf", "php_admin_value[memory_limit] = 64M\n");
        write("app/public/.user.ini", "memory_limit = 3G\n");
        assert_eq!(limit().as_deref(), Some("64M"));
    }

    #[test]
    fn sizes_are_those_of_php() {
        assert_eq!(bytes("128M"), Some(128 << 20));
        assert_eq!(bytes("1000"), Some(1000));
        assert_eq!(bytes("-1"), None);
    }
}
