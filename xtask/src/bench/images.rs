//! `pack build` as a user sees it: where the wall time goes, cold, with changed source and unchanged,
//! beside a buildpack that does nothing.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::Figure;
use super::measure::median;
use crate::base;
use crate::builder::{pack, pull_policy};
use crate::setup::Setup;
use crate::workspace::Workspace;

/// Seconds by phase, `total` among them.
type Phases = BTreeMap<String, f64>;

pub(super) fn measure(workspace: &Workspace, setup: &Setup, runs: usize) -> Result<Vec<Figure>> {
    let scratch = workspace.target().join("bench/images");
    if scratch.exists() {
        fs_err::remove_dir_all(&scratch)?;
    }
    fs_err::create_dir_all(&scratch)?;
    empty_builder(workspace, setup, &scratch)?;
    let app = scratch.join("app");
    let bench = Bench { workspace, setup, image: "kouti/bench", app: &app };

    let mut figures = Vec::new();
    for (name, builder) in [("empty buildpack", EMPTY_BUILDER), ("nodejs", setup.builder)] {
        copy_sample(workspace, "nodejs", &app)?;
        figures.extend(bench.scenarios(name, builder, runs)?);
    }
    Ok(figures)
}

/// Holds nothing but a buildpack that does nothing.
const EMPTY_BUILDER: &str = "kouti/builder:empty";

struct Bench<'a> {
    workspace: &'a Workspace,
    setup: &'a Setup,
    image: &'a str,
    app: &'a Path,
}

impl Bench<'_> {
    /// Cold, source changed, unchanged; each in every round, so that all see the same machine.
    fn scenarios(&self, name: &str, builder: &str, runs: usize) -> Result<Vec<Figure>> {
        let mut found = BTreeMap::<(&str, String), Vec<f64>>::new();
        for round in 0..runs {
            self.workspace.say("bench", format_args!("pack build, {name}, round {}", round + 1));
            self.forget();
            let server = self.app.join("server.js");
            for scenario in ["1 cold", "2 source changed", "3 unchanged"] {
                if scenario == "2 source changed" {
                    let text = fs_err::read_to_string(&server)?;
                    fs_err::write(&server, format!("{text}// round {round}\n"))?;
                }
                for (phase, seconds) in self.build(builder)? {
                    found.entry((scenario, phase)).or_default().push(seconds);
                }
            }
        }
        self.forget();
        let figure = |((scenario, phase), values): ((&str, String), Vec<f64>)| {
            let what = format!("pack build, {name}, {}, {phase}", &scenario[2..]);
            Figure::new(what, median(values), "s")
        };
        Ok(found.into_iter().map(figure).collect())
    }

    fn build(&self, builder: &str) -> Result<Phases> {
        let mut command = Command::new(&self.setup.tools.pack);
        command
            .args(["build", self.image, "--builder", builder, "--trust-builder"])
            .args(["--pull-policy", pull_policy(self.setup.profile), "--path"])
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
    fn forget(&self) {
        // It may not be there.
        let _ = docker(&["rmi", "--force", self.image]);
        forget("kouti_bench");
    }
}

/// Removes the caches of builds whose volumes have this in their name.
pub(super) fn forget(volumes: &str) {
    // They may not be there.
    let listed = docker(&["volume", "ls", "--quiet"]).unwrap_or_default();
    for volume in listed.lines().filter(|volume| volume.contains(volumes)) {
        let _ = docker(&["volume", "rm", volume]);
    }
}

fn docker(args: &[&str]) -> Result<String> {
    crate::command::Command::new("docker").args(args).output()
}

/// A sample app in a place where it may be changed.
pub(super) fn copy_sample(workspace: &Workspace, sample: &str, to: &Path) -> Result<()> {
    if to.exists() {
        fs_err::remove_dir_all(to)?;
    }
    let from = workspace.root.join("samples").join(sample);
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(&from)?);
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(target)?;
        } else {
            fs_err::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A builder whose buildpack takes every app and does nothing: the floor below every other figure.
fn empty_builder(workspace: &Workspace, setup: &Setup, scratch: &Path) -> Result<()> {
    let dir = scratch.join("empty");
    fs_err::create_dir_all(dir.join("bin"))?;
    fs_err::write(
        dir.join("buildpack.toml"),
        "api = \"0.10\"\n[buildpack]\nid = \"kouti/empty\"\nversion = \"0.0.0\"\n\
         [[targets]]\nos = \"linux\"\narch = \"amd64\"\n",
    )?;
    let build = dir.join("bin/build");
    fs_err::write(&build, "#!/bin/sh\nexit 0\n")?;
    fs_err::set_permissions(&build, std::fs::Permissions::from_mode(0o755))?;
    symlink("build", dir.join("bin/detect"))?;

    let config = scratch.join("builder.toml");
    let text = format!(
        "[[buildpacks]]\nid = \"kouti/empty\"\nuri = \"{}\"\n\
         [[order]]\n[[order.group]]\nid = \"kouti/empty\"\nversion = \"0.0.0\"\n\
         [build]\nimage = \"{}\"\n[[run.images]]\nimage = \"{}\"\n[lifecycle]\nuri = \"{}\"\n",
        dir.display(),
        base::BUILD_IMAGE,
        base::RUN_IMAGE,
        setup.tools.archive.display()
    );
    fs_err::write(&config, text)?;
    pack(workspace, &setup.tools)
        .args(["builder", "create", EMPTY_BUILDER, "--pull-policy", "never", "--config"])
        .arg(&config)
        .quiet(workspace, "empty-builder")
}
