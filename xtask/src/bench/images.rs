//! `pack build` as a user sees it: where the wall time goes, cold, with changed source and unchanged,
//! beside a buildpack that does nothing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::Figure;
use super::measure::median;
use super::pack_build::{PackBuild, builder_of, write_buildpack};
use crate::setup::Setup;
use crate::workspace::Workspace;

pub(super) fn measure(workspace: &Workspace, setup: &Setup, runs: usize) -> Result<Vec<Figure>> {
    let scratch = workspace.target().join("bench/images");
    if scratch.exists() {
        fs_err::remove_dir_all(&scratch)?;
    }
    // The floor below every other figure.
    let empty = ("kouti/empty", scratch.join("empty"));
    write_buildpack(&empty.1, empty.0, "#!/bin/sh\nexit 0\n")?;
    builder_of(workspace, setup, EMPTY_BUILDER, (empty.0, &empty.1))?;
    let app = scratch.join("app");

    let mut figures = Vec::new();
    for (name, builder) in [("empty buildpack", EMPTY_BUILDER), ("nodejs", setup.builder)] {
        copy_sample(workspace, "nodejs", &app)?;
        let image = "kouti/bench";
        let build = PackBuild { workspace, setup, image, builder, app: &app, arguments: &[] };
        figures.extend(scenarios(name, &build, runs)?);
    }
    Ok(figures)
}

/// Holds nothing but a buildpack that takes every app and does nothing.
const EMPTY_BUILDER: &str = "kouti/builder:empty";

/// Cold, source changed, unchanged; each in every round, so that all see the same machine.
fn scenarios(name: &str, build: &PackBuild<'_>, runs: usize) -> Result<Vec<Figure>> {
    let mut found = BTreeMap::<(&str, String), Vec<f64>>::new();
    for round in 0..runs {
        build.workspace.say("bench", format_args!("pack build, {name}, round {}", round + 1));
        build.forget();
        for scenario in ["1 cold", "2 source changed", "3 unchanged"] {
            if scenario == "2 source changed" {
                change_source(build.app, round)?;
            }
            for (phase, seconds) in build.run()? {
                found.entry((scenario, phase)).or_default().push(seconds);
            }
        }
    }
    build.forget();
    let figure = |((scenario, phase), values): ((&str, String), Vec<f64>)| {
        let what = format!("pack build, {name}, {}, {phase}", &scenario[2..]);
        Figure::new(what, median(values), "s")
    };
    Ok(found.into_iter().map(figure).collect())
}

/// As a developer does: one more line in one file.
pub(super) fn change_source(app: &Path, round: usize) -> Result<()> {
    let server = app.join("server.js");
    let text = fs_err::read_to_string(&server)?;
    Ok(fs_err::write(&server, format!("{text}// round {round}\n"))?)
}

/// A fresh copy of a sample app.
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
