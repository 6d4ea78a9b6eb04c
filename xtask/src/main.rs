//! The project's own tool: everything a contributor or CI does beyond `cargo build`.
//!
//! One module per command; what they share is in `workspace` (places and progress lines), `command` (running
//! programs), `stamp` (skip what has not changed), `files` (atomic writes) and `tarball` (reproducible archives).

mod advice;
mod audit;
mod base;
mod bench;
mod beside;
mod build;
mod builder;
mod command;
mod demo;
mod dev;
mod docker;
mod docs;
mod files;
mod host;
mod mirror;
mod new_buildpack;
mod package;
mod profile;
mod report;
mod setup;
mod stamp;
mod tarball;
mod test;
mod tools;
#[cfg(feature = "upstream")]
mod update;
mod upstream;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Builds, packages, tests and demonstrates Kouti.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Tell what of the catalogues, and of images, has known CVEs or no support any more
    Audit(audit::Args),
    /// Make the base images of the local profile
    Base(base::Args),
    /// Measure what there are budgets for
    Bench(bench::Args),
    /// Make the builder image
    Builder(builder::Args),
    /// Build, run and request sample apps, from nothing
    Demo(demo::Args),
    /// Run detect and build of an app on this host, without Docker
    Dev(dev::Args),
    /// Write what the docs have from code and descriptors, and make the book
    Docs(docs::Args),
    /// Assemble the runtimes of the local profile from package registries
    Mirror(mirror::Args),
    /// Make a buildpack to start from, with an app and tests
    NewBuildpack(new_buildpack::Args),
    /// Package the buildpacks
    Package(package::Args),
    /// Make one page of the reports of a build
    Report(report::Args),
    /// Run all checks and tests, as CI does
    Test(test::Args),
    /// Build the pack CLI and the lifecycle where they are missing
    Tools(tools::Args),
    /// Look for newer releases of what the catalogues offer
    Update(upstream::Update),
}

impl Task {
    fn reaches_upstreams(&self) -> bool {
        match self {
            Self::Docs(args) => args.external,
            Self::Mirror(args) => args.to.is_some(),
            Self::Package(args) => args.downloads(),
            _ => false,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = Workspace::here();
    if cli.task.reaches_upstreams() && !upstream::IS_THERE {
        return ended(upstream::again(&workspace));
    }
    ended(match &cli.task {
        Task::Audit(args) => audit::run(&workspace, args),
        Task::Base(args) => base::run(&workspace, args),
        Task::Bench(args) => bench::run(&workspace, args),
        Task::Builder(args) => builder::run(&workspace, args),
        Task::Demo(args) => demo::run(&workspace, args),
        Task::Dev(args) => dev::run(&workspace, args),
        Task::Docs(args) => docs::run(&workspace, args),
        Task::Mirror(args) => mirror::run(&workspace, args),
        Task::NewBuildpack(args) => new_buildpack::run(&workspace, args),
        Task::Package(args) => package::run(&workspace, args),
        Task::Report(args) => report::run(&workspace, args),
        Task::Test(args) => test::run(&workspace, args),
        Task::Tools(args) => tools::run(&workspace, args),
        #[cfg(feature = "upstream")]
        Task::Update(args) => update::run(&workspace, args),
        #[cfg(not(feature = "upstream"))]
        Task::Update(_) => upstream::again(&workspace),
    })
}

fn ended(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "{}", advice::page(&error));
            ExitCode::FAILURE
        }
    }
}
