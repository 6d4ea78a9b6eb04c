//! `cargo xtask test`: format, lints, tests, and whole images; what CI runs.

use std::thread;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::command::Command;
use crate::profile::Choice;
use crate::setup::{self, Setup, Times};
use crate::workspace::{Workspace, print};
use crate::{builder, docker};

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
    /// Clippy, without a warning
    Lint,
    /// Unit tests and buildpacks in the miniature lifecycle
    Unit,
    /// Whole images with pack and Docker
    Image,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let wants = |level| args.levels.is_empty() || args.levels.contains(&level);
    let images = wants(Level::Image) && docker_or_skip(workspace)?;
    let times = &Times::default();
    thread::scope(|scope| {
        // Downloads and compilers keep the machine busy; tests run when it is quiet again.
        let setup =
            images.then(|| scope.spawn(|| setup::make(workspace, args.profile, &[], times)));
        if wants(Level::Format) {
            cargo(workspace, times, "format", &["fmt", "--all", "--check"])?;
        }
        if wants(Level::Lint) {
            cargo(
                workspace,
                times,
                "lint",
                &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
            )?;
        }
        if wants(Level::Unit) || images {
            cargo(workspace, times, "compile", &["test", "--workspace", "--locked", "--no-run"])?;
        }
        let setup = setup
            .map(|setup| setup.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        let setup = setup.transpose()?;
        if wants(Level::Unit) {
            times.measure("unit tests", || unit(workspace, args))?;
        }
        setup
            .map_or(Ok(()), |setup| times.measure("image tests", || image(workspace, &setup, args)))
    })?;
    print(times);
    workspace.say("test", "all is well");
    Ok(())
}

/// Whether whole images can be tested. Without Docker they are skipped on a developer's machine, never in CI.
fn docker_or_skip(workspace: &Workspace) -> Result<bool> {
    match docker::ensure(workspace) {
        Ok(()) => Ok(true),
        Err(error) if workspace.ci => Err(error.context("whole images cannot be tested")),
        Err(error) => {
            workspace.say("test", format_args!("SKIPPED: whole images ({error})"));
            Ok(false)
        }
    }
}

fn unit(workspace: &Workspace, args: &Args) -> Result<()> {
    workspace.say("test", "unit tests and buildpacks");
    let command =
        Command::new("cargo").args(["test", "--workspace", "--locked", "--"]).args(&args.filter);
    command.dir(&workspace.root).shown().context("tests fail")
}

fn image(workspace: &Workspace, setup: &Setup, args: &Args) -> Result<()> {
    workspace.say("test", "whole images");
    let tests = Command::new("cargo").args([
        "test",
        "--locked",
        "--package",
        "kouti-image-tests",
        "--",
        "--ignored",
    ]);
    builder::settings(workspace, tests)
        .args(&args.filter)
        .env("KOUTI_BUILDER", setup.builder)
        .env("KOUTI_LAUNCHER", &setup.tools.launcher)
        .env("KOUTI_LIFECYCLE", &setup.tools.lifecycle)
        .env("KOUTI_PACK", &setup.tools.pack)
        .env("KOUTI_PACKAGES", workspace.packages())
        .env("KOUTI_PULL_POLICY", builder::pull_policy(setup.profile))
        .dir(&workspace.root)
        .shown()
        .context("image tests fail")
}

fn cargo(workspace: &Workspace, times: &Times, name: &str, args: &[&str]) -> Result<()> {
    workspace.say("test", format_args!("cargo {}", args.join(" ")));
    let command = Command::new("cargo").args(args).dir(&workspace.root);
    times.measure(name, || command.quiet(workspace, name))
}
