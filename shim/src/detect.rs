//! `bin/detect BUILD_DIR`: whether the app is for this buildpack. It says nothing about apps that are not: the platform
//! shows the words of every buildpack that it asks.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use kouti_launch::Env;
use kouti_report::{Fault, Problem};

use crate::lifecycle::{self, Lifecycle, exit};
use crate::place::Place;
use crate::platform::Platform;
use crate::staging::{refuse_root, scratch};
use crate::zip;
use crate::zip::Distro;

pub(crate) fn run(env: &Env, args: &[OsString]) -> Result<ExitCode, Problem> {
    let zip = zip()?;
    refuse_root()?;
    let build_dir = args.first().map_or_else(|| PathBuf::from("."), PathBuf::from);
    let scratch = scratch()?;
    let layers_dir = scratch.path().join("layers");
    fs_err::create_dir(&layers_dir)?;
    let platform_dir = Platform::of(env, &zip, &build_dir)?.write(scratch.path())?;
    let output = Lifecycle {
        zip: &zip,
        env,
        place: &Place::new(env),
        distro: &Distro::of_this_container(),
        app_dir: &build_dir,
        layers_dir: &layers_dir,
        platform_dir: &platform_dir,
        scratch: scratch.path(),
    }
    .detect()?;
    match output.status.code() {
        Some(0) => {
            // The platform takes this for the name; if it cannot be told, it has another one.
            let _ = writeln!(std::io::stdout(), "{}", zip.detected());
            Ok(ExitCode::SUCCESS)
        }
        Some(exit::NOBODY) => Ok(ExitCode::FAILURE),
        _ => {
            let said = String::from_utf8_lossy(&output.stdout);
            let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
            let reason = lifecycle::broken(&said)
                .unwrap_or_else(|| last.unwrap_or("nothing was said").to_owned());
            let summary =
                format!("{} cannot tell whether this app is for it: {reason}", zip.title());
            Err(Problem::new("cf-detect-failed", Fault::App, summary))
        }
    }
}
