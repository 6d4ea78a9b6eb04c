//! The layer with everything that is generated, checked by the programs that will read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use kouti::{
    BuildContext, Command, CommandFailed, Env, Explain, Fault, Layer, LayerEnv, Layers, Log, Made,
    Problem, Scope, Uses, find_on_path,
};
use kouti_php::{RUN_DIR, names, start};
use serde::Serialize;

use crate::app::App;
use crate::extensions::Extensions;
use crate::ini::{self, ConfigFiles, IniWishes};
use crate::inventory::Inventory;
use crate::recipe::Recipe;
use crate::server::ServerName;
use crate::settings::Settings;
use crate::toolchain::{Key as PhpKey, Toolchain};
use crate::{fpm, httpd, nginx};

const LAYER: &str = "php-config";

/// Everything that is generated.
pub(crate) struct Config {
    /// `php.ini` and what is scanned after it.
    pub(crate) ini: ConfigFiles,
    /// The same, and the files of the servers.
    files: ConfigFiles,
    /// The configuration of nginx: path in the app, and text.
    nginx: Option<(&'static str, String)>,
    /// Snippets of the app, because the check depends on them too.
    snippets: BTreeMap<String, String>,
    /// Variables of the image.
    pre_start: Option<String>,
    extensions: String,
    /// Whether a certificate may only be there when a container starts.
    certificate_is_bound: bool,
}

#[derive(Serialize)]
struct Key {
    php: PhpKey,
    server: &'static str,
    files: BTreeMap<String, String>,
}

impl Config {
    pub(crate) fn assemble(
        app: &App,
        settings: &Settings,
        recipe: &Recipe,
        extensions: &Extensions,
    ) -> Self {
        let ini = ini::files(&IniWishes {
            lib_dir: &settings.lib_dir,
            watches_files: recipe.watches_files,
            extensions,
        });
        let mut files = ini.clone();
        if recipe.server.uses_fpm() {
            files.add(fpm::FILE, fpm::config(&app.dir));
        }
        let mut nginx = None;
        if let (Some(site), None) = (&recipe.site, &recipe.server_conf) {
            match recipe.server {
                ServerName::Httpd => files.add(httpd::FILE, httpd::config(site, &app.snippets)),
                ServerName::Nginx => {
                    let has_own = app.server_confs.iter().any(|path| path == nginx::FILE);
                    let path = if has_own { nginx::OTHER_FILE } else { nginx::FILE };
                    nginx = Some((path, nginx::config(site, &app.snippets)));
                }
                _ => {}
            }
        }
        let all = &app.snippets;
        let snippets =
            [&all.ini, &all.fpm, &all.nginx_server, &all.nginx_http, &all.httpd].into_iter();
        Self {
            ini,
            files,
            nginx,
            snippets: snippets
                .flatten()
                .map(|snippet| (snippet.path.clone(), kouti::sha256(&snippet.text)))
                .collect(),
            certificate_is_bound: !all
                .nginx_server
                .iter()
                .chain(&all.nginx_http)
                .any(|snippet| snippet.text.contains("ssl_certificate")),
            pre_start: settings.pre_start.clone(),
            extensions: extensions.names().collect::<Vec<_>>().join(","),
        }
    }

    /// Makes the layer; what is new in it is checked first.
    pub(crate) fn install(
        &self,
        context: &BuildContext,
        log: &mut Log,
        toolchain: &mut Toolchain<'_>,
        inventory: &Inventory,
        recipe: &Recipe,
    ) -> Result<Made, Problem> {
        if let Some((path, text)) = &self.nginx {
            fs_err::write(context.app_dir.join(path), text)?;
        }
        let app_conf = recipe.server_conf.as_ref().map(|path| context.app_dir.join(path));
        let mut files = self.snippets.clone();
        files.extend(self.files.digests().into_iter().map(|(path, hash)| (path.to_owned(), hash)));
        files.extend(
            self.nginx.iter().map(|(path, text)| ((*path).to_owned(), kouti::sha256(text))),
        );
        if let Some(path) = &app_conf {
            files.insert("server configuration".to_owned(), kouti::sha256(fs_err::read(path)?));
        }
        let key = Key { php: PhpKey::of(toolchain.php()), server: recipe.server.text(), files };
        let layer = Layer {
            name: LAYER,
            title: "configuration".to_owned(),
            uses: Uses::LAUNCH,
            key,
            env: self.variables(context, recipe),
            sbom: None,
        };
        if !context.layers.is_current(&layer)? {
            let env = toolchain.configure(log, inventory, &self.files)?;
            let nginx = self.nginx.as_ref().map(|(_, text)| text.as_str());
            let unknown = if self.certificate_is_bound { &[names::TLS][..] } else { &[] };
            Check { context, recipe, nginx, unknown, layer: layer.env.clone(), env }.run(log)?;
        }
        context.layers.ensure(log, &layer, |dir, _| Ok(self.files.write(dir)?))
    }

