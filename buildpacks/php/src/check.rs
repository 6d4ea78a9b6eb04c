//! Lets PHP, PHP-FPM and the web server read what they will read in the image, so that a slip in a
//! file of the app fails the build and not the container.

use std::fmt::Write as _;
use std::path::Path;

use kouti::{
    BuildContext, Command, CommandFailed, Env, Explain, Fault, LayerEnv, Log, Notice, Problem,
    find_on_path,
};
use kouti_php::{RUN_DIR, names, start};

use crate::classic_files::{self, NGINX_DIR};
use crate::recipe::Recipe;
use crate::server::ServerName;
use crate::{fpm, httpd};

/// What is checked, and with which variables.
pub(crate) struct Check<'a> {
    pub(crate) context: &'a BuildContext,
    pub(crate) recipe: &'a Recipe,
    /// The generated configuration of nginx.
    pub(crate) nginx: Option<&'a str>,
    /// Variables of the image that mean something only in a container.
    pub(crate) unknown: &'a [&'static str],
    /// Names of files whose text depends on variables of the container.
    pub(crate) open: &'a [String],
    pub(crate) layer: LayerEnv,
    pub(crate) env: Env,
}

/// What is missing in a build, and may be there when the container starts.
const UNKNOWABLE: [&str; 7] = [
    "error[no-template-value]",
    "host not found",
    "cannot load certificate",
    "BIO_new_file() failed",
    "SSL_CTX_",
    "SSLCertificateFile: file",
    "SSLCertificateKeyFile: file",
];

/// Beside the real file for the time of the check, because of relative paths in it.
const CHECKED: &str = ".nginx.kouti-check.conf";

