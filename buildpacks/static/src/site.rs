//! What kind of site an app is, and the settings with which it is served.

use std::path::Path;

use kouti::{Notice, Problem};
use kouti_web::Preset;
use kouti_web::settings::{HIDDEN, ROOT};
use toml::Table;

use crate::staticfile::{self, Staticfile};

/// A site.
#[derive(Debug)]
pub(crate) enum Found {
    /// Cloud Foundry's.
    Staticfile(Box<Staticfile>),
    /// A front end that has to be built.
    FrontEnd(Preset),
    /// Files that are there already, in this directory.
    Files(&'static str),
}

/// Where sites have their pages; the app's directory itself comes last.
const DIRS: [&str; 7] = ["public", "dist", "build", "_site", "site", "htdocs", "."];

/// What a repository has besides its site.
const REPOSITORY: [&str; 16] = [
    "Procfile",
    "Staticfile",
    "Staticfile.auth",
    "buildpack.yml",
    "firebase.json",
    "manifest.yaml",
    "manifest.yml",
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "project.toml",
    "static.json",
    "yarn.lock",
    "*.conf",
    "/node_modules/**",
    "/vendor/**",
];

impl Found {
    pub(crate) fn read(app_dir: &Path) -> Result<Option<Self>, Problem> {
        if ["nginx.conf", "httpd.conf"].iter().any(|conf| app_dir.join(conf).is_file()) {
            return Ok(None);
        }
        if let Some(staticfile) = staticfile::read(app_dir)? {
            return Ok(Some(Self::Staticfile(Box::new(staticfile))));
        }
        if let Some(preset) = Preset::find_front_end(app_dir)? {
            return Ok(Some(Self::FrontEnd(preset)));
        }
        let dir = DIRS.iter().find(|dir| app_dir.join(dir).join("index.html").is_file());
        Ok(dir.map(|dir| Self::Files(dir)))
    }

    pub(crate) fn title(&self) -> String {
        match self {
            Self::Staticfile(_) => "a site with a Staticfile".to_owned(),
            Self::FrontEnd(preset) => format!("a front end made with {}", preset.title),
            Self::Files(".") => "a site in the app's directory".to_owned(),
            Self::Files(dir) => format!("a site in {dir}"),
        }
    }

    pub(crate) fn needs_node(&self) -> bool {
        matches!(self, Self::FrontEnd(_))
    }

    /// Settings of the server, as a user would write them.
    pub(crate) fn settings(&self) -> Table {
        let mut table = match self {
            Self::Staticfile(staticfile) => staticfile.settings(),
            // The server knows what these tools make.
            Self::FrontEnd(_) => Table::new(),
            Self::Files(dir) => {
                let mut table = Table::new();
                table.insert(ROOT.declared.name.to_owned(), (*dir).into());
                table
            }
        };
        if table.get(ROOT.declared.name).and_then(|root| root.as_str()) == Some(".") {
            table.insert(HIDDEN.to_owned(), REPOSITORY.join(",").into());
        }
        table
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        match self {
            Self::Staticfile(staticfile) => staticfile.notices(),
            Self::FrontEnd(_) | Self::Files(_) => Vec::new(),
        }
    }
}

/// Files in which an app has said to another platform how it is served.
const DESCRIPTIONS: [(&str, &str); 2] =
    [("static.json", "Heroku's static buildpack"), ("firebase.json", "Firebase Hosting")];

/// The first such file of an app, and who reads it.
pub(crate) fn description(app_dir: &Path) -> Option<(&'static str, &'static str)> {
    DESCRIPTIONS.into_iter().find(|(name, _)| app_dir.join(name).is_file())
}

/// Nothing of it is taken over.
pub(crate) fn unread(app_dir: &Path) -> Option<Notice> {
    description(app_dir).map(|(name, whose)| {
        Notice::new(format!("{name} is for {whose}, and has no effect")).hint(
            "say the same with BP_WEB_SERVER_ROOT, BP_WEB_SERVER_ENABLE_PUSH_STATE, \
             BP_WEB_SERVER_CLEAN_URLS, BP_WEB_SERVER_ERROR_PAGES, BP_WEB_SERVER_REDIRECTS and \
             BP_WEB_SERVER_HEADERS, or with a Staticfile",
        )
    })
}
