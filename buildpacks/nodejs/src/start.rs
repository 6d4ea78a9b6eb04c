//! Decision: how the app is started.

use kouti::{Explain, Fault, Notice, Problem};
use kouti_node::Project;
use serde::Serialize;

use crate::app::StartFiles;
use crate::framework;
use crate::script::Script;
use crate::settings::Settings;

/// What the process `web` runs, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Start {
    /// `node <file>`, which the user has named.
    Launchpoint(String),
    /// A script of `package.json`.
    Script(Script),
    /// `node <file>`: a conventional name, or `main`.
    File(String),
    /// What the build of a framework has made, and what runs it.
    Server { program: String, file: String },
}

impl Start {
    /// Takes the first of: the setting, the script, a conventional file, what a framework has
    /// built, `main`.
    pub(crate) fn choose(
        project: &Project,
        files: &StartFiles,
        settings: &Settings,
    ) -> Result<Option<Self>, NoStart> {
        if let Some(wanted) = &settings.launchpoint {
            return match &files.launchpoint {
                Some(file) => Ok(Some(Self::Launchpoint(file.clone()))),
                None => Err(NoStart::Launchpoint {
                    file: wanted.clone(),
                    is_built: !settings.verify_launchpoint,
                }),
            };
        }
        let package = project.package.as_ref();
        if let Some(script) =
            package.and_then(|package| Script::read(package, &settings.start_script))
        {
            return Ok(Some(Self::Script(script)));
        }
        if settings.start_script_is_set {
            let known = package.map(|package| package.scripts.keys().cloned().collect());
            return Err(NoStart::Script {
                name: settings.start_script.clone(),
                known: known.unwrap_or_default(),
            });
        }
        let file = |file: &Option<String>| file.clone().map(Self::File);
        let output = || framework::start(project);
        Ok(file(&files.conventional).or_else(output).or_else(|| file(&files.main)))
    }

    /// An error where only packages below this one can be started, and nobody has chosen one.
    pub(crate) fn choose_member(project: &Project, settings: &Settings) -> Result<(), Problem> {
        let mut members = Vec::new();
        for (path, package) in project.packages()? {
            if package.script(&settings.start_script).is_some()
                && let Some(dir) = path.parent()
            {
                members.push(format!("`{}`", project.shown(dir)));
            }
        }
        if members.is_empty() { Ok(()) } else { Err(NoStart::Members { members }.into()) }
    }

    /// The program that is started, if that can be known.
    pub(crate) fn program(&self) -> Option<String> {
        match self {
            Self::Script(script) => script.program(),
            Self::Server { program, .. } => Some(program.clone()),
            Self::Launchpoint(_) | Self::File(_) => None,
        }
    }

    /// Whether Astro has built it.
    pub(crate) fn is_astro(&self) -> bool {
        matches!(self, Self::Server { file, .. } if file == framework::ASTRO_SERVER)
    }

    /// What is told about servers that are made for developers.
    pub(crate) fn remark(&self) -> Option<Notice> {
        let Self::Script(script) = self else { return None };
        let words: Vec<_> = script.main.split_whitespace().collect();
        let server = DEVELOPMENT_SERVERS.iter().find(|server| {
            let parts: Vec<_> = server.split(' ').collect();
            words.windows(parts.len()).any(|window| window == parts)
        })?;
        let is_vite = *server == "vite" && words.contains(&"preview");
        (!is_vite).then(|| {
            Notice::new(format!(
                "the script `{}` runs `{server}`, which is made for development",
                script.name
            ))
            .hint("start what the build made, or serve static pages with BP_WEB_SERVER=nginx")
        })
    }

    /// What is told where the program to start is not in the image; it may have been pruned.
    pub(crate) fn program_missing(program: &str, was_pruned: bool) -> Notice {
        if was_pruned {
            Notice::new(format!(
                "`{program}` starts this app, and its package is only a development dependency: \
                 the image is without it"
            ))
            .hint(
                "move it from `devDependencies` to `dependencies`, or set \
                 BP_NODE_PRUNE_DEV_DEPENDENCIES=false",
            )
        } else {
            Notice::new(format!("`{program}` is to start this app, and nothing is called that"))
                .hint("add the package it comes with to `dependencies`, or correct the script")
        }
    }

    /// What is told where nothing can be started.
    pub(crate) fn missing() -> Notice {
        Notice::new("nothing starts this app: the image gets no process `web`")
            .hint("add a `start` script to package.json, or a Procfile with a line `web: …`")
    }
}

/// First words of commands that serve developers, not users.
const DEVELOPMENT_SERVERS: [&str; 8] = [
    "nodemon",
    "vite",
    "next dev",
    "webpack serve",
    "ng serve",
    "react-scripts start",
    "ts-node-dev",
    "tsx watch",
];

/// The start command that the user named is not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoStart {
    #[error("BP_NPM_START_SCRIPT names the script `{name}`, which package.json does not have")]
    Script { name: String, known: Vec<String> },
    #[error(
        "BP_LAUNCHPOINT names `{file}`, which does not exist{}",
        if *is_built { ", and the scripts of the build have not made it" } else { "" }
    )]
    Launchpoint { file: String, is_built: bool },
    #[error("nothing starts the app as a whole, but packages of its workspace can be started")]
    Members { members: Vec<String> },
}

impl Explain for NoStart {
    fn id(&self) -> &'static str {
        match self {
            Self::Script { .. } => "unknown-start-script",
            Self::Launchpoint { .. } => "launchpoint-missing",
            Self::Members { .. } => "package-not-chosen",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Script { known, .. } if known.is_empty() => {
                vec!["package.json has no scripts: add one below `scripts`".to_owned()]
            }
            Self::Script { known, .. } => vec![format!("its scripts are: {}", known.join(", "))],
            Self::Members { members } => vec![
                format!("choose one: set BP_NODE_PROJECT_PATH to {}", members.join(" or ")),
                "or add a `start` script to the package.json above them".to_owned(),
            ],
            Self::Launchpoint { is_built, .. } => {
                let name = "name a file of the app, relative to its root".to_owned();
                let verify = "set BP_VERIFY_LAUNCHPOINT=false if the build makes it".to_owned();
                if *is_built { vec![name] } else { vec![name, verify] }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kouti_node::PackageJson;

    use super::*;

    #[test]
    fn servers_for_developers_are_remarked_upon() {
        let remark = |main: &str| {
            let scripts = format!("{{\"scripts\": {{\"start\": \"{main}\"}}}}");
            let package = PackageJson::parse(&scripts, "package.json").unwrap();
            Start::Script(Script::read(&package, "start").unwrap()).remark().is_some()
        };
        for main in ["nodemon x.js", "next dev -p 80", "PORT=1 vite --host", "a && ng serve"] {
            assert!(remark(main), "{main}");
        }
        for main in ["next start", "vite preview", "node nodemon.js", "node ."] {
            assert!(!remark(main), "{main}");
        }
    }
}