impl Check<'_> {
    pub(crate) fn run(mut self, log: &mut Log) -> Result<(), Problem> {
        self.php(log)?;
        // Stands in for the directory that the supervisor fills when a container starts.
        let run_dir = tempfile::tempdir()?;
        self.env.set(names::RUN_DIR, run_dir.path());
        let config = self.context.layers.path("php-build").join("config");
        for (file, value) in self.layer.files() {
            if let Some(name) = file
                .strip_prefix("env.launch/")
                .and_then(|file| file.strip_suffix(".default"))
                .filter(|name| *name != "PHPRC" && !self.unknown.contains(name))
            {
                self.env.set_default(name, value);
            }
        }
        self.env.set("PHP_FPM_PATH", config.join(fpm::FILE));
        if self.recipe.server == ServerName::Httpd && self.recipe.server_conf.is_none() {
            self.env.set("PHP_HTTPD_PATH", config.join(httpd::FILE));
        }
        let checked = self.context.app_dir.join(CHECKED);
        let classic = run_dir.path().join("classic");
        if let Some(text) = self.nginx {
            classic_files::for_check(&self.context.app_dir, &classic)?;
            let here = run_dir.path().to_string_lossy();
            let http = format!("http {{\n{}", self.optional_directives(&here));
            let text = text.replace(RUN_DIR, &here).replacen("http {\n", &http, 1);
            let text = text.replace(NGINX_DIR, &classic.to_string_lossy());
            fs_err::write(&checked, text)?;
            self.env.set("PHP_NGINX_PATH", &checked);
        }
        let env = kouti_launch::Env::from_iter(self.env.text_map());
        let checks = start::checks(&env, run_dir.path())?;
        let result = checks.iter().try_for_each(|check| self.server(log, check, &classic));
        if self.nginx.is_some() {
            fs_err::remove_file(&checked)?;
        }
        result
    }

    /// At launch, the provider of nginx adds those that its nginx needs, and here nobody does.
    fn optional_directives(&self, dir: &str) -> String {
        let version = Command::new("sh", &self.context.app_dir, &self.env)
            .args(["-c", "exec nginx -V 2>&1"])
            .output()
            .unwrap_or_default();
        let has = |module: &&&str| {
            version.contains("configure arguments")
                && !version.contains(&format!("--without-http_{module}_module"))
        };
        let mut text = String::new();
        for module in ["scgi", "uwsgi"].iter().filter(has) {
            let _ = writeln!(text, "    {module}_temp_path {dir}/{module};");
        }
        text
    }

    /// Every extension has to load.
    fn php(&self, _: &mut Log) -> Result<(), Problem> {
        let output = Command::new("sh", &self.context.app_dir, &self.env)
            .args([
                "-c",
                "exec php -d display_errors=stderr -d error_reporting=-1 -m 2>&1 >/dev/null",
            ])
            .output()?;
        let complaint = output.lines().map(str::trim).find(|line| fails_to_load(line));
        match complaint {
            Some(line) => Err(DoesNotLoad::of(line).into()),
            None => Ok(()),
        }
    }

    /// A program that a foreign provider has not put there cannot be asked.
    fn server(&self, log: &mut Log, check: &start::Check, classic: &Path) -> Result<(), Problem> {
        let path = self.env.get_os("PATH").unwrap_or_default();
        if find_on_path(check.program.as_ref(), path).is_none() {
            return Ok(());
        }
        let env = check.variables.iter().fold(self.env.clone(), |mut env, (name, value)| {
            env.set(name, value);
            env
        });
        let command = self.context.command(check.program, &self.context.app_dir, &env);
        match command.args(&check.args).output() {
            Ok(_) => Ok(()),
            Err(CommandFailed::Status { tail, command, .. }) => {
                log.step(&format!("Running {command}"));
                for line in &tail {
                    log.output(line);
                }
                let complaint = in_app(&complaint(&tail), &self.context.app_dir)
                    .replace(&*classic.to_string_lossy(), NGINX_DIR);
                let is_open = self.open.iter().any(|name| complaint.contains(name.as_str()));
                if is_open || UNKNOWABLE.iter().any(|sign| complaint.contains(sign)) {
                    let text =
                        format!("{} cannot check all of it here: {complaint}", check.program);
                    log.warn(Notice::new(text).hint(
                        "this is not an error if it will be there when the container starts",
                    ));
                    return Ok(());
                }
                Err(BadConfiguration { program: check.program, complaint }.into())
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// Whether PHP says of an extension that it does not load.
fn fails_to_load(line: &str) -> bool {
    let signs = ["Unable to load dynamic library", "undefined symbol"];
    let is_zend = line.contains("Failed loading");
    // Countless files of apps load what PHP 8.5 has inside.
    signs.iter().any(|sign| line.contains(sign)) || is_zend && !line.contains("opcache")
}

/// The line that says what is wrong; httpd says only where, and what on the next one.
fn complaint(tail: &[String]) -> String {
    let place = tail.iter().position(|line| is_complaint(line));
    let Some(place) = place.or(tail.len().checked_sub(1)) else { return String::new() };
    match (tail[place].strip_suffix(':'), tail.get(place + 1)) {
        (Some(where_), Some(what)) => format!("{where_}: {what}"),
        _ => without_time(&tail[place]).to_owned(),
    }
}

/// Of nginx's `2026/06/01 10:00:00 [emerg] 7#7: what is wrong` only the end says something.
fn without_time(line: &str) -> &str {
    let Some((_, text)) = line.split_once("[emerg] ") else { return line };
    match text.split_once(": ") {
        Some((process, text)) if process.contains('#') && !process.contains(' ') => text,
        _ => text,
    }
}

fn is_complaint(line: &str) -> bool {
    let signs =
        ["error[", "[emerg]", "ERROR:", "Syntax error", "AH0", "Invalid command", "SSLCertificate"];
    signs.iter().any(|sign| line.contains(sign))
}

/// A message with files of the app as the user knows them. nginx reads copies of those in which
/// there are templates, and sees all others through links.
fn in_app(line: &str, app_dir: &Path) -> String {
    let mut line = line.replace(&format!("{}/", app_dir.display()), "");
    if let Some(copy) = line.find("/kouti-nginx-") {
        let start = line[..copy].rfind([' ', '"']).map_or(0, |before| before + 1);
        let rest = &line[copy..];
        let end = match (rest.find("/tree/"), rest.find("/files/")) {
            (Some(tree), _) => Some(copy + tree + "/tree/".len()),
            // `/files/003-app-server.conf`
            (None, Some(files)) => Some(copy + files + "/files/003-".len()),
            (None, None) => None,
        };
        if let Some(end) = end.filter(|end| line.is_char_boundary(*end)) {
            line.replace_range(start..end, "");
        }
    }
    line
}

/// A server refuses its configuration, usually because of a snippet of the app.
#[derive(Debug, thiserror::Error)]
#[error("{program} refuses its configuration: {complaint}")]
struct BadConfiguration {
    program: &'static str,
    complaint: String,
}

impl Explain for BadConfiguration {
    fn id(&self) -> &'static str {
        "bad-server-configuration"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let dir = match self.program {
            "nginx" => ".nginx.conf.d",
            "httpd" => ".httpd.conf.d",
            _ => ".php.fpm.d",
        };
        vec![format!("correct the file that is named; those of the app are in {dir}")]
    }
}

/// An extension that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("PHP cannot load the extension `{name}`: {reason}")]
struct DoesNotLoad {
    name: String,
    reason: String,
}

impl DoesNotLoad {
    /// From PHP's `Unable to load dynamic library 'x' (tried: … (libz.so.1: cannot open …), …)`.
    fn of(line: &str) -> Self {
        let quoted = line.split('\'').nth(1).unwrap_or_default();
        let file = Path::new(quoted).file_stem().unwrap_or_default().to_string_lossy();
        // What it tried last has the ending that the file has.
        let reason = line.rsplit_once('(').map_or(line, |(_, reason)| reason);
        let reason = reason.split(')').next().unwrap_or(reason);
        Self { name: file.into_owned(), reason: reason.to_owned() }
    }
}

impl Explain for DoesNotLoad {
    fn id(&self) -> &'static str {
        "php-extension-does-not-load"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            format!("leave it out: BP_PHP_EXTENSIONS=-{}, or remove it from .php.ini.d", self.name),
            "if it lacks a library of the system, use a fuller run image".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found() {
        let found =
            |lines: &[&str]| complaint(&lines.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            found(&["x", "2026/06/01 10:00:00 [emerg] 7#7: a: b in c:3", "y"]),
            "a: b in c:3"
        );
        assert_eq!(found(&["nginx: [emerg] a \"b\" in c:3"]), "a \"b\" in c:3");
        assert_eq!(
            found(&["AH00526: Syntax error on line 1 of c:", "what"]),
            "AH00526: Syntax error on line 1 of c: what"
        );
        assert_eq!(found(&["first", "last"]), "last");
        assert_eq!(found(&[]), "");
    }

    #[test]
    fn files_are_called_as_the_user_calls_them() {
        let shown = |line: &str| in_app(line, Path::new("/workspace"));
        assert_eq!(
            shown("nginx: [emerg] x in /workspace/.nginx.conf.d/a-server.conf:3"),
            "nginx: [emerg] x in .nginx.conf.d/a-server.conf:3"
        );
        assert_eq!(
            shown("[emerg] x in /tmp/kouti-nginx-1a2b/tree/.nginx.conf.d/a-server.conf:3"),
            "[emerg] x in .nginx.conf.d/a-server.conf:3"
        );
        assert_eq!(
            shown("[emerg] x in /tmp/kouti-nginx-1a2b/files/003-a-server.conf:3"),
            "[emerg] x in a-server.conf:3"
        );
    }

    #[test]
    fn an_opcache_that_is_inside_already_is_no_failure() {
        for (line, fails) in [
            ("Failed loading Zend extension 'opcache' (tried: /ext/opcache.so)", false),
            ("Failed loading Zend extension 'xdebug' (tried: /ext/xdebug.so (x: no))", true),
            ("PHP Warning:  Module \"zip\" is already loaded in Unknown on line 0", false),
        ] {
            assert_eq!(fails_to_load(line), fails, "{line}");
        }
    }

    #[test]
    fn the_library_that_is_missing_is_named() {
        let line = "PHP Warning:  PHP Startup: Unable to load dynamic library 'gd' (tried: \
                    /ext/gd (/ext/gd: cannot open shared object file: No such file or directory), \
                    /ext/gd.so (libgd.so.3: cannot open shared object file: No such file or \
                    directory)) in Unknown on line 0";
        let error = DoesNotLoad::of(line);
        assert_eq!(error.name, "gd");
        assert_eq!(
            error.reason,
            "libgd.so.3: cannot open shared object file: No such file or directory"
        );
    }
}
