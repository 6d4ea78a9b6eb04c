//! Decisions: facts, settings, plan and catalogue become one plain value.
//!
//! Which extensions are loaded is decided later, by `Extensions::decide`: for that, PHP has to be
//! asked what it has.

use std::collections::BTreeSet;

use kouti::catalog::Choice;
use kouti::{BuildContext, Explain, Fault, Notice, Problem};
use serde::Serialize;

use crate::app::App;
use crate::extensions::{self, Required};
use crate::fpm;
use crate::framework::{FRONT_CONTROLLER, Framework};
use crate::install::{Install, with_dev};
use crate::php_version::{self, PHP, choose_php};
use crate::server::ServerName;
use crate::settings::Settings;
use crate::site::{self, PRIVATE_NETWORKS, Site};
use crate::web_dir;

/// Everything that a build will do.
#[expect(clippy::struct_excessive_bools, reason = "each is a decision of its own")]
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Recipe {
    /// Which PHP.
    pub(crate) php: Choice,
    /// How packages are installed; nothing without a composer file.
    pub(crate) install: Option<Install>,
    pub(crate) server: ServerName,
    /// Whether nobody asked for this server.
    pub(crate) is_default_server: bool,
    /// What the server serves, if it serves anything.
    pub(crate) site: Option<Site>,
    /// Configuration of the app's own for the server.
    pub(crate) server_conf: Option<String>,
    pub(crate) framework: Option<&'static Framework>,
    /// What the app writes to.
    pub(crate) writable_dirs: Vec<String>,
    /// Why which extensions are needed.
    #[serde(skip)]
    pub(crate) required: Vec<Required>,
    #[serde(skip)]
    pub(crate) stood_for: BTreeSet<String>,
    /// Whether the app is only there to provide PHP for others.
    pub(crate) is_provider: bool,
    /// Whether a later buildpack needs PHP in this build.
    pub(crate) php_for_others: bool,
    /// Whether PHP looks for changed files.
    pub(crate) watches_files: bool,
    pub(crate) live_reload: bool,
    /// What the user should know.
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

impl Recipe {
    pub(crate) fn decide(
        app: &App,
        settings: &Settings,
        context: &BuildContext,
    ) -> Result<Self, Problem> {
        let (catalog, target, env) = (&context.catalog, &context.target, &context.env);
        let with_dev = with_dev(settings, env);
        let wishes = php_version::Wishes {
            setting: settings.version.as_deref(),
            composer: app.composer.as_ref(),
            with_dev,
            classic: app.classic.version.as_deref(),
            plan: &context.plan,
        };
        let (php, mut notices) = choose_php(&wishes, catalog, target)?;
        notices.extend(app.classic.notices.iter().cloned());
        let install = match &app.composer {
            Some(composer) => {
                Some(Install::decide(app, composer, settings, env, catalog, target, &mut notices)?)
            }
            None => None,
        };
        let framework = Framework::choose(
            &settings.framework,
            app.package_names().into_iter(),
            app.is_plain_wordpress,
        )?;
        let is_provider = is_provider(context);
        let server = if is_provider { ServerName::None } else { server(settings, context) };
        let site = site(app, settings, server, framework, install.as_ref())?;
        let web_dir = site.as_ref().map_or("", |site| site.web_dir.as_str());
        unused_configurations(app, settings, server, &mut notices);
        if let Some(site) = site.as_ref().filter(|_| server != ServerName::PhpServer) {
            notices.extend(no_index(app, site));
        }
        let server_conf = server_conf(app, settings, server)?;
        let composer = app.composer.as_ref();
        let mut required =
            composer.map(|composer| extensions::required(composer, with_dev)).unwrap_or_default();
        if server.program().is_some() && server_conf.is_none() {
            fpm::check(&app.snippets.fpm)?;
        }
        let bound = bound_stores(context)?;
        for (name, binding) in &bound {
            notices.push(
                Notice::new(format!(
                    "sessions: the binding `{binding}` counts when the app starts"
                ))
                .hint("nothing of it is in the image: bind it to the container too"),
            );
            required.push(Required {
                name: (*name).to_owned(),
                range: "*".to_owned(),
                origin: format!("the binding `{binding}`"),
            });
        }
        let is_wordpress = framework.is_some_and(|framework| framework.name == "wordpress");
        Ok(Self {
            server_conf,
            writable_dirs: writable_dirs(app, settings, framework, web_dir)?,
            required,
            stood_for: app
                .composer
                .as_ref()
                .map(|composer| extensions::stood_for(composer, with_dev))
                .unwrap_or_default(),
            php_for_others: context
                .plan
                .entries(PHP)
                .any(|entry| entry.flag("build") && entry.text("mode") != Some("app")),
            is_default_server: settings.server.is_none(),
            // WordPress writes PHP when it updates itself.
            watches_files: settings.live_reload || is_wordpress,
            live_reload: settings.live_reload && server.has_site(),
            php,
            install,
            server,
            site,
            framework,
            is_provider,
            notices,
        })
    }
}

/// Bindings for sessions that this build sees: extension, and name of the binding.
fn bound_stores(context: &BuildContext) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut bound = Vec::new();
    for (name, kind) in [("redis", "php-redis-session"), ("memcached", "php-memcached-session")] {
        let binding = context.bindings.exactly_one(kind)?;
        bound.extend(binding.map(|binding| (name, binding.name.clone())));
    }
    Ok(bound)
}

/// Whether this app is none of ours, and somebody else only wants PHP.
fn is_provider(context: &BuildContext) -> bool {
    !context.plan.entries(PHP).any(|entry| entry.text("mode") == Some("app"))
}

