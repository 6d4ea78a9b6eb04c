//! What each buildpack itself takes of a rebuild, without the tools that it runs: of every sample, on the base image
//! that its runtimes are made for.
//!
//! Unpacking these tools is the price of not having the platform store and restore them, and a figure of its own.

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

/// What Maven has built is one file, which has to be taken apart in every build.
const JAVA: f64 = 150.0;

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
    let mut shares = BTreeMap::<(String, usize), Vec<Share>>::new();
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
    let figures = |((id, scenario), shares): ((String, usize), Vec<Share>)| {
        let (what, budget) = SCENARIOS[scenario];
        let figure = |name: &str, of: fn(&Share) -> f64| {
            let took = median(shares.iter().map(of).collect());
            Figure::new(format!("{id} on {sample}, {what}, {name}"), took * 1e3, "ms")
        };
        let budget = if id == "kouti/java" { JAVA } else { budget };
        let own = figure("own share", |share| share.own).budget(budget);
        let unpacking = figure("unpacking", |share| share.unpacking);
        [Some(own), (unpacking.value > 0.0).then_some(unpacking)].into_iter().flatten()
    };
    Ok(shares.into_iter().flat_map(figures).collect())
}

/// Of one build, in seconds.
pub(super) struct Share {
    /// Without the tools that it ran, and without what follows.
    pub(super) own: f64,
    /// Download, verification and unpacking.
    unpacking: f64,
}

/// What the last build took, by buildpack.
pub(super) fn own_shares(reports: &Path) -> Result<BTreeMap<String, Share>> {
    let mut shares = BTreeMap::new();
    for entry in fs_err::read_dir(reports)? {
        let report: Report = serde_json::from_slice(&fs_err::read(entry?.path())?)?;
        let seconds_of = |kind: &str| -> f64 {
            report.events.iter().filter(|event| event.kind == kind).map(|event| event.seconds).sum()
        };
        let unpacking = seconds_of("download");
        let own = report.seconds - seconds_of("command") - unpacking;
        shares.insert(report.buildpack, Share { own, unpacking });
    }
    Ok(shares)
}
