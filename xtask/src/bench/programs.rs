//! Programs by themselves: detect, and sizes.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Figure;
use super::measure::{run, seconds};
use crate::host;
use crate::package::Package;
use crate::workspace::Workspace;

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

fn megabytes(file: &Path) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a size to show")]
    Ok(fs_err::metadata(file)?.len() as f64 / 1e6)
}