    /// What the programs at launch go by; a user can change all of it.
    fn variables(&self, context: &BuildContext, recipe: &Recipe) -> LayerEnv {
        let layer = context.layers.path(LAYER);
        let path = |below: &str| layer.join(below).to_string_lossy().into_owned();
        let app = context.app_dir.to_string_lossy();
        let port = if recipe.server == ServerName::Fpm { "9000" } else { "8080" };
        let mut all = vec![
            ("APP_ROOT", app.clone().into_owned()),
            ("PHPRC", path("etc")),
            ("PORT", port.to_owned()),
            (names::SERVER, recipe.server.text().to_owned()),
            (names::EXTENSIONS, self.extensions.clone()),
        ];
        if recipe.server.uses_fpm() {
            all.push(("PHP_FPM_PATH", path(fpm::FILE)));
        }
        if let Some((name, _)) = recipe.server.program() {
            let own = recipe.server_conf.as_deref().or(self.nginx.as_ref().map(|(path, _)| *path));
            let conf = match own {
                Some(file) => context.app_dir.join(file).to_string_lossy().into_owned(),
                None => path(httpd::FILE),
            };
            let variable = if name == "nginx" { "PHP_NGINX_PATH" } else { "PHP_HTTPD_PATH" };
            all.push((variable, conf));
        }
        if let Some(site) = &recipe.site {
            all.push((names::WEB_DIR, site.web_dir.clone()));
            if site.tls {
                all.push((names::TLS, "true".to_owned()));
            }
        }
        if let Some(commands) = &self.pre_start {
            all.push((names::PRE_START, commands.clone()));
        }
        if recipe.live_reload {
            all.push((names::LIVE_RELOAD, "true".to_owned()));
        }
        let env = all
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .fold(LayerEnv::new(), |env, (name, value)| {
                env.default_value(Scope::Launch, name, value)
            });
        let env = env.append(
            Scope::Launch,
            "PHP_INI_SCAN_DIR",
            ini::scan_dirs(&layer, &context.app_dir),
            ":",
        );
        match &recipe.install {
            Some(install) => env.append(
                Scope::Launch,
                "PATH",
                context.app_dir.join(&install.bin_dir).to_string_lossy(),
                ":",
            ),
            None => env,
        }
    }
}

/// For commands of a build: as much memory as there is, and no cache of code that runs once.
pub(crate) fn for_commands(env: &mut Env, layers: &Layers) -> Result<(), Problem> {
    let dir = layers.path("php-build").join("commands.d");
    fs_err::create_dir_all(&dir)?;
    fs_err::write(dir.join("90-build.ini"), "memory_limit = -1\nopcache.enable_cli = 0\n")?;
    env.append("PHP_INI_SCAN_DIR", &dir, ":");
    Ok(())
}

/// Lets PHP, FPM and the web server read what they will read in the image.
struct Check<'a> {
    context: &'a BuildContext,
    recipe: &'a Recipe,
    /// The generated configuration of nginx.
    nginx: Option<&'a str>,
    /// Variables of the image that mean something only in a container.
    unknown: &'a [&'static str],
    layer: LayerEnv,
    env: Env,
}

/// Beside the real file for the time of the check, because of relative paths in it.
const CHECKED: &str = ".nginx.kouti-check.conf";

impl Check<'_> {
    fn run(mut self, log: &mut Log) -> Result<(), Problem> {
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
        if let Some(text) = self.nginx {
            let here = run_dir.path().to_string_lossy();
            let http = format!("http {{\n{}", self.optional_directives(&here));
            let text = text.replace(RUN_DIR, &here).replacen("http {\n", &http, 1);
            fs_err::write(&checked, text)?;
            self.env.set("PHP_NGINX_PATH", &checked);
        }
        let env = kouti_launch::Env::from_iter(self.env.text_map());
        let checks = start::checks(&env, run_dir.path())?;
        let result = checks.iter().try_for_each(|check| self.server(log, check));
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
        let complaint = output.lines().map(str::trim).find(|line| {
            line.contains("Unable to load dynamic library") || line.contains("undefined symbol")
        });
        match complaint {
            Some(line) => Err(DoesNotLoad::of(line).into()),
            None => Ok(()),
        }
    }

    /// A program that a foreign provider has not put there cannot be asked.
    fn server(&self, log: &mut Log, check: &start::Check) -> Result<(), Problem> {
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
                let app_dir = format!("{}/", self.context.app_dir.display());
                let complaint = tail.iter().find(|line| is_complaint(line));
                Err(BadConfiguration {
                    program: check.program,
                    complaint: complaint.map(|line| line.replace(&app_dir, "")).unwrap_or_default(),
                }
                .into())
            }
            Err(other) => Err(other.into()),
        }
    }
}

fn is_complaint(line: &str) -> bool {
    ["[emerg]", "ERROR:", "Syntax error", "AH0"].iter().any(|sign| line.contains(sign))
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
