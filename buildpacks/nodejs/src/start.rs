//! Decision: how the app is started.

use kouti::{Explain, Fault, Notice};
use kouti_node::PackageJson;
use serde::Serialize;

use crate::app::App;
use crate::settings::Settings;

/// What the process `web` runs, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Start {
    /// `node <file>`, relative to the app.
    Launchpoint(String),
    /// A script of `package.json`.
    Script(Script),
    /// `node <file>`, relative to the package: a conventional name, or `main`.
    File(String),
}

/// A script with what npm would run around it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) pre: Option<String>,
    pub(crate) main: String,
    pub(crate) post: Option<String>,
}

impl Start {
    /// Takes the first of: the setting, the script, a conventional file, `main`.
    pub(crate) fn choose(app: &App, settings: &Settings) -> Result<Option<Self>, NoStart> {
        if let Some(file) = &settings.launchpoint {
            return Ok(Some(Self::Launchpoint(file.clone())));
        }
        let package = app.project.package.as_ref();
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
        if let Some(file) = app.start_files.first() {
            return Ok(Some(Self::File(file.clone())));
        }
        Ok(app.main_file.clone().map(Self::File))
    }

    /// The program that is started, if that can be known.
    pub(crate) fn program(&self) -> Option<String> {
        match self {
            Self::Script(script) => words(&script.main)?.into_iter().next(),
            Self::Launchpoint(_) | Self::File(_) => None,
        }
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

    /// What is told where the program to start is not in the image.
    pub(crate) fn program_missing(program: &str) -> Notice {
        Notice::new(format!("`{program}` is what starts this app, and it is not in the image"))
            .hint(
                "move its package from `devDependencies` to `dependencies`, or set \
             BP_NODE_PRUNE_DEV_DEPENDENCIES=false",
            )
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

/// How often a script may stand for another one.
const DETOURS: usize = 5;

impl Script {
    /// The script `name`, and what npm would run around it.
    pub(crate) fn read(package: &PackageJson, name: &str) -> Option<Self> {
        let mut found = Self::literal(package, name)?;
        for _ in 0..DETOURS {
            let Some(other) = found.stands_for() else { break };
            match Self::literal(package, &other) {
                // npm in between would cost memory and time, and pass signals on late.
                Some(other) if other.words().is_some() => found.main = other.main,
                _ => break,
            }
        }
        Some(found)
    }

    fn literal(package: &PackageJson, name: &str) -> Option<Self> {
        let script = |name: &str| package.script(name).map(str::to_owned);
        Some(Self {
            main: script(name)?,
            pre: script(&format!("pre{name}")),
            post: script(&format!("post{name}")),
            name: name.to_owned(),
        })
    }

    /// The script that this one does nothing but run: `npm run serve`.
    fn stands_for(&self) -> Option<String> {
        let words = words(&self.main)?;
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["npm" | "yarn" | "pnpm", "run", name] => Some((*name).to_owned()),
            ["npm" | "yarn" | "pnpm", "start"] => Some("start".to_owned()),
            _ => None,
        }
    }

    /// The words of the script, if it needs no shell to be understood.
    pub(crate) fn words(&self) -> Option<Vec<String>> {
        if self.pre.is_some() || self.post.is_some() {
            return None;
        }
        words(&self.main)
    }
}

/// Splits a command line that means the same without a shell; `None` if it has
/// variables, globs, pipes, lists, redirections, comments or assignments.
fn words(text: &str) -> Option<Vec<String>> {
    if text
        .contains(['$', '`', '*', '?', '[', '~', '#', '|', '&', ';', '<', '>', '(', ')', '{', '\n'])
    {
        return None;
    }
    let words = shell_words::split(text).ok()?;
    let first = words.first()?;
    let is_assignment = first.split_once('=').is_some_and(|(name, _)| !name.contains('/'));
    (!is_assignment && !BUILTINS.contains(&first.as_str())).then_some(words)
}

/// First words that a shell runs itself.
const BUILTINS: [&str; 9] = ["!", ".", ":", "cd", "eval", "exec", "export", "source", "ulimit"];

/// The start command that the user named is not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoStart {
    #[error("BP_NPM_START_SCRIPT names the script `{name}`, which package.json does not have")]
    Script { name: String, known: Vec<String> },
    #[error("BP_LAUNCHPOINT names `{file}`, which does not exist")]
    Launchpoint { file: String },
}

impl Explain for NoStart {
    fn id(&self) -> &'static str {
        match self {
            Self::Script { .. } => "unknown-start-script",
            Self::Launchpoint { .. } => "launchpoint-missing",
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
            Self::Launchpoint { .. } => vec![
                "name a file of the app, relative to its root".to_owned(),
                "set BP_VERIFY_LAUNCHPOINT=false if the build makes it".to_owned(),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_need_no_shell() {
        for (text, expected) in [
            ("node server.js", vec!["node", "server.js"]),
            ("node 'my server.js' \"a b\" c\\ d", vec!["node", "my server.js", "a b", "c d"]),
            ("./bin/www --a=b", vec!["./bin/www", "--a=b"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn servers_for_developers_are_remarked_upon() {
        let remark = |main: &str| {
            let main = main.to_owned();
            let script = Script { name: "start".to_owned(), pre: None, main, post: None };
            Start::Script(script).remark().is_some()
        };
        for main in ["nodemon x.js", "next dev -p 80", "PORT=1 vite --host", "a && ng serve"] {
            assert!(remark(main), "{main}");
        }
        for main in ["next start", "vite preview", "node nodemon.js", "node ."] {
            assert!(!remark(main), "{main}");
        }
    }

    #[test]
    fn a_script_that_only_runs_another_one_stands_for_it() {
        let main = |scripts: &str| {
            let package =
                PackageJson::parse(&format!("{{\"scripts\": {scripts}}}"), "package.json").unwrap();
            Script::read(&package, "start").unwrap().main
        };
        let two = r#"{"start": "npm run serve", "serve": "yarn run real", "real": "node ."}"#;
        assert_eq!(main(two), "node .");
        let circle = r#"{"start": "npm run serve", "serve": "npm start"}"#;
        assert!(main(circle).starts_with("npm "));
        for kept in [
            r#"{"start": "npm run serve", "serve": "a && b"}"#,
            r#"{"start": "npm run serve", "serve": "node .", "preserve": "x"}"#,
            r#"{"start": "npm run serve -- --x", "serve": "node ."}"#,
            r#"{"start": "npm run serve"}"#,
        ] {
            assert!(main(kept).starts_with("npm run serve"), "{kept}");
        }
    }

    #[test]
    fn everything_else_does() {
        for text in [
            "node a && node b",
            "NODE_ENV=test node a",
            "node $FILE",
            "cd dist && node .",
            "cd dist",
            "node a | cat",
            "node a > log",
            "node *.js",
            "node ~/a",
            "node 'a",
            "",
        ] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
