//! What it costs to keep a layer of 30,000 files: no file of it may be touched.

use std::os::unix::fs::symlink;
use std::process::Command;

use anyhow::{Context as _, Result};
use kouti_testing::lifecycle::{Buildpack, Env, Lifecycle, Member};

use super::Figure;
use super::measure::{build, median};
use super::warm::own_shares;
use crate::workspace::Workspace;
use crate::{build, dev, host};

pub(super) fn measure(workspace: &Workspace, runs: usize) -> Result<Vec<Figure>> {
    host::need(workspace, &[("strace", &["strace"])])?;
    build::optimised(workspace)?
        .args(["--package", "kouti", "--example", "many_files"])
        .quiet(workspace, "many_files example")?;
    let dir = workspace.target().join("bench/reuse");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    let buildpack = dir.join("buildpack");
    fs_err::create_dir_all(buildpack.join("bin"))?;
    fs_err::write(
        buildpack.join("buildpack.toml"),
        "api = \"0.10\"\n[buildpack]\nid = \"kouti/many-files\"\nversion = \"0.0.0\"\n\
         [[targets]]\nos = \"linux\"\narch = \"amd64\"\n",
    )?;
    let program = workspace.release().join("examples/many_files");
    fs_err::copy(&program, buildpack.join("bin/many_files"))?;
    // The trace says what was touched; the time is measured without it.
    let trace = dir.join("trace");
    let program = buildpack.join("bin/build");
    symlink("many_files", buildpack.join("bin/detect"))?;
    symlink("many_files", &program)?;

    let mut lifecycle: Lifecycle = dev::lifecycle(workspace, &dir.join("lifecycle"))?;
    let reports = dir.join("reports");
    fs_err::create_dir_all(&reports)?;
    let env: Env = dev::user_env(workspace, &[format!("BP_REPORT_DIR={}", reports.display())])?;
    lifecycle.set_user_env(&env)?;
    fs_err::create_dir_all(lifecycle.app_dir())?;
    let member = Member { buildpack: Buildpack::read(&buildpack)?, optional: false };
    let order = vec![vec![member]];
    let mut once = || -> Result<f64> {
        build(&mut lifecycle, &order)?;
        Ok(own_shares(&reports)?["kouti/many-files"].own * 1e3)
    };
    let made = once()?;
    let mut kept = Vec::new();
    for _ in 0..runs {
        kept.push(once()?);
    }
    fs_err::remove_file(&program)?;
    traced(&program, &buildpack.join("bin"), &trace)?;
    // A report has the sizes of layers, for which each file is looked at.
    lifecycle.set_user_env(&dev::user_env(workspace, &[])?)?;
    build(&mut lifecycle, &order)?;
    let calls = fs_err::read_to_string(&trace).context("strace wrote nothing")?;
    let touched = calls.lines().filter(|line| line.contains("/layers/kouti_many-files/files/"));
    #[expect(clippy::cast_precision_loss, reason = "a count to show")]
    let touched = touched.count() as f64;
    Ok(vec![
        Figure::new("30,000 files, made", made, "ms"),
        Figure::new("30,000 files, kept", median(kept), "ms").budget(30.0),
        Figure::new("30,000 files, touched when kept", touched, "calls").budget(10.0),
    ])
}

/// A program that is the build program under strace.
fn traced(path: &std::path::Path, bin: &std::path::Path, trace: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let script = format!(
        "#!/bin/bash\nexec strace -f -e trace=%file -o {} bash -c 'exec -a build \"$@\"' - {} \"$@\"\n",
        trace.display(),
        bin.join("many_files").display()
    );
    fs_err::write(path, script)?;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    // Not every kernel allows it; then there is no figure, rather than a wrong one.
    let output = Command::new("strace").args(["-e", "trace=none", "true"]).output()?;
    anyhow::ensure!(output.status.success(), "strace cannot trace here");
    Ok(())
}
