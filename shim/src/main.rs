//! `kouti-cf`: makes Cloud Native Buildpacks a classic Cloud Foundry buildpack.
//!
//! The platform runs `bin/detect`, `supply`, `finalize` and `release` of the zip, each of which calls this program by
//! that name; a script in `profile.d` calls it as `launch-env` when the app starts. Detection and build are those of
//! the Cloud Native Buildpacks lifecycle, at the paths at which the app will run.

mod bills;
mod bindings;
mod cache;
mod classic;
mod commands;
mod detect;
mod digest;
mod disk;
mod finalize;
mod launch_env;
mod lifecycle;
mod moving;
mod parent;
mod patience;
mod place;
mod platform;
mod processes;
mod procfile;
mod record;
mod settings;
mod stack;
mod staging;
mod supply;
mod words;
mod zip;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kouti_launch::Env;
use kouti_report::{Fault, Log, Problem, install_panic_page};

use crate::staging::Staging;
use crate::zip::Zip;

/// What is shown where an error is ours.
const LABEL: &str = concat!("kouti-cf ", env!("CARGO_PKG_VERSION"));

fn main() -> ExitCode {
    install_panic_page(LABEL);
    let env = Env::of_process();
    let mut args = std::env::args_os().skip(1);
    let step = args.next().unwrap_or_default();
    let args: Vec<_> = args.collect();
    let mut log = Log::to_streams(settings::level(&env), settings::colour(&env));
    let outcome = match step.to_str() {
        Some("launch-env") => return launch_env::run(&env, &args),
        Some("detect") => detect::run(&env, &args),
        Some("supply") => staging(&env, &args, &mut log, supply::run),
        Some("finalize") => staging(&env, &args, &mut log, finalize::run),
        Some("compile") => staging(&env, &args, &mut log, finalize::compile),
        Some("release") => Ok(finalize::release(&args)),
        _ => Err(usage(&step)),
    };
    match outcome {
        Ok(code) => code,
        Err(problem) => {
            log.page(&problem.page(LABEL, log.colour()));
            ExitCode::FAILURE
        }
    }
}

/// A step of a staging that may write.
fn staging(
    env: &Env,
    args: &[OsString],
    log: &mut Log,
    step: fn(&Staging, &mut Log) -> Result<(), Problem>,
) -> Result<ExitCode, Problem> {
    let staging = Staging::read(env, args)?;
    step(&staging, log)?;
    Ok(ExitCode::SUCCESS)
}

fn usage(step: &OsString) -> Problem {
    let summary = format!("`{}` is no step of a buildpack", step.display());
    Problem::new("cf-usage", Fault::Surroundings, summary)
        .hint("let the platform call the programs in the `bin` directory of the buildpack")
}

/// Where the zip was unpacked: two levels above this program.
fn zip() -> Result<Zip, Problem> {
    let program = std::env::current_exe()?;
    let dir = program.parent().and_then(Path::parent).map_or_else(PathBuf::new, Path::to_owned);
    Zip::read(&dir)
}
