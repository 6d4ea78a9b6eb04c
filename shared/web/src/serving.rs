//! Facts and decisions of a build: who asks for the server, whose configuration it gets.

use kouti::catalog::Choice;
use kouti::{BuildContext, Env, Notice, Problem, Uses, settings as shared};
use serde::Serialize;

use crate::basic_auth;
use crate::document_root::DocumentRoot;
use crate::preset::Preset;
use crate::project_toml::ProjectToml;
use crate::provider::{Asked, PHP, Provider, SITE};
use crate::settings::{IGNORE_APP_CONF, ROOT, SHARED};
use crate::site::{Site, with_site};

/// The app, as far as a web server is interested in it.
#[derive(Debug, Default)]
pub(crate) struct App {
    /// Whether the app or a setting asks for this server.
    pub(crate) asked: Asked,
    /// Whether PHP brings configuration and process.
    pub(crate) is_for_php: bool,
    /// Whether another buildpack wants a configuration to be generated.
    pub(crate) has_site: bool,
    /// Files that have no effect, though their author may think so.
    pub(crate) unread: Vec<Unread>,
    /// What `project.toml` says of the site.
    pub(crate) project: Option<ProjectToml>,
    /// The user's settings; below them those of `project.toml`, of another buildpack and of a preset.
    pub(crate) env: Env,
}

impl App {
    pub(crate) fn read(context: &BuildContext, provider: &Provider) -> Result<Self, Problem> {
        let entries = || context.plan.entries(provider.id);
        let asked = provider.asked(&context.app_dir, &context.env)?;
        let is_for_php = entries().any(|entry| entry.text("config") == Some(PHP));
        let has_site = entries().any(|entry| entry.metadata.contains_key(SITE));
        let has_own = asked.conf.is_some() && !IGNORE_APP_CONF.read(&context.env)?;
        let project = if is_for_php || !(asked.is_needed() || has_site) {
            None
        } else if has_own {
            // What has no effect cannot stop a build.
            ProjectToml::read(&context.app_dir).unwrap_or_default()
        } else {
            ProjectToml::read(&context.app_dir)?
        };
        let below = project.as_ref().map(|project| project.below(&context.env));
        let mut env = with_site(below.as_ref().unwrap_or(&context.env), entries());
        // Also where the buildpack that ran the tool has said where its files are.
        let root =
            env.given(ROOT.declared.name).map(|root| root.trim_start_matches("./").to_owned());
        if let Some(preset) = Preset::find(&context.app_dir)?
            && (root.is_none() || root == preset.root(&context.app_dir))
        {
            for (name, value) in preset.settings() {
                if env.given(name).is_none() {
                    env.set(name, value);
                }
            }
        }
        Ok(Self {
            asked,
            is_for_php,
            has_site,
            project,
            unread: Unread::find(context, provider.id),
            env,
        })
    }
}

/// A file of the app that has no effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    /// `buildpack.yml`, which Paketo has read once, with a table for this server.
    BuildpackYml,
    /// `package.json`, which nobody was asked to build.
    PackageJson,
}

impl Unread {
    fn find(context: &BuildContext, id: &str) -> Vec<Self> {
        let mut found = Vec::new();
        // What cannot be read is not meant for this server.
        let yml = fs_err::read_to_string(context.app_dir.join("buildpack.yml"));
        if yml.is_ok_and(|text| text.lines().any(|line| line.trim_end() == format!("{id}:"))) {
            found.push(Self::BuildpackYml);
        }
        if context.app_dir.join("package.json").is_file()
            && context.env.given("BP_NODE_RUN_SCRIPTS").is_none()
        {
            found.push(Self::PackageJson);
        }
        found
    }
}

/// What is served, and what of it a configuration has to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The directory.
    pub root: DocumentRoot,
    /// Whether it has a `404.html`.
    pub has_404: bool,
    /// Whether it has a `50x.html`.
    pub has_50x: bool,
    /// Whether it has a page for `/`.
    pub has_index: bool,
    /// Fingerprint of all of it.
    pub version: String,
}

impl Served {
    pub(crate) fn read(root: DocumentRoot) -> Result<Self, Problem> {
        Ok(Self {
            has_404: root.dir.join("404.html").is_file(),
            has_50x: root.dir.join("50x.html").is_file(),
            has_index: root.has_index(),
            version: root.version()?,
            root,
        })
    }

