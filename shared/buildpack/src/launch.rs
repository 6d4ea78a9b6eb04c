//! What a buildpack declares for the image: processes, labels, slices, SBOMs.

use std::path::PathBuf;

use kouti_report::Log;
use kouti_sbom::Document;
use serde::Serialize;

use crate::command::as_typed;
use crate::{Problem, Sboms};

/// One way to start the app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Process {
    /// `web`, `worker`: letters, digits, `.`, `-`, `_`.
    pub kind: String,
    /// Program and fixed arguments. Run without a shell.
    pub command: Vec<String>,
    /// Arguments that `docker run IMAGE args…` replaces.
    pub args: Vec<String>,
    /// Whether it starts when no type is named.
    pub default: bool,
    /// Where it starts, if not in the app's directory.
    pub working_dir: Option<PathBuf>,
}

impl Process {
    /// A process in the app's directory without replaceable arguments.
    #[must_use]
    pub fn new<W: Into<String>>(kind: &str, command: impl IntoIterator<Item = W>) -> Self {
        Self {
            kind: kind.to_owned(),
            command: command.into_iter().map(Into::into).collect(),
            args: Vec::new(),
            default: false,
            working_dir: None,
        }
    }

    /// Makes it the one that starts when no type is named.
    #[must_use]
    pub fn default(mut self) -> Self {
        self.default = true;
        self
    }

    /// Starts it in `dir`.
    #[must_use]
    pub fn working_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.working_dir = Some(dir.into());
        self
    }

    /// Adds arguments that a user can replace.
    #[must_use]
    pub fn args<W: Into<String>>(mut self, args: impl IntoIterator<Item = W>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }
}

/// Everything a build declares besides its layers.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Process types; at most one is the default.
    pub processes: Vec<Process>,
    /// Image labels; of equal keys the last buildpack's wins.
    pub labels: Vec<(String, String)>,
    /// Globs relative to the app; each list becomes an image layer of its own.
    pub slices: Vec<Vec<String>>,
    /// What is in the image but in no layer: the packages of the app.
    pub sbom: Option<Document>,
    /// What was only used to build.
    pub build_sbom: Option<Document>,
    /// Plan entries this buildpack leaves to a later one.
    pub unmet: Vec<String>,
}

impl Launch {
    /// Shows the processes as the user will see them in the image.
    pub(crate) fn show(&self, log: &mut Log) {
        if self.processes.is_empty() {
            return;
        }
        log.step("Processes");
        let rows: Vec<_> = self
            .processes
            .iter()
            .map(|process| {
                let mark = if process.default { " (default)" } else { "" };
                let command = as_typed(process.command.iter().chain(&process.args));
                [format!("{}{mark}", process.kind), command]
            })
            .collect();
        log.table(&rows);
    }

    /// The text of `launch.toml`.
    pub(crate) fn to_toml(&self, sboms: &Sboms) -> Result<String, Problem> {
        let is_name = |kind: &str| {
            !kind.is_empty()
                && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if let Some(process) = self.processes.iter().find(|process| !is_name(&process.kind)) {
            let kind = &process.kind;
            return Err(anyhow::anyhow!("`{kind}` cannot be the name of a process").into());
        }
        let label = |(key, value): &(String, String)| spec::Label {
            key: key.clone(),
            value: value.clone(),
        };
        // Paketo's name: scanners look for it.
        let disabled = ("io.paketo.sbom.disabled".to_owned(), "true".to_owned());
        let disabled = sboms.are_disabled().then_some(&disabled);
        let launch = spec::Launch {
            labels: self.labels.iter().chain(disabled).map(label).collect(),
            processes: self.processes.iter().map(spec::Process::from).collect(),
            slices: self.slices.iter().map(|globs| spec::Slice { paths: globs }).collect(),
        };
        Ok(toml::to_string(&launch).map_err(anyhow::Error::from)?)
    }
}

/// `launch.toml` as the [specification][spec] has it.
///
/// [spec]: https://github.com/buildpacks/spec/blob/buildpack/v0.10/buildpack.md#launchtoml-toml
mod spec {
    use std::path::Path;

    use serde::Serialize;

    #[derive(Serialize)]
    pub(super) struct Launch<'a> {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub(super) labels: Vec<Label>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub(super) processes: Vec<Process<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub(super) slices: Vec<Slice<'a>>,
    }

    #[derive(Serialize)]
    pub(super) struct Label {
        pub(super) key: String,
        pub(super) value: String,
    }

    #[derive(Serialize)]
    pub(super) struct Process<'a> {
        r#type: &'a str,
        command: &'a [String],
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        args: &'a [String],
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        default: bool,
        #[serde(rename = "working-dir", skip_serializing_if = "Option::is_none")]
        working_dir: Option<&'a Path>,
    }

    #[derive(Serialize)]
    pub(super) struct Slice<'a> {
        pub(super) paths: &'a [String],
    }

    impl<'a> From<&'a super::Process> for Process<'a> {
        fn from(process: &'a super::Process) -> Self {
            Self {
                r#type: &process.kind,
                command: &process.command,
                args: &process.args,
                default: process.default,
                working_dir: process.working_dir.as_deref(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_declared_is_in_the_file() {
        let launch = Launch {
            processes: vec![
                Process::new("web", ["node", "server.js"]).args(["--port"]).default(),
                Process::new("worker.1", ["node"]).working_dir("/workspace/worker"),
            ],
            labels: vec![("a".to_owned(), "b".to_owned())],
            slices: vec![vec!["node_modules".to_owned()]],
            ..Launch::default()
        };
        let text = launch.to_toml(&Sboms::default()).unwrap();
        insta::assert_snapshot!(text, @r#"
        [[labels]]
        key = "a"
        value = "b"

        [[labels]]
        key = "io.paketo.sbom.disabled"
        value = "true"

        [[processes]]
        type = "web"
        command = ["node", "server.js"]
        args = ["--port"]
        default = true

        [[processes]]
        type = "worker.1"
        command = ["node"]
        working-dir = "/workspace/worker"

        [[slices]]
        paths = ["node_modules"]
        "#);
        toml::from_str::<libcnb_data::launch::Launch>(&text).unwrap();
    }

    #[test]
    fn a_name_that_the_lifecycle_would_refuse_is_an_error() {
        for kind in ["", "a b", "ä", "a/b"] {
            let launch = Launch { processes: vec![Process::new(kind, ["x"])], ..Launch::default() };
            let problem = launch.to_toml(&Sboms::default()).unwrap_err();
            assert_eq!(problem.summary, format!("`{kind}` cannot be the name of a process"));
        }
    }
}
