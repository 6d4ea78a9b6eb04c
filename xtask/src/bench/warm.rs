//! What each buildpack itself takes of a rebuild, without the tools that it runs: of every sample, on the base image
//! that its runtimes are made for.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use super::images::copy_sample;
use super::measure::median;
use super::pack_build::PackBuild;
use super::{Figure, npm};
use crate::setup::Setup;
use crate::workspace::Workspace;

/// What of a build report counts here.
#[derive(Deserialize)]
struct Report {
    buildpack: String,
    seconds: f64,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    kind: String,
    seconds: f64,
}

/// What has changed since the build before, with the most milliseconds that a buildpack may take.
const SCENARIOS: [(&str, f64); 2] = [("nothing changed", 30.0), ("source changed", 100.0)];

pub(super) fn measure(workspace: &Workspace, setup: &Setup, runs: usize) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for sample in workspace.samples()? {
        figures.extend(sample_shares(workspace, setup, &sample, runs)?);
        if sample == "nodejs" {
            figures.extend(npm::measure(workspace, runs)?);
        }
    }
    Ok(figures)
}

fn sample_shares(
    workspace: &Workspace,
    setup: &Setup,
    sample: &str,
    runs: usize,
) -> Result<Vec<Figure>> {
    let dir = workspace.target().join("bench/warm").join(sample);
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    let (app, reports) = (&dir.join("app"), dir.join("reports"));
    copy_sample(workspace, sample, app)?;
    fs_err::create_dir_all(&reports)?;
    // Builds run as a user of the image.
    fs_err::set_permissions(&reports, std::fs::Permissions::from_mode(0o777))?;
    let volume = format!("{}:/reports:rw", reports.display());
    let arguments = ["--env", "BP_REPORT_DIR=/reports", "--volume", &volume];
    let arguments = &arguments.map(str::to_owned)[..];
    let (image, builder) = ("kouti/bench-warm", setup.builder);
    let build = PackBuild { workspace, setup, image, builder, app, arguments };

    build.forget();
    // Fills the caches.
    build.run()?;
    let mut shares = BTreeMap::<(String, usize), Vec<f64>>::new();
    for round in 0..runs {
        workspace.say("bench", format_args!("warm build, {sample}, round {}", round + 1));
        for (scenario, (what, _)) in SCENARIOS.iter().enumerate() {
            if *what == "source changed" {
                fs_err::write(app.join("changed.txt"), round.to_string())?;
            }
            build.run()?;
            for (id, share) in own_shares(&reports)? {
                shares.entry((id, scenario)).or_default().push(share);
            }
        }
    }
    build.forget();
    let figure = |((id, scenario), values): ((String, usize), Vec<f64>)| {
        let (what, budget) = SCENARIOS[scenario];
        let what = format!("{id} on {sample}, {what}, own share");
        Figure::new(what, median(values) * 1e3, "ms").budget(budget)
    };
    Ok(shares.into_iter().map(figure).collect())
}

/// Seconds of the last build by buildpack, without the tools that it ran.
pub(super) fn own_shares(reports: &Path) -> Result<BTreeMap<String, f64>> {
    let mut shares = BTreeMap::new();
    for entry in fs_err::read_dir(reports)? {
        let report: Report = serde_json::from_slice(&fs_err::read(entry?.path())?)?;
        let tools = report.events.iter().filter(|event| event.kind == "command");
        let tools: f64 = tools.map(|event| event.seconds).sum();
        shares.insert(report.buildpack, report.seconds - tools);
    }
    Ok(shares)
}
