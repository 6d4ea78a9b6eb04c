//! `pack build`, timed by phase, and builders of one buildpack for it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::base;
use crate::builder::{pack, pull_policy};
use crate::setup::Setup;
use crate::workspace::Workspace;

/// Seconds by phase, `total` among them.
pub(super) type Phases = BTreeMap<String, f64>;

/// What one build differs by from another; all have an image whose name holds `kouti/bench`.
pub(super) struct PackBuild<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) setup: &'a Setup,
    pub(super) image: &'a str,
    pub(super) builder: &'a str,
    pub(super) app: &'a Path,
    pub(super) arguments: &'a [String],
}

impl PackBuild<'_> {
    pub(super) fn run(&self) -> Result<Phases> {
        let mut command = Command::new(&self.setup.tools.pack);
        command
            .args(["build", self.image, "--builder", self.builder, "--trust-builder"])
            .args(["--pull-policy", pull_policy(self.setup.profile)])
            .args(self.arguments)
            .arg("--path")
            .arg(self.app)
            .env("PACK_HOME", self.workspace.target().join("pack"))
            .env("PACK_VOLUME_KEY", "kouti-bench")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let started = Instant::now();
        let mut child = command.spawn().context("cannot start pack")?;
        let output = child.stdout.take().context("pack has an output")?;

        let mut phases = Phases::new();
        let (mut phase, mut since) = ("before".to_owned(), started);
        let mut log = String::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(next) = line.trim_start_matches(['[', ' ']).strip_prefix("===> ") {
                *phases
                    .entry(std::mem::replace(&mut phase, next.trim().to_lowercase()))
                    .or_default() += since.elapsed().as_secs_f64();
                since = Instant::now();
            }
            log.push_str(&line);
            log.push('\n');
        }
        *phases.entry(phase).or_default() += since.elapsed().as_secs_f64();
        let status = child.wait()?;
        if !status.success() {
            bail!("pack build failed ({status})\n{log}");
        }
        phases.insert("total".to_owned(), started.elapsed().as_secs_f64());
        Ok(phases)
    }

    /// Removes image and caches, so that the next build is a cold one.
    pub(super) fn forget(&self) {
        // It may not be there.
        let _ = docker(&["rmi", "--force", self.image]);
        forget_caches("kouti_bench");
    }
}

/// Removes the caches of builds whose volumes have this in their name.
pub(super) fn forget_caches(name: &str) {
    // They may not be there.
    let listed = docker(&["volume", "ls", "--quiet"]).unwrap_or_default();
    for volume in listed.lines().filter(|volume| volume.contains(name)) {
        let _ = docker(&["volume", "rm", volume]);
    }
}

fn docker(args: &[&str]) -> Result<String> {
    crate::command::Command::new("docker").args(args).output()
}

/// Writes a buildpack of two shell scripts; more may be put beside them.
pub(super) fn write_buildpack(dir: &Path, id: &str, build: &str) -> Result<()> {
    fs_err::create_dir_all(dir.join("bin"))?;
    let descriptor = format!(
        "api = \"0.10\"\n[buildpack]\nid = \"{id}\"\nversion = \"0.0.0\"\n\
         [[targets]]\nos = \"linux\"\narch = \"amd64\"\n"
    );
    fs_err::write(dir.join("buildpack.toml"), descriptor)?;
    for (name, text) in [("detect", "#!/bin/sh\nexit 0\n"), ("build", build)] {
        let path = dir.join("bin").join(name);
        fs_err::write(&path, text)?;
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A builder that holds nothing but the buildpack in `dir`, on the local base images.
pub(super) fn builder_of(
    workspace: &Workspace,
    setup: &Setup,
    name: &str,
    (id, dir): (&str, &Path),
) -> Result<()> {
    let config = dir.with_extension("builder.toml");
    let text = format!(
        "[[buildpacks]]\nid = \"{id}\"\nuri = \"{}\"\n\
         [[order]]\n[[order.group]]\nid = \"{id}\"\nversion = \"0.0.0\"\n\
         [build]\nimage = \"{}\"\n[[run.images]]\nimage = \"{}\"\n[lifecycle]\nuri = \"{}\"\n",
        dir.display(),
        base::BUILD_IMAGE,
        base::RUN_IMAGE,
        setup.tools.archive.display()
    );
    fs_err::write(&config, text)?;
    pack(workspace, &setup.tools)
        .args(["builder", "create", name, "--pull-policy", "never", "--config"])
        .arg(&config)
        .quiet(workspace, "bench-builder")
}
