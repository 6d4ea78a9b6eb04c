//! `cargo xtask test`: format, lints, tests, and whole images; what CI runs.

use std::panic::resume_unwind;
use std::thread;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::audit::{self, Advisories};
use crate::beside::Beside;
use crate::command::Command;
use crate::mirror::Family;
use crate::profile::{self, Choice, Profile};
use crate::setup::{self, Setup, Times};
use crate::workspace::{Workspace, print};
use crate::{builder, docker, docs, mirror, package};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which checks to run; all if none is named
    #[arg(value_enum)]
    levels: Vec<Level>,
    /// Base images and sources of runtimes, for whole images
    #[arg(long, value_enum, default_value_t)]
    profile: Choice,
    /// Arguments for the test programs, such as a part of a test's name
    #[arg(last = true)]
    filter: Vec<String>,
}

/// What there is to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Level {
    /// Formatting, as rustfmt wants it
    Format,
    /// Clippy without a warning, licences of crates, docs and links
    Lint,
    /// Unit tests and buildpacks in the miniature lifecycle
    Unit,
    /// Whole images with pack and Docker
    Image,
}

/// With all that is optional.
const ALL: [&str; 4] = ["--workspace", "--features", "xtask/upstream", "--locked"];
const LINT: [&str; 4] = ["--all-targets", "--", "-D", "warnings"];

/// Those tests run runtimes and package managers of the local profile.
const REAL: [&str; 7] = ["--test", "main", "--", "--ignored", "real::", "--skip", "nightly::"];

/// Those tests compile buildpacks, which is too long for every `cargo test`.
const CONTRIBUTOR: [&str; 4] = ["--test", "contributor", "--", "--ignored"];

/// Of the whole workspace: of one package alone, crates would have other features and be compiled once more.
const IMAGE: [&str; 4] = ["--test", "images", "--", "--ignored"];

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let wants = |level| args.levels.is_empty() || args.levels.contains(&level);
    let times = &Times::default();
    if wants(Level::Format) {
        cargo(workspace, times, "format", &["fmt", "--all", "--check"])?;
    }
    let images = if wants(Level::Image) { docker_or_skip(workspace)? } else { Images::Unwanted };
    let beside = Beside::new(workspace);
    let setup = thread::scope(|scope| {
        // Downloads and compilers keep the machine busy; tests run when it is quiet again.
        let make = || beside.run(|| set_up(workspace, args, times));
        let setup = matches!(images, Images::Possible).then(|| scope.spawn(make));
        let compiled = beside.run(|| {
            if wants(Level::Lint) {
                cargo(workspace, times, "lint", &[&["clippy"], &ALL[..], &LINT].concat())?;
                times.measure("crates", || audit::deny(workspace, &Advisories::default()))?;
                times.measure("docs", || docs::check(workspace))?;
            }
            if wants(Level::Unit) {
                cargo(workspace, times, "compile", &[&["test"], &ALL[..], &["--no-run"]].concat())?;
            }
            Ok(())
        });
        let setup = setup.and_then(|step| step.join().unwrap_or_else(|panic| resume_unwind(panic)));
        compiled.map(|()| setup)
    });
    let setup = beside.end(setup)?;
    if wants(Level::Unit) {
        times.measure("unit tests", || unit(workspace, args))?;
    }
    if let Some(setup) = setup {
        times.measure("Cloud Foundry zips", || package::classic(workspace, setup.profile, &[]))?;
        times.measure("image tests", || image(workspace, &setup, args))?;
    }
    print(times);
    let but = if let Images::Skipped(why) = images {
        format!(", but whole images were SKIPPED: {why}")
    } else {
        String::new()
    };
    workspace.say("test", format_args!("all is well{but}"));
    Ok(())
}

/// Whether whole images are tested.
enum Images {
    Possible,
    Skipped(String),
    Unwanted,
}

/// Without Docker whole images are skipped on a developer's machine, never in CI.
fn docker_or_skip(workspace: &Workspace) -> Result<Images> {
    match docker::ensure(workspace) {
        Ok(()) => Ok(Images::Possible),
        Err(error) if workspace.ci => Err(error.context("whole images cannot be tested")),
        Err(error) => Ok(Images::Skipped(error.to_string())),
    }
}

/// What image tests need: all that there is if those are named that take too long for every run.
fn set_up(workspace: &Workspace, args: &Args, times: &Times) -> Result<Setup> {
    let is_local =
        || Ok::<_, anyhow::Error>(profile::choose(workspace, args.profile)? == Profile::Local);
    if names_nightly(&args.filter) && is_local()? {
        mirror::ensure(workspace, &[Family::Watchexec])?;
        return builder::make_full(workspace, times);
    }
    setup::make(workspace, args.profile, &[], times)
}

fn names_nightly(filter: &[String]) -> bool {
    filter.iter().any(|word| word.contains("nightly"))
}

fn unit(workspace: &Workspace, args: &Args) -> Result<()> {
    workspace.say("test", "unit tests and buildpacks");
    let tests = Command::cargo(workspace).arg("test").args(ALL).arg("--");
    tests.args(&args.filter).shown().context("tests fail")?;
    real(workspace, args)?;
    workspace.say("test", "what a contributor does");
    let tests = Command::cargo(workspace).arg("test").args(ALL).args(CONTRIBUTOR);
    tests.args(filter(&args.filter)).shown().context("what a contributor does fails")
}

/// Buildpacks with real runtimes and package managers; where their archives cannot be had, they are skipped on
/// a developer's machine, never in CI.
fn real(workspace: &Workspace, args: &Args) -> Result<()> {
    workspace.say("test", "buildpacks with real runtimes");
    match mirror::ensure(workspace, &[Family::Node, Family::Nginx, Family::Php]) {
        Err(error) if !workspace.ci => {
            workspace.say("test", format_args!("they were SKIPPED, nothing to run: {error}"));
            return Ok(());
        }
        made => made.context("there are no runtimes to test with")?,
    }
    let tests = Command::cargo(workspace).arg("test").args(ALL).args(REAL);
    tests.args(&args.filter).shown().context("tests with real runtimes fail")
}

fn image(workspace: &Workspace, setup: &Setup, args: &Args) -> Result<()> {
    workspace.say("test", "whole images");
    builder::settings(workspace, Command::cargo(workspace).arg("test").args(ALL).args(IMAGE))
        .args(filter(&args.filter))
        .env("KOUTI_PACK", &setup.tools.pack)
        .env("KOUTI_BUILDER", setup.builder)
        .shown()
        .context("image tests fail")
}

/// What a test program is told: what takes too long for every run is in modules `nightly`, and has to be named.
fn filter(wanted: &[String]) -> Vec<&str> {
    let mut filter: Vec<&str> = wanted.iter().map(String::as_str).collect();
    if !names_nightly(wanted) {
        filter.extend(["--skip", "nightly::"]);
    }
    filter
}

fn cargo(workspace: &Workspace, times: &Times, name: &str, args: &[&str]) -> Result<()> {
    workspace.say("test", format_args!("cargo {}", args.join(" ")));
    let command = Command::cargo(workspace).args(args);
    times.measure(name, || command.quiet(workspace, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nightly_tests_have_to_be_named() {
        let filter_of = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            filter(&words).join(" ")
        };
        assert_eq!(filter_of(&[]), "--skip nightly::");
        assert_eq!(filter_of(&["php"]), "php --skip nightly::");
        assert_eq!(filter_of(&["nightly::"]), "nightly::");
    }
}
