//! Facts: what there is to serve, and who asks for it.

use kouti::{BuildContext, Env, Problem};
use kouti_web::settings::ROOT;
use kouti_web::{Asked, DocumentRoot, PHP, SITE, with_site};

use crate::settings::NGINX;

/// The app, as far as this buildpack is interested in it.
#[derive(Debug, Default)]
pub(crate) struct App {
    /// Whether the app or a setting asks for nginx.
    pub(crate) asked: Asked,
    /// Whether another buildpack brings configuration and process.
    pub(crate) is_for_php: bool,
    /// Whether another buildpack wants a configuration to be generated.
    pub(crate) has_site: bool,
    /// The user's settings, with those of another buildpack below them.
    pub(crate) env: Env,
}

impl App {
    pub(crate) fn read(context: &BuildContext) -> Result<Self, Problem> {
        let entries = || context.plan.entries(NGINX.id);
        Ok(Self {
            asked: NGINX.asked(&context.app_dir, &context.env)?,
            is_for_php: entries().any(|entry| entry.text("config") == Some(PHP)),
            has_site: entries().any(|entry| entry.metadata.contains_key(SITE)),
            env: with_site(&context.env, entries()),
        })
    }
}

/// What is served, and what of it the configuration has to know.
#[derive(Debug, PartialEq)]
pub(crate) struct Served {
    pub(crate) root: DocumentRoot,
    /// Pages for errors that are where everybody puts them.
    pub(crate) has_404: bool,
    pub(crate) has_50x: bool,
    pub(crate) has_index: bool,
    /// Fingerprint of all of it.
    pub(crate) version: String,
}

impl Served {
    pub(crate) fn read(context: &BuildContext, env: &Env) -> Result<Self, Problem> {
        let root = DocumentRoot::find(&context.app_dir, ROOT.read(env)?.as_deref())?;
        Ok(Self {
            has_404: root.dir.join("404.html").is_file(),
            has_50x: root.dir.join("50x.html").is_file(),
            has_index: root.has_index(),
            version: root.version()?,
            root,
        })
    }
}
