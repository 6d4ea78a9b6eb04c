//! What a buildpack declares for the image: processes, labels, slices, SBOMs.

use std::path::PathBuf;

use kouti_report::Log;
use kouti_sbom::Document;
use libcnb_data::launch as spec;
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

    /// In the form libcnb writes.
    pub(crate) fn to_libcnb(&self, sboms: &Sboms) -> Result<spec::Launch, Problem> {
        let mut launch = spec::Launch::default();
        for process in &self.processes {
            let kind = process.kind.parse().map_err(|_| {
                anyhow::anyhow!("`{}` cannot be the name of a process", process.kind)
            })?;
            launch.processes.push(spec::Process {
                r#type: kind,
                command: process.command.clone(),
                args: process.args.clone(),
                default: process.default,
                working_directory: process
                    .working_dir
                    .clone()
                    .map_or(spec::WorkingDirectory::App, spec::WorkingDirectory::Directory),
            });
        }
        for (key, value) in &self.labels {
            launch.labels.push(spec::Label { key: key.clone(), value: value.clone() });
        }
        if sboms.are_disabled() {
            // Paketo's name: scanners look for it.
            launch.labels.push(spec::Label {
                key: "io.paketo.sbom.disabled".to_owned(),
                value: "true".to_owned(),
            });
        }
        for globs in &self.slices {
            launch.slices.push(spec::Slice { path_globs: globs.clone() });
        }
        Ok(launch)
    }
}
