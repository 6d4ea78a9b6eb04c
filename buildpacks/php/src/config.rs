//! The layer with everything that is generated, checked by the programs that will read it.

use std::collections::BTreeMap;

use kouti::{BuildContext, Env, Layer, LayerEnv, Layers, Log, Made, Problem, Scope, Uses};
use kouti_php::names;
use serde::Serialize;

use crate::app::App;
use crate::check::Check;
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
    /// Names of those whose text depends on variables of the container.
    open: Vec<String>,
    /// Variables of the image.
    pre_start: Option<String>,
    /// Whether a file of the app lets httpd log requests, once.
    logs_requests: bool,
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
            is_classic: app.classic.is_active,
        });
        let mut files = ini.clone();
        if recipe.server.uses_fpm() {
            files.add(fpm::FILE, fpm::config(&app.dir, app.classic.is_active));
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
        let classic = &all.classic;
        let snippets = [&all.ini, &all.fpm, &all.nginx_server, &all.nginx_http, &all.httpd]
            .into_iter()
            .chain([&classic.nginx_main, &classic.nginx_http, &classic.nginx_server])
            .chain([&classic.httpd]);
        Self {
            ini,
            files,
            nginx,
            snippets: snippets
                .flatten()
                .map(|snippet| (snippet.path.clone(), kouti::sha256(&snippet.text)))
                .collect(),
            open: open(app, recipe),
            logs_requests: classic.httpd.iter().any(|snippet| snippet.text.contains("CustomLog")),
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
            let (open, layer) = (&self.open, layer.env.clone());
            Check { context, recipe, nginx, unknown, open, layer, env }.run(log)?;
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
        if self.logs_requests && recipe.server == ServerName::Httpd {
            all.push(("BPL_PHP_ACCESS_LOG", "off".to_owned()));
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
        // Directories that the build was told of count in the container too, before ours.
        let told = context.env.given("PHP_INI_SCAN_DIR").map(|dirs| dirs.trim_matches(':'));
        let ours = self.ini.scan_dirs(&layer, &context.app_dir);
        let dirs = told.map_or(ours.clone(), |told| format!("{told}:{ours}"));
        let env = env.append(Scope::Launch, "PHP_INI_SCAN_DIR", dirs, ":");
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

/// Templates of nginx, and variables of PHP-FPM and httpd, mean nothing in a build.
fn open(app: &App, recipe: &Recipe) -> Vec<String> {
    let all = &app.snippets;
    let of_nginx = all.nginx_server.iter().chain(&all.nginx_http);
    let with_templates = of_nginx.filter(|snippet| snippet.text.contains("{{"));
    let of_others = all.fpm.iter().chain(&all.httpd);
    let with_variables = of_others.filter(|snippet| snippet.text.contains("${"));
    let files = with_templates.chain(with_variables);
    let own = recipe.server_conf.iter().filter(|path| {
        let text = fs_err::read_to_string(app.dir.join(path)).unwrap_or_default();
        text.contains(if recipe.server == ServerName::Nginx { "{{" } else { "${" })
    });
    let name = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
    files.map(|snippet| &snippet.path).chain(own).map(name).collect()
}

/// For commands of a build: as much memory as there is, and no cache of code that runs once.
pub(crate) fn for_commands(env: &mut Env, layers: &Layers) -> Result<(), Problem> {
    let dir = layers.path("php-build").join("commands.d");
    fs_err::create_dir_all(&dir)?;
    fs_err::write(dir.join("90-build.ini"), "memory_limit = -1\nopcache.enable_cli = 0\n")?;
    env.append("PHP_INI_SCAN_DIR", &dir, ":");
    Ok(())
}