    /// Pages for errors: status codes and file below the directory.
    #[must_use]
    pub fn error_pages(&self, site: &Site) -> Vec<(Vec<u16>, String)> {
        if let Some(given) = &site.error_pages {
            return given.iter().map(|page| (page.codes.clone(), page.file.clone())).collect();
        }
        let mut pages = Vec::new();
        if self.has_404 {
            pages.push((vec![404], "404.html".to_owned()));
        }
        if self.has_50x {
            pages.push((vec![500, 502, 503, 504], "50x.html".to_owned()));
        }
        pages
    }

    /// The directory as the log calls it.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.root.shown.is_empty() { "the app's directory" } else { &self.root.shown }
    }
}

/// Everything that a build will do.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Recipe {
    /// Which server.
    pub(crate) server: Choice,
    pub(crate) uses: Uses,
    pub(crate) conf: Conf,
    /// Whether the server is restarted when the app's files change.
    pub(crate) live_reload: bool,
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

/// Whose configuration the server gets.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) enum Conf {
    /// The app's own, by this name.
    App(String),
    /// One that is made from settings.
    Generated(Box<Site>),
    /// That of another buildpack, or of a Procfile: none from here.
    Elsewhere,
}

impl Recipe {
    pub(crate) fn decide(
        app: &App,
        provider: &Provider,
        context: &BuildContext,
    ) -> Result<Self, Problem> {
        let (env, plan) = (&app.env, &context.plan);
        let mut notices = Vec::new();
        let conf = match &app.asked.conf {
            _ if app.is_for_php => Conf::Elsewhere,
            Some(conf) if !IGNORE_APP_CONF.read(env)? => {
                notices.extend(without_effect(&context.env, conf));
                notices.extend(app.project.as_ref().map(|project| unused(project, conf)));
                if app.unread.contains(&Unread::PackageJson) {
                    notices.push(unbuilt_package(conf));
                }
                Conf::App(conf.clone())
            }
            _ if app.asked.by_setting || app.has_site => {
                notices.extend(app.project.iter().flat_map(ProjectToml::notices).cloned());
                let mut site = Site::read(env)?;
                // A site that is protected in the build must not be open to all when it runs.
                if let Some(binding) = context.bindings.exactly_one(basic_auth::BINDING)? {
                    binding.require(basic_auth::KEY)?;
                    site.basic_auth = true;
                }
                Conf::Generated(Box::new(site))
            }
            _ => Conf::Elsewhere,
        };
        if app.unread.contains(&Unread::BuildpackYml) {
            let name = provider.version.declared.name;
            notices.push(
                Notice::new("buildpack.yml is not read")
                    .hint(format!("set {name} instead of its `{}.version`", provider.id)),
            );
        }
        if let Some(missing) = &app.asked.missing_conf {
            let name = provider.conf_location.declared.name;
            notices.push(Notice::new(format!("{name} is {missing}, which does not exist")));
        }
        Ok(Self {
            server: provider.choose(env, plan, &context.catalog, &context.target)?,
            uses: Uses {
                build: plan.any(provider.id, "build"),
                launch: plan.any(provider.id, "launch"),
                cache: false,
            },
            live_reload: shared::LIVE_RELOAD_ENABLED.read(env)?,
            conf,
            notices,
        })
    }
}

/// The user may have meant something else.
fn unbuilt_package(conf: &str) -> Notice {
    Notice::new(format!("the app has {conf}, so nothing of its package.json is built or started"))
        .hint("set BP_NODE_RUN_SCRIPTS to build it first, or BP_WEB_SERVER=none to run it with Node.js")
}

/// What `project.toml` says of a generated configuration, where there is none.
fn unused(project: &ProjectToml, conf: &str) -> Notice {
    let text = format!("{} has no effect: the app has its own {conf}", project.title());
    Notice::new(text)
        .hint(format!("set {}=true to leave that aside", IGNORE_APP_CONF.declared.name))
}

/// Settings of a generated configuration, where there is none.
fn without_effect(env: &Env, conf: &str) -> Option<Notice> {
    let names = SHARED.iter().map(|setting| setting.name);
    let names = names.filter(|name| !name.starts_with("BPL_") && env.given(name).is_some());
    let set: Vec<_> = names.filter(|name| *name != IGNORE_APP_CONF.declared.name).collect();
    if set.is_empty() {
        return None;
    }
    let have = if set.len() == 1 { "has" } else { "have" };
    let text = format!("{} {have} no effect: the app has its own {conf}", set.join(", "));
    let hint = format!("set {}=true to leave that aside", IGNORE_APP_CONF.declared.name);
    Some(Notice::new(text).hint(hint))
}
