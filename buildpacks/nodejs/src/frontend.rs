//! Decision: whether the app is a front end, which a web server serves once it is built.

use std::path::Path;

use kouti::{Env, Problem};
use kouti_node::Scripts;

use crate::app::App;
use crate::settings::{Frontend, Settings, WebServer};

/// Value of `mode` in the plan entries of a front end.
pub(crate) const MODE: &str = "frontend";

/// Who serves the app.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Service {
    /// The app serves itself.
    App,
    /// A web server serves what the build makes; it takes part on its own account.
    WebServer,
    /// The same, if a later buildpack wants what the build makes.
    WhoeverAsks,
    /// A web server serves the files as they are: there is nothing for us to do.
    AsItIs,
}

/// Servers, and where their configuration is by default.
const SERVERS: [(&str, &str); 2] = [("nginx", "nginx.conf"), ("httpd", "httpd.conf")];

impl Service {
    /// Takes what the settings say, and else goes by the configuration that is there.
    pub(crate) fn of(app: &App, settings: &Settings) -> Result<Self, Problem> {
        let is_named = matches!(settings.web_server, WebServer::Nginx | WebServer::Httpd);
        let is_configured = settings.web_server == WebServer::Any && !app.web_servers.is_empty();
        if settings.frontend == Frontend::No || settings.web_server == WebServer::None {
            return Ok(Self::App);
        }
        let is_built = !scripts(app, settings)?.is_empty();
        Ok(match (is_named || is_configured, settings.frontend) {
            // A configuration alone says that files are to be served, not that they are to be
            // built: that takes one word more.
            (true, Frontend::Auto) if is_configured && settings.run_scripts.is_none() => {
                Self::AsItIs
            }
            (true, _) => {
                if is_built {
                    Self::WebServer
                } else {
                    Self::AsItIs
                }
            }
            (false, Frontend::Yes) => Self::WhoeverAsks,
            (false, _) => Self::App,
        })
    }
}

/// The scripts that a build would run.
pub(crate) fn scripts(app: &App, settings: &Settings) -> Result<Scripts, Problem> {
    let package = app.project.package.as_ref();
    let chosen = package.map(|package| Scripts::choose(package, settings.run_scripts.as_deref()));
    Ok(chosen.transpose()?.unwrap_or_default())
}

/// The servers whose configuration the app has.
pub(crate) fn configured(app_dir: &Path, settings: &Settings) -> Vec<&'static str> {
    let nginx = settings.nginx_conf.as_deref();
    let has = |name: &str, conf: &str| {
        let conf = nginx.filter(|_| name == "nginx").unwrap_or(conf);
        app_dir.join(conf).is_file()
    };
    SERVERS.iter().filter(|(name, conf)| has(name, conf)).map(|(name, _)| *name).collect()
}

/// Beginnings of variables that tools write into the pages when they build them.
const WRITTEN_IN: [&str; 7] =
    ["VITE_", "NEXT_PUBLIC_", "REACT_APP_", "NG_APP_", "NUXT_PUBLIC_", "PUBLIC_", "VUE_APP_"];

/// Variables of this build that the pages will hold.
pub(crate) fn written_in(env: &Env) -> Vec<&str> {
    let names = env.texts().map(|(name, _)| name);
    names.filter(|name| WRITTEN_IN.iter().any(|start| name.starts_with(start))).collect()
}
