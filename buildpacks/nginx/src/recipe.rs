//! Decisions: which nginx, whose configuration, and what starts.

use kouti::catalog::{Catalog, Choice, Target};
use kouti::{Notice, Plan, Problem, Uses, settings as shared};
use kouti_web::Site;
use kouti_web::settings::{IGNORE_APP_CONF, SHARED};
use serde::Serialize;

use crate::app::App;
use crate::settings::{CONFIG_CHECK, NGINX, STUB_STATUS_ADDRESS, STUB_STATUS_PORT};

/// Everything that a build will do.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Recipe {
    pub(crate) nginx: Choice,
    pub(crate) uses: Uses,
    pub(crate) conf: Conf,
    /// Whether the configuration is tried out.
    pub(crate) check: bool,
    /// Whether the app is restarted when its files change.
    pub(crate) live_reload: bool,
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

/// Whose configuration nginx gets.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) enum Conf {
    /// The app's own, by this name.
    App(String),
    /// One that is made from settings.
    Generated(Box<Generated>),
    /// That of another buildpack, or of a Procfile: none from here.
    Elsewhere,
}

/// What a generated configuration says.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Generated {
    pub(crate) site: Site,
    /// Where the status page is: `8083`, `127.0.0.1:8083`.
    pub(crate) status: Vec<String>,
}

impl Recipe {
    pub(crate) fn decide(
        app: &App,
        plan: &Plan,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Self, Problem> {
        let env = &app.env;
        let mut notices = Vec::new();
        let conf = if app.is_for_php {
            Conf::Elsewhere
        } else {
            match &app.asked.conf {
                Some(conf) if !IGNORE_APP_CONF.read(env)? => {
                    notices.extend(without_effect(app, conf));
                    Conf::App(conf.clone())
                }
                _ if app.asked.by_setting || app.has_site => Conf::Generated(Box::new(Generated {
                    site: Site::read(env)?,
                    status: status(app)?,
                })),
                _ => Conf::Elsewhere,
            }
        };
        Ok(Self {
            nginx: NGINX.choose(env, plan, catalog, target)?,
            uses: Uses {
                build: plan.any(NGINX.id, "build"),
                launch: plan.any(NGINX.id, "launch"),
                cache: false,
            },
            check: CONFIG_CHECK.read(env)?,
            live_reload: shared::LIVE_RELOAD_ENABLED.read(env)?,
            conf,
            notices,
        })
    }
}

/// Settings of a generated configuration, where there is none.
fn without_effect(app: &App, conf: &str) -> Option<Notice> {
    let is_about_launch = |name: &str| name.starts_with("BPL_");
    let set: Vec<_> = SHARED
        .iter()
        .map(|setting| setting.name)
        .filter(|name| *name != IGNORE_APP_CONF.declared.name && !is_about_launch(name))
        .filter(|name| app.env.given(name).is_some())
        .collect();
    (!set.is_empty()).then(|| {
        Notice::new(format!("{} without effect: the app has its own {conf}", listed(&set)))
            .hint(format!("set {}=true to leave that aside", IGNORE_APP_CONF.declared.name))
    })
}

fn listed(names: &[&str]) -> String {
    let is = if names.len() == 1 { "is" } else { "are" };
    format!("{} {is}", names.join(", "))
}

/// `listen` values of the status page.
fn status(app: &App) -> Result<Vec<String>, Problem> {
    let Some(port) = STUB_STATUS_PORT.read(&app.env)? else { return Ok(Vec::new()) };
    Ok(match STUB_STATUS_ADDRESS.read(&app.env)? {
        Some(address) if address.contains(':') => vec![format!("[{address}]:{port}")],
        Some(address) => vec![format!("{address}:{port}")],
        None => vec![port.to_string(), format!("[::]:{port}")],
    })
}
