//! Detect and build of the Cloud Native Buildpacks lifecycle, as programs.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use kouti_launch::Env;
use kouti_report::{Fault, Problem};

use crate::place::Place;
use crate::zip::{Distro, Zip};

/// The platform API that is spoken here.
const PLATFORM_API: &str = "0.14";

/// What the lifecycle is called with.
#[derive(Debug)]
pub(crate) struct Lifecycle<'a> {
    pub(crate) zip: &'a Zip,
    pub(crate) env: &'a Env,
    pub(crate) place: &'a Place,
    pub(crate) distro: &'a Distro,
    pub(crate) app_dir: &'a Path,
    pub(crate) layers_dir: &'a Path,
    pub(crate) platform_dir: &'a Path,
    /// For the group, the plan, and what is known of the run image.
    pub(crate) scratch: &'a Path,
}

impl Lifecycle<'_> {
    /// Which buildpacks take part; whatever they print is in the output.
    pub(crate) fn detect(&self) -> Result<Output, Problem> {
        let mut command = self.command("detect")?;
        command.arg("-order").arg(self.zip.order());
        command.output().map_err(|error| self.cannot_start(&error))
    }

    /// Runs them; they print to the user.
    pub(crate) fn build(&self) -> Result<ExitStatus, Problem> {
        self.command("build")?.status().map_err(|error| self.cannot_start(&error))
    }

    pub(crate) fn group(&self) -> PathBuf {
        self.scratch.join("group.toml")
    }

    pub(crate) fn plan(&self) -> PathBuf {
        self.scratch.join("plan.toml")
    }

    fn command(&self, phase: &str) -> Result<Command, Problem> {
        let analyzed = self.scratch.join("analyzed.toml");
        fs_err::write(&analyzed, self.analyzed())?;
        let is_debug = crate::settings::level(self.env) == kouti_report::Level::Debug;
        let mut command = Command::new(self.zip.lifecycle());
        command
            .arg(phase)
            .arg("-no-color")
            .args(["-log-level", if is_debug { "debug" } else { "info" }]);
        for (option, path) in [
            ("-app", self.app_dir),
            ("-buildpacks", &self.zip.buildpacks()),
            ("-group", &self.group()),
            ("-plan", &self.plan()),
            ("-platform", self.platform_dir),
            ("-layers", self.layers_dir),
            ("-analyzed", &analyzed),
        ] {
            command.arg(option).arg(path);
        }
        command
            .envs(self.env.as_map())
            .env("CNB_PLATFORM_API", PLATFORM_API)
            .env("CNB_STACK_ID", self.distro.stack_id(self.env.given("CF_STACK")))
            .env("HOME", self.place.home());
        Ok(command)
    }

    /// What an analysis of the run image would have found: this very container.
    fn analyzed(&self) -> String {
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let Distro { name, version } = self.distro;
        let text = |value: &str| toml::Value::from(value).to_string();
        format!(
            "[run-image.target]\nos = \"linux\"\narch = \"{arch}\"\n\n[run-image.target.distro]\nname = {}\nversion = {}\n",
            text(name),
            text(version)
        )
    }

    fn cannot_start(&self, error: &std::io::Error) -> Problem {
        let summary = format!("cannot start {}: {error}", self.zip.lifecycle().display());
        Problem::new("cf-zip-incomplete", Fault::Surroundings, summary)
            .hint("upload the released zip as it is: `cf update-buildpack NAME -p FILE.zip`")
    }
}

/// A buildpack of a time that this lifecycle does not know.
pub(crate) fn other_api() -> Problem {
    let summary = "a buildpack in this zip needs another lifecycle than the zip holds";
    Problem::new("cf-buildpack-api", Fault::Surroundings, summary)
        .hint("upload a zip that was packaged by one release")
}

/// The buildpack that broke while detecting, and the last line that it printed.
pub(crate) fn broken(said: &str) -> Option<String> {
    let result = |line: &str| line.trim().strip_prefix("err:").map(str::trim).map(str::to_owned);
    let id = said.lines().find_map(result)?;
    let id = id.split_whitespace().next()?;
    Some(format!("{id}: {}", last_word(said, id).unwrap_or("it says nothing")))
}

/// Whether a buildpack takes the app, as far as it was asked, and why not.
pub(crate) fn verdict(said: &str, id: &str) -> Option<String> {
    let result = |line: &str| {
        let (verdict, of) = line.trim().split_once(':')?;
        (of.trim() == id).then(|| verdict.to_owned())
    };
    let verdict = said.lines().find_map(result)?;
    if verdict == "pass" {
        return Some("yes".to_owned());
    }
    Some(match last_word(said, id) {
        Some(reason) => format!("no, {}", reason.strip_prefix("skipped: ").unwrap_or(reason)),
        None => "no".to_owned(),
    })
}

/// The last line that a buildpack has printed while detecting.
fn last_word<'a>(said: &'a str, id: &str) -> Option<&'a str> {
    let heading = format!("======== Output: {id} ========");
    let output = said.lines().skip_while(|line| *line != heading).skip(1);
    let own = output.take_while(|line| !line.starts_with("======== "));
    own.map(str::trim).filter(|line| !line.is_empty()).last()
}

/// Exit codes of the lifecycle that mean something here.
pub(crate) mod exit {
    /// No group of buildpacks fits.
    pub(crate) const NOBODY: i32 = 20;
    /// None fits, and one of them failed.
    pub(crate) const ONE_FAILED: i32 = 21;
    /// A buildpack speaks a language that this lifecycle does not.
    pub(crate) const API: i32 = 12;
    /// A buildpack failed to build.
    pub(crate) const BUILD: i32 = 51;
}
