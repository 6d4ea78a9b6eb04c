//! Each buildpack's own share: detect, a build in which everything is cached, sizes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use kouti_testing::lifecycle::{Env, Lifecycle, Order};
use serde::Deserialize;

use super::measure::{median, run, seconds};
use super::{Figure, java, npm};
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
    seconds: f64,
}

impl Report {
    /// That of the last build of a buildpack.
    fn read(reports: &Path, id: &str) -> Result<Self> {
        let name = format!("{}.json", id.replace('/', "_"));
        Ok(serde_json::from_slice(&fs_err::read(reports.join(name))?)?)
    }

    fn seconds_of(&self, kind: &str) -> f64 {
        let events = self.events.iter().filter(|event| event.kind == kind);
        events.map(|event| event.seconds).sum()
    }
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
        let mut build = SampleBuild::start(workspace, packages, &sample)?;
        figures.extend(build.warm(runs)?);
        match sample.as_str() {
            "nodejs" => figures.extend(npm::measure(workspace, runs.min(5))?),
            "dotnet" => figures.extend(build.changed(runs.min(3), "kouti/dotnet", 100.0)?),
            "java" => {
                figures.extend(build.changed(runs.min(3), "kouti/java", 150.0)?);
                figures.extend(java::measure(&build.lifecycle, packages, &build.dir, runs)?);
            }
            _ => {}
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

/// A sample that is built again and again.
struct SampleBuild {
    /// The sample.
    app: PathBuf,
    dir: PathBuf,
    reports: PathBuf,
    order: Order,
    lifecycle: Lifecycle,
}

impl SampleBuild {
    /// Builds it once, which fills the caches.
    fn start(workspace: &Workspace, packages: &[Package], sample: &str) -> Result<Self> {
        let dir = workspace.target().join("bench/build").join(sample);
        let reports = dir.join("reports");
        if dir.exists() {
            fs_err::remove_dir_all(&dir)?;
        }
        fs_err::create_dir_all(&reports)?;
        let dirs: Vec<_> = packages.iter().map(|package| package.dir.clone()).collect();
        let order = dev::order(&crate::builder::Descriptor::read(&workspace.root)?, &dirs)?;
        let lifecycle: Lifecycle = dev::lifecycle(workspace, &dir.join("lifecycle"))?;
        let env: Env = dev::user_env(workspace, &[format!("BP_REPORT_DIR={}", reports.display())])?;
        lifecycle.set_user_env(&env)?;
        let app = workspace.root.join("samples").join(sample);
        let mut build = Self { app, dir, reports, order, lifecycle };
        let _ = build.again(None)?;
        Ok(build)
    }

    /// Builds it once more, with another source if there is a `change`: the buildpacks that took part.
    fn again(&mut self, change: Option<usize>) -> Result<Vec<String>> {
        self.lifecycle.copy_app(&self.app)?;
        if let Some(change) = change {
            fs_err::write(self.lifecycle.app_dir().join("CHANGES.md"), change.to_string())?;
        }
        let detected = self.lifecycle.detect(&self.order)?.outcome.map_err(anyhow::Error::from)?;
        self.lifecycle.build(&detected, &mut |_, _| {})?;
        Ok(detected.group.iter().map(|buildpack| buildpack.id.clone()).collect())
    }

    /// From the build reports: what each buildpack took without the tools it ran, where nothing has changed.
    fn warm(&mut self, runs: usize) -> Result<Vec<Figure>> {
        let mut shares = std::collections::BTreeMap::<String, Vec<f64>>::new();
        for _ in 0..runs {
            for id in self.again(None)? {
                let share = own_share(&self.reports, &id)?;
                shares.entry(id).or_default().push(share);
            }
        }
        let figure = |(id, values): (String, Vec<f64>)| {
            Figure::new(format!("{id} warm build, own share"), median(values) * 1e3, "ms")
                .budget(30.0)
        };
        Ok(shares.into_iter().map(figure).collect())
    }

    /// The same where the source has changed, so that the build tool runs. Unpacking it is the price of
    /// not having the platform store and restore it, and is shown beside what has the budget.
    fn changed(&mut self, runs: usize, id: &str, budget: f64) -> Result<[Figure; 2]> {
        let (mut own, mut unpacking) = (Vec::new(), Vec::new());
        for change in 0..runs {
            let _ = self.again(Some(change))?;
            let unpacked = Report::read(&self.reports, id)?.seconds_of("download");
            own.push(own_share(&self.reports, id)? - unpacked);
            unpacking.push(unpacked);
        }
        let figure =
            |what: &str, values| Figure::new(format!("{id} {what}"), median(values) * 1e3, "ms");
        Ok([
            figure("build of changed source, own share without unpacking", own).budget(budget),
            figure("build of changed source, unpacking of tools", unpacking),
        ])
    }
}

/// Seconds of the last build of a buildpack, without the tools that it ran.
pub(super) fn own_share(reports: &Path, id: &str) -> Result<f64> {
    let report = Report::read(reports, id)?;
    Ok(report.seconds - report.seconds_of("command"))
}

fn megabytes(file: &Path) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a size to show")]
    Ok(fs_err::metadata(file)?.len() as f64 / 1e6)
}
