//! What `npm ci` takes alone, beside which our own share of a build is to be seen.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Figure;
use super::measure::{run, seconds};
use crate::workspace::Workspace;

/// Settings with which our builds run it.
const OURS: [(&str, &str); 5] = [
    ("npm_config_audit", "false"),
    ("npm_config_fund", "false"),
    ("npm_config_prefer_offline", "true"),
    ("npm_config_progress", "false"),
    ("npm_config_update_notifier", "false"),
];

/// With a warm cache, as users call it and as our builds do.
pub(super) fn measure(workspace: &Workspace, runs: usize) -> Result<Vec<Figure>> {
    let dir = workspace.target().join("bench/npm");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    fs_err::create_dir_all(dir.join("app"))?;
    for file in ["package.json", "package-lock.json"] {
        let sample = workspace.root.join("samples/nodejs").join(file);
        fs_err::copy(sample, dir.join("app").join(file))?;
    }
    let archive = newest_node(&workspace.mirror().join("archives"))?;
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&dir))?;

    let command = |settings: &[(&str, &str)]| {
        let mut command = Command::new(dir.join("bin/npm"));
        command.args(["ci", "--include=dev"]).current_dir(dir.join("app")).env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", dir.join("bin").display()));
        command.env("HOME", &dir).env("npm_config_cache", dir.join("cache"));
        command.envs(workspace.network.iter().cloned()).envs(settings.iter().copied());
        // Node.js has a name of its own for what the machine believes.
        let bundle = workspace.network.iter().find(|(name, _)| name == "SSL_CERT_FILE");
        command.envs(bundle.map(|(_, file)| ("NODE_EXTRA_CA_CERTS", file)));
        command
    };
    let plain = seconds(runs, || run(&mut command(&[])).map(drop))?;
    let ours = seconds(runs, || run(&mut command(&OURS)).map(drop))?;
    Ok(vec![
        Figure::new("npm ci alone", plain * 1e3, "ms"),
        Figure::new("npm ci alone, with the settings of our builds", ours * 1e3, "ms"),
    ])
}

fn newest_node(archives: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(archives)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("node-24.") {
            found.push(path);
        }
    }
    found.into_iter().max().context("there is no Node.js 24 of the local profile")
}
