//! Download, verification and unpacking at once, against the slowest of them alone.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use kouti_testing::upstream::{Page, Upstream};

use super::Figure;
use super::measure::{peak_memory, run, seconds};
use crate::stamp;
use crate::workspace::Workspace;
use crate::{build, host};

pub(super) fn measure(workspace: &Workspace, runs: usize) -> Result<Vec<Figure>> {
    host::need(workspace, &[("curl", &["curl"]), ("time", &["time"])])?;
    let archive = largest_archive(&workspace.mirror().join("archives"))?;
    workspace.say("bench", format_args!("fetching {}", archive.display()));
    build::optimised(workspace)?
        .args(["--package", "kouti-fetch", "--example", "fetch"])
        .quiet(workspace, "fetch example")?;
    let program = workspace.release().join("examples/fetch");

    let checksum = format!("sha256:{}", stamp::sha256(&archive)?);
    let upstream = Upstream::start();
    upstream.serve("/archive.tar.gz", Page::simple(fs_err::read(&archive)?));
    let url = upstream.url("/archive.tar.gz");
    let scratch = workspace.target().join("bench/fetch");
    let fresh = || -> Result<()> {
        if scratch.exists() {
            fs_err::remove_dir_all(&scratch)?;
        }
        Ok(fs_err::create_dir_all(&scratch)?)
    };

    let ours = || {
        let mut command = Command::new(&program);
        command.args([&url, &checksum]).arg(scratch.join("out"));
        command
    };
    let all = seconds(runs, || {
        fresh()?;
        run(&mut ours()).map(drop)
    })?;
    let curl = seconds(runs, || {
        run(Command::new("curl").args(["--silent", "--output", "/dev/null", &url])).map(drop)
    })?;
    let sum = seconds(runs, || run(Command::new("sha256sum").arg(&archive)).map(drop))?;
    let tar = seconds(runs, || {
        fresh()?;
        run(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(&scratch)).map(drop)
    })?;
    fresh()?;
    let peak = Figure::new("fetch, peak memory", peak_memory(&ours())?, "MB").budget(32.0);
    fresh()?;
    let slowest = curl.max(sum).max(tar);
    Ok(vec![
        Figure::new("fetch, verify and unpack at once", all, "s"),
        Figure::new("curl alone", curl, "s"),
        Figure::new("sha256sum alone", sum, "s"),
        Figure::new("tar xzf alone", tar, "s"),
        Figure::new("fetch beside the slowest alone", all / slowest, "x").budget(1.15),
        peak,
    ])
}

fn largest_archive(dir: &Path) -> Result<std::path::PathBuf> {
    let mut largest = None;
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(".tar.gz") {
            largest = largest.max(Some((entry.metadata()?.len(), entry.path())));
        }
    }
    let (_, path) = largest.with_context(|| format!("{} holds no archive", dir.display()))?;
    Ok(path)
}