/// The setting, else what the group of buildpacks could agree on.
fn server(settings: &Settings, context: &BuildContext) -> ServerName {
    let nginx = ServerName::Nginx.config_entry().unwrap_or_default();
    match settings.server {
        Some(server) => server,
        None if context.plan.has(nginx) => ServerName::Nginx,
        None => ServerName::PhpServer,
    }
}

fn site(
    app: &App,
    settings: &Settings,
    server: ServerName,
    framework: Option<&'static Framework>,
    install: Option<&Install>,
) -> Result<Option<Site>, Problem> {
    if !server.has_site() {
        return Ok(None);
    }
    let (web_dir, _) = web_dir::choose(app, settings.web_dir.as_deref(), framework)?;
    let front_controller = match settings.front_controller.as_deref() {
        Some("off") => None,
        Some(script) => Some(script.trim_start_matches(['.', '/']).to_owned()),
        None => framework.map(|_| FRONT_CONTROLLER.to_owned()),
    };
    let networks = PRIVATE_NETWORKS.iter().map(ToString::to_string).collect();
    let is_named = settings.server.is_some();
    Ok(Some(Site {
        denied: site::denied(
            &web_dir,
            install.map_or("vendor", |install| install.vendor_dir.as_str()),
            install.map_or("vendor/bin", |install| install.bin_dir.as_str()),
        ),
        has_htaccess: app.dir.join(&web_dir).join(".htaccess").is_file(),
        front_controller,
        // Where nobody asked for a server, the app ran on PHP's own before, which has none.
        https_redirect: settings.https_redirect.unwrap_or(is_named)
            && server != ServerName::PhpServer,
        tls: settings.nginx_https && server == ServerName::Nginx,
        trusted_proxies: if settings.trusted_proxies.is_empty() {
            networks
        } else {
            settings.trusted_proxies.clone()
        },
        static_expires: settings.static_expires.clone(),
        server_admin: settings.server_admin.clone(),
        web_dir,
    }))
}

fn server_conf(
    app: &App,
    settings: &Settings,
    server: ServerName,
) -> Result<Option<String>, NoServerConf> {
    let Some(path) = &settings.server_conf else { return Ok(None) };
    let clean = crate::composer_file::inside(&app.dir, path);
    match clean.filter(|clean| app.dir.join(clean).is_file()) {
        Some(clean) if server.program().is_some() => Ok(Some(clean)),
        Some(_) => Err(NoServerConf { path: path.clone(), server: Some(server.text()) }),
        None => Err(NoServerConf { path: path.clone(), server: None }),
    }
}

/// Paketo writes over such a file; here it stays, and has no effect.
fn unused_configurations(
    app: &App,
    settings: &Settings,
    server: ServerName,
    notices: &mut Vec<Notice>,
) {
    let used = settings.server_conf.as_deref().map(|path| path.trim_start_matches("./"));
    for path in app.server_confs.iter().filter(|path| Some(path.as_str()) != used) {
        let name = path.trim_end_matches(".conf");
        let also = if server.text() == name {
            String::new()
        } else {
            format!("BP_PHP_SERVER={name} and ")
        };
        notices.push(Notice::new(format!("the app's {path} is not used")).hint(format!(
            "set {also}BP_PHP_SERVER_CONF={path} to use it instead of the generated one"
        )));
    }
}

fn no_index(app: &App, site: &Site) -> Option<Notice> {
    let root = app.dir.join(&site.web_dir);
    let has_index = ["index.php", "index.html"].iter().any(|name| root.join(name).exists());
    let shown = if site.web_dir.is_empty() { "the app" } else { &site.web_dir };
    (!has_index && site.front_controller.is_none()).then(|| {
        Notice::new(format!("{shown} has no index.php: a request for `/` will be refused"))
            .hint("name another document root in BP_PHP_WEB_DIR, or BP_PHP_FRONT_CONTROLLER")
    })
}

fn writable_dirs(
    app: &App,
    settings: &Settings,
    framework: Option<&Framework>,
    web_dir: &str,
) -> Result<Vec<String>, Problem> {
    let of_framework = framework.map(|framework| framework.writable).unwrap_or_default();
    let mut dirs: Vec<String> =
        of_framework.iter().map(|dir| dir.replace("<web>/", &below(web_dir))).collect();
    for dir in &settings.writable_dirs {
        match crate::composer_file::inside(&app.dir, dir) {
            Some(clean) if !clean.is_empty() => dirs.push(clean),
            _ => return Err(BadWritableDir { dir: dir.clone() }.into()),
        }
    }
    dirs.sort();
    dirs.dedup();
    Ok(dirs)
}

fn below(web_dir: &str) -> String {
    if web_dir.is_empty() { String::new() } else { format!("{web_dir}/") }
}

/// `BP_PHP_SERVER_CONF` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("BP_PHP_SERVER_CONF names `{path}`, {}", match server {
    Some(server) => format!("but the server is {server}, which has no such configuration"),
    None => "which is not a file of the app".to_owned(),
})]
pub(crate) struct NoServerConf {
    path: String,
    server: Option<&'static str>,
}

impl Explain for NoServerConf {
    fn id(&self) -> &'static str {
        "no-server-conf"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![match self.server {
            Some(_) => "set BP_PHP_SERVER to nginx or httpd".to_owned(),
            None => "name a file relative to the app, such as `nginx.conf`".to_owned(),
        }]
    }
}

/// `BP_PHP_WRITABLE_DIRS` leads out of the app.
#[derive(Debug, thiserror::Error)]
#[error("BP_PHP_WRITABLE_DIRS names `{dir}`, which is not a directory within the app")]
pub(crate) struct BadWritableDir {
    dir: String,
}

impl Explain for BadWritableDir {
    fn id(&self) -> &'static str {
        "bad-writable-dir"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write paths relative to the app, separated by commas".to_owned()]
    }
}
