//! Each buildpack's own share: detect, a build in which everything is cached, sizes.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use kouti_testing::lifecycle::{Env, Lifecycle};
use serde::Deserialize;

use super::measure::{median, run, seconds};
use super::{Figure, npm};
use crate::package::Package;
use crate::workspace::Workspace;
use crate::{dev, host};

/// What of a build report counts here.
#[derive(Deserialize)]
struct Report {
    seconds: f64,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    kind: String,
    outcome: String,
    started: f64,
    seconds: f64,
}

pub(super) fn measure(
    workspace: &Workspace,
    packages: &[Package],
    runs: usize,
) -> Result<Vec<Figure>> {
    host::need(workspace, &[("time", &["time"])])?;
    let mut figures = Vec::new();
    let mut total = 0.0;
    for package in packages {
        let detect = detect_command(workspace, &package.dir)?;
        let took = seconds(runs, || run_detect(&detect))?;
        figures.push(Figure::new(format!("{} detect", package.id), took * 1e3, "ms").budget(5.0));
        let size = megabytes(&package.dir.join("bin/build"))?;
        total += size;
        figures.push(Figure::new(format!("{} binary", package.id), size, "MB").budget(4.0));
        let helper = package.dir.join("bin/helper");
        if helper.is_file() {
            let size = megabytes(&helper)?;
            total += size;
            figures.push(Figure::new(format!("{} helper", package.id), size, "MB").budget(2.0));
        }
    }
    figures.push(Figure::new("all binaries", total, "MB").budget(60.0));
    for sample in workspace.samples()? {
        figures.extend(warm_build(workspace, packages, &sample, runs)?);
        if sample == "nodejs" {
            figures.extend(npm::measure(workspace, runs.min(5))?);
        }
    }
    Ok(figures)
}

/// Detect on an app of its own language, if there is a sample; what it says does not matter here.
fn detect_command(workspace: &Workspace, package: &Path) -> Result<Command> {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_start_matches("kouti_").trim_end_matches("-offline");
    let sample = workspace.root.join("samples").join(name);
    let app = if sample.is_dir() { sample } else { workspace.root.join("samples/nodejs") };
    let scratch = workspace.target().join("bench/detect");
    fs_err::create_dir_all(scratch.join("platform"))?;
    let mut command = Command::new(package.join("bin/detect"));
    command
        .args([scratch.join("platform"), scratch.join("plan.toml")])
        .current_dir(app)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("CNB_BUILDPACK_DIR", package)
        .env("CNB_TARGET_OS", "linux")
        .env("CNB_TARGET_ARCH", "amd64")
        .env("CNB_TARGET_DISTRO_NAME", "debian")
        .env("CNB_TARGET_DISTRO_VERSION", "13");
    Ok(command)
}

fn run_detect(command: &Command) -> Result<()> {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args()).env_clear();
    again.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        again.current_dir(dir);
    }
    let output = again.output()?;
    // 100 is a plain no.
    if matches!(output.status.code(), Some(0 | 100)) { Ok(()) } else { run(&mut again).map(drop) }
}

/// Builds a sample again and again: what each buildpack took from the start of its program to its end, without the
/// tools that it started; and what
/// of that went into layers that each build makes anew.
fn warm_build(
    workspace: &Workspace,
    packages: &[Package],
    sample: &str,
    runs: usize,
) -> Result<Vec<Figure>> {
    let dir = workspace.target().join("bench/build").join(sample);
    let reports = dir.join("reports");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    fs_err::create_dir_all(&reports)?;
    let dirs: Vec<_> = packages.iter().map(|package| package.dir.clone()).collect();
    let order = dev::order(&crate::builder::Descriptor::read(&workspace.root)?, &dirs)?;
    let mut lifecycle: Lifecycle = dev::lifecycle(workspace, &dir.join("lifecycle"))?;
    let env: Env = dev::user_env(workspace, &[format!("BP_REPORT_DIR={}", reports.display())])?;
    lifecycle.set_user_env(&env)?;

    let mut times = std::collections::BTreeMap::<String, [Vec<f64>; 3]>::new();
    // The first build fills the caches.
    for round in 0..=runs {
        lifecycle.copy_app(&workspace.root.join("samples").join(sample))?;
        let detected = lifecycle.detect(&order)?.outcome.map_err(anyhow::Error::from)?;
        let build = lifecycle.build(&detected, &mut |_, _| {})?;
        for (id, took) in build.took.into_iter().filter(|_| round > 0) {
            let (report, whole) = (read_report(&reports, &id)?, took.as_secs_f64());
            let seconds = [whole, whole - report.tools(), report.layers_made()];
            for (times, seconds) in times.entry(id).or_default().iter_mut().zip(seconds) {
                times.push(seconds * 1e3);
            }
        }
    }
    Ok(times
        .into_iter()
        .flat_map(|(id, times)| {
            let [whole, share, made] = times.map(median);
            let name = format!("{sample}: {id} warm build");
            let figure = |what: &str, ms| Figure::new(format!("{name}{what}"), ms, "ms");
            let share = figure(", own share", share).budget(30.0);
            let made = (made > 0.0).then(|| figure(", of that layers made anew", made));
            [Some(figure("", whole)), Some(share), made].into_iter().flatten()
        })
        .collect())
}

/// Seconds of the last build of a buildpack by its own clock, without the tools that it ran.
pub(super) fn own_share(reports: &Path, id: &str) -> Result<f64> {
    let report = read_report(reports, id)?;
    Ok(report.seconds - report.tools())
}

fn read_report(reports: &Path, id: &str) -> Result<Report> {
    let name = format!("{}.json", id.replace('/', "_"));
    Ok(serde_json::from_slice(&fs_err::read(reports.join(name))?)?)
}

impl Report {
    /// Seconds that the tools took.
    fn tools(&self) -> f64 {
        self.commands().map(|event| event.seconds).sum()
    }

    /// Seconds that went into layers that were made, without the tools that made them.
    fn layers_made(&self) -> f64 {
        let layers = self.events.iter().filter(|event| event.kind == "layer");
        layers
            .filter(|layer| layer.outcome == "made")
            .map(|layer| {
                let during = layer.started..=layer.started + layer.seconds;
                let tools = self.commands().filter(|tool| during.contains(&tool.started));
                layer.seconds - tools.map(|tool| tool.seconds).sum::<f64>()
            })
            .sum()
    }

    fn commands(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.kind == "command")
    }
}

fn megabytes(file: &Path) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a size to show")]
    Ok(fs_err::metadata(file)?.len() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_layers_are_apart() {
        let event = |kind: &str, started, seconds| Event {
            kind: kind.to_owned(),
            outcome: "made".to_owned(),
            started,
            seconds,
        };
        let mut events = vec![event("layer", 1.0, 4.0), event("command", 2.0, 2.5)];
        events.extend([event("command", 6.0, 1.0), event("choice", 0.0, 9.0)]);
        events.push(Event { outcome: "reused".to_owned(), ..event("layer", 7.0, 0.5) });
        let report = Report { seconds: 10.0, events };
        assert!((report.tools() - 3.5).abs() < f64::EPSILON);
        assert!((report.layers_made() - 1.5).abs() < f64::EPSILON);
    }
}
