//! What kind of site an app is, and the settings with which it is served.

use std::path::{Component, Path};

use kouti::{Notice, Problem};
use kouti_web::settings::{HIDDEN, ROOT, WEB_SERVER};
use kouti_web::{Preset, ProjectToml};
use toml::Table;

use crate::staticfile::{self, Staticfile};

/// A site.
#[derive(Debug)]
pub(crate) struct Found {
    kind: Kind,
    /// What it says of itself, above everything else.
    project: Option<ProjectToml>,
}

#[derive(Debug)]
enum Kind {
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
        let project = ProjectToml::read(app_dir)?;
        let kind = Kind::of(app_dir, project.as_ref())?;
        Ok(kind.map(|kind| Self { kind, project }))
    }

    pub(crate) fn title(&self) -> String {
        let kind = match &self.kind {
            Kind::Staticfile(_) => "a site with a Staticfile".to_owned(),
            Kind::FrontEnd(preset) => format!("a front end made with {}", preset.title),
            Kind::Files(".") => "a site in the app's directory".to_owned(),
            Kind::Files(dir) => format!("a site in {dir}"),
        };
        match (&self.project, &self.kind) {
            (None, _) => kind,
            (Some(project), Kind::Files(_)) => format!("a site with {}", project.title()),
            (Some(project), _) => format!("{kind}, and {}", project.title()),
        }
    }

    pub(crate) fn needs_node(&self) -> bool {
        matches!(self.kind, Kind::FrontEnd(_))
    }

    /// The server that the app wants.
    pub(crate) fn server(&self) -> Option<&str> {
        self.project.as_ref()?.get(WEB_SERVER.declared.name)
    }

    /// Settings of the server, as a user would write them.
    pub(crate) fn settings(&self) -> Table {
        let mut table = match &self.kind {
            Kind::Staticfile(staticfile) => staticfile.settings(),
            // The server knows what these tools make.
            Kind::FrontEnd(_) => Table::new(),
            Kind::Files(dir) => {
                let mut table = Table::new();
                table.insert(ROOT.declared.name.to_owned(), (*dir).into());
                table
            }
        };
        // The server reads them again, but what is hidden depends on them.
        for (name, text) in self.project.iter().flat_map(ProjectToml::settings) {
            if name != WEB_SERVER.declared.name {
                table.insert(name.to_owned(), text.into());
            }
        }
        if table.get(ROOT.declared.name).and_then(|root| root.as_str()).is_some_and(is_app_dir) {
            table.insert(HIDDEN.to_owned(), REPOSITORY.join(",").into());
        }
        table
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        match &self.kind {
            Kind::Staticfile(staticfile) => staticfile.notices(),
            Kind::FrontEnd(_) | Kind::Files(_) => Vec::new(),
        }
    }
}

impl Kind {
    fn of(app_dir: &Path, project: Option<&ProjectToml>) -> Result<Option<Self>, Problem> {
        if let Some(staticfile) = staticfile::read(app_dir)? {
            return Ok(Some(Self::Staticfile(Box::new(staticfile))));
        }
        let root = project.and_then(|project| project.get(ROOT.declared.name));
        if let Some(preset) = Preset::find_front_end(app_dir)?
            && root.is_none_or(|root| is_made_by(&preset, app_dir, root))
        {
            return Ok(Some(Self::FrontEnd(preset)));
        }
        let dir = DIRS.iter().find(|dir| app_dir.join(dir).join("index.html").is_file());
        Ok(dir.copied().or(project.map(|_| "public")).map(Self::Files))
    }
}

/// Whether a directory is for the tool to make, rather than there to be served.
fn is_made_by(preset: &Preset, app_dir: &Path, root: &str) -> bool {
    let root = root.trim_start_matches("./").trim_end_matches('/');
    !app_dir.join(root).is_dir() || preset.root(app_dir).as_deref() == Some(root)
}

fn is_app_dir(root: &str) -> bool {
    !root.is_empty() && Path::new(root).components().all(|part| part == Component::CurDir)
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
