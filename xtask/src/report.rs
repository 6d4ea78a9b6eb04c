//! `cargo xtask report`: the build reports in a directory as one page, for people.
//!
//! Buildpacks write one report each, with times from their own start. They ran one after the other, in the order in which
//! their reports were written: the page puts them behind each other.

mod page;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::advice::Advice;
use crate::files;
use crate::workspace::Workspace;

/// The schema of `docs/report.schema.json` that is understood here.
const SCHEMA: u32 = 1;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Directory with reports: what `BP_REPORT_DIR` named
    dir: PathBuf,
    /// Where to write the page [default: report.html beside the reports]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// What one buildpack did.
#[derive(Debug, Deserialize)]
struct Report {
    buildpack: String,
    version: String,
    target: Target,
    settings: Vec<Setting>,
    events: Vec<Event>,
    #[serde(default)]
    layers: Vec<Layer>,
    warnings: Vec<String>,
    error: Option<Failure>,
    seconds: f64,
}

#[derive(Debug, Deserialize)]
struct Target {
    os: String,
    arch: String,
    distro_name: String,
    distro_version: String,
}

#[derive(Debug, Deserialize)]
struct Setting {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Event {
    kind: Kind,
    name: String,
    outcome: String,
    reasons: Vec<String>,
    bytes: Option<u64>,
    started: f64,
    seconds: f64,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Choice,
    Layer,
    Command,
    Download,
    /// Of a newer report.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Layer {
    name: String,
    launch: bool,
    build: bool,
    cache: bool,
    bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    id: String,
    summary: String,
}

/// What tells a report from another file.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let reports = read(&args.dir)?;
    let to = args.to.clone().unwrap_or_else(|| args.dir.join("report.html"));
    files::write(&to, page::render(&reports))?;
    workspace.say("report", to.display());
    Ok(())
}

/// All reports of a directory, in the order of the build.
fn read(dir: &Path) -> Result<Vec<Report>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "json") {
            let written = entry.metadata()?.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push((written, entry.path()));
        }
    }
    found.sort();
    let reports: Vec<_> = found.iter().map(|(_, path)| report(path)).collect::<Result<Vec<_>>>()?;
    if reports.is_empty() {
        let hint = "build with `BP_REPORT_DIR` naming a directory that the build can write to";
        let summary = format!("there is no build report in {}", dir.display());
        return Err(Advice::new(summary, hint).into());
    }
    Ok(reports)
}

fn report(path: &Path) -> Result<Report> {
    let text = fs_err::read_to_string(path)?;
    let because = || format!("{} is not a build report", path.display());
    let Schema { schema } = serde_json::from_str(&text).with_context(because)?;
    if schema != SCHEMA {
        let summary = format!("{} has schema {schema}, not {SCHEMA}", path.display());
        return Err(Advice::new(summary, "use the `xtask` of the version that wrote it").into());
    }
    serde_json::from_str(&text).with_context(because)
}

#[cfg(test)]
mod tests;
