//! `php.ini` and the files that are scanned after it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use kouti::sha256;

use crate::cloud_foundry::INI_DIR;
use crate::extensions::Extensions;

/// Generated files, by their paths within a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ConfigFiles {
    files: BTreeMap<&'static str, String>,
    /// Directories of the app that are scanned after ours.
    own_dirs: Vec<&'static str>,
}

impl ConfigFiles {
    pub(crate) fn add(&mut self, path: &'static str, text: String) {
        self.files.insert(path, text);
    }

    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        for (path, text) in &self.files {
            let path = dir.join(path);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent)?;
            }
            fs_err::write(path, text)?;
        }
        Ok(())
    }

    /// The directories to scan after `php.ini`: ours, then the app's.
    pub(crate) fn scan_dirs(&self, config_dir: &Path, app_dir: &Path) -> String {
        let own = self.own_dirs.iter().map(|dir| app_dir.join(dir));
        let dirs = std::iter::once(config_dir.join("conf.d")).chain(own);
        dirs.map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(":")
    }

    /// The digest of every file, by its path.
    pub(crate) fn digests(&self) -> BTreeMap<&'static str, String> {
        self.files.iter().map(|(path, text)| (*path, sha256(text))).collect()
    }
}

/// What differs from app to app.
pub(crate) struct IniWishes<'a> {
    pub(crate) lib_dir: &'a str,
    /// Whether PHP looks for changed files on every request.
    pub(crate) watches_files: bool,
    pub(crate) extensions: &'a Extensions,
    /// Whether directories of Cloud Foundry's classic buildpack count.
    pub(crate) is_classic: bool,
}

/// What PHP's own `php.ini-production` says otherwise than PHP itself. Only directives that every
/// line from 8.2 on knows.
const PRODUCTION: &str = "\
; Written by kouti/php. Change it with files in .php.ini.d, or with BPL_PHP_INI.
[PHP]
display_errors = Off
display_startup_errors = Off
enable_dl = Off
error_reporting = E_ALL & ~E_DEPRECATED
log_errors = On
max_input_time = 60
output_buffering = 4096
register_argc_argv = Off
request_order = GP
short_open_tag = Off
session.gc_divisor = 1000
zend.assertions = -1
zend.exception_ignore_args = On
zend.exception_string_param_max_len = 0
";

/// All files, for PHP in the image and in the build.
pub(crate) fn files(wishes: &IniWishes<'_>) -> ConfigFiles {
    let mut files = ConfigFiles::default();
    files.own_dirs.push(".php.ini.d");
    if wishes.is_classic {
        files.own_dirs.push(INI_DIR);
    }
    files.add("etc/php.ini", PRODUCTION.to_owned());
    files.add("conf.d/00-kouti.ini", kouti(wishes));
    files.add("conf.d/10-zend.ini", load("zend_extension", &wishes.extensions.zend));
    files.add("conf.d/20-extensions.ini", load("extension", &wishes.extensions.plain));
    files
}

fn kouti(wishes: &IniWishes<'_>) -> String {
    let include = format!(".:${{PHP_HOME}}/lib/php:${{APP_ROOT}}/{}", wishes.lib_dir);
    let watches = if wishes.watches_files { "1\nopcache.revalidate_freq = 0" } else { "0" };
    format!(
        "extension_dir = \"${{PHP_EXTENSION_DIR}}\"\n\
         include_path = \"{}\"\n\
         expose_php = Off\n\
         date.timezone = UTC\n\
         ; Apps look for their variables in $_ENV.\n\
         variables_order = EGPCS\n\
         realpath_cache_size = 4096K\n\
         realpath_cache_ttl = 600\n\
         user_ini.cache_ttl = 86400\n\
         ; Nothing else may be writable.\n\
         sys_temp_dir = /tmp\n\
         upload_tmp_dir = /tmp\n\
         ; libcurl looks at no variable. Where this one is not set, it has its own authorities.\n\
         curl.cainfo = \"${{CURL_CA_BUNDLE}}\"\n\
         session.save_path = /tmp\n\
         session.name = PHPSESSID\n\
         session.cookie_httponly = On\n\
         session.use_strict_mode = 1\n\
         opcache.enable = 1\n\
         opcache.enable_cli = 0\n\
         opcache.memory_consumption = 128\n\
         opcache.interned_strings_buffer = 16\n\
         opcache.max_accelerated_files = 20000\n\
         opcache.validate_timestamps = {watches}\n",
        include.replace(['"', '\n'], "")
    )
}

fn load(directive: &str, names: &[String]) -> String {
    names.iter().fold(String::new(), |mut text, name| {
        let _ = writeln!(text, "{directive} = {name}");
        text
    })
}
