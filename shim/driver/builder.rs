//! A staging: which program of which buildpack is called with which directories, what is kept, and with which code it
//! fails.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kouti_launch::Env;

use crate::flags::Flags;
use crate::outputs::{self, Staged};
use crate::{Failure, home};

/// The platform's own words.
const SUPPLY_FAILED: &str = "Failed to run all supply scripts";
const NO_SUPPLY: &str = "Error: one of the buildpacks chosen to supply dependencies does not support multi-buildpack apps";
const NO_FINALIZE: &str = "Warning: the last buildpack is not compatible with multi-buildpack apps and cannot make use \
     of any dependencies supplied by the buildpacks specified before it";

/// Exit codes that the platform tells apart.
pub(crate) mod code {
    pub(crate) const NOBODY: u8 = 222;
    pub(crate) const COMPILE: u8 = 223;
    pub(crate) const RELEASE: u8 = 224;
    pub(crate) const SUPPLY: u8 = 225;
}

pub(crate) fn run(env: &Env, args: &[String]) -> Result<(), Failure> {
    let flags = Flags::read(args)?;
    let keys = flags.order();
    let Some(last) = keys.last() else {
        return Err(Failure::new(1, "-buildpackOrder is missing"));
    };
    // Another directory each time: nothing may know its name afterwards.
    let contents = tempfile::Builder::new().prefix("contents").tempdir_in("/tmp")?;
    let suppliers = if flags.skips_detect() { &keys[..keys.len() - 1] } else { &[] };
    let width = (suppliers.len() + 1).ilog10() as usize + 1;
    let index = |number: usize| format!("{number:0width$}");
    let deps = contents.path().join("deps");
    for number in 0..=suppliers.len() {
        fs_err::create_dir_all(deps.join(index(number)))?;
    }
    fs_err::create_dir(contents.path().join("profile.d"))?;
    let cache = flags.path("buildArtifactsCacheDir");
    prepare_cache(&cache, suppliers)?;

    let staging = Staging {
        home: home(env),
        build_dir: flags.path("buildDir"),
        buildpacks: flags.path("buildpacksDir"),
        deps,
        profile: contents.path().join("profile.d"),
    };
    for key in suppliers {
        if !staging.program(key, "supply").is_file() {
            return Err(Failure::new(code::SUPPLY, NO_SUPPLY));
        }
    }
    for (number, key) in suppliers.iter().enumerate() {
        staging
            .step(key, "supply", &[&cache.join(key)], Some(&index(number)))
            .map_err(|text| Failure::new(code::SUPPLY, format!("{SUPPLY_FAILED}: {text}")))?;
    }
    let (key, detected) = if flags.skips_detect() {
        ((*last).to_owned(), String::new())
    } else {
        staging.detect(&keys).ok_or_else(|| {
            Failure::new(code::NOBODY, "None of the buildpacks detected a compatible application")
        })?
    };
    let own = index(suppliers.len());
    let finished = staging.finish(&key, &cache.join("final"), &own);

    let staged = Staged::collect(&staging, &flags, &key, &detected, suppliers.len())?;
    let built = finished
        .map_err(|text| Failure::new(code::COMPILE, text))
        .and_then(|()| staged.with_commands(&staging, &key, suppliers.len()))
        .and_then(|staged| staged.with_procfile(&staging.build_dir));
    let staged = match built {
        Ok(staged) => staged,
        Err(failure) => {
            // What buildpacks say of themselves is known of a failed staging as well.
            let staged = Staged::collect(&staging, &flags, &key, &detected, suppliers.len())?;
            fs_err::write(flags.path("outputMetadata"), staged.result_json(false))?;
            return Err(failure);
        }
    };
    if staged.web().is_empty() {
        say("No start command specified by buildpack or via Procfile.");
        say("App will not start unless a command is provided at runtime.");
    }
    fs_err::write(flags.path("outputMetadata"), staged.result_json(true))?;
    fs_err::write(contents.path().join("staging_info.yml"), staged.info())?;
    outputs::pack(&staging.build_dir, contents.path(), &flags, &cache)
}

/// Each buildpack has a directory of its own; whoever is not in the list loses what it had kept.
fn prepare_cache(cache: &Path, suppliers: &[&str]) -> Result<(), Failure> {
    fs_err::create_dir_all(cache.join("final"))?;
    for key in suppliers {
        fs_err::create_dir_all(cache.join(key))?;
    }
    for entry in fs_err::read_dir(cache)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "final" && !suppliers.contains(&name.as_str()) {
            fs_err::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// What all steps share.
pub(crate) struct Staging {
    home: PathBuf,
    pub(crate) build_dir: PathBuf,
    pub(crate) buildpacks: PathBuf,
    pub(crate) deps: PathBuf,
    profile: PathBuf,
}

impl Staging {
    pub(crate) fn program(&self, key: &str, name: &str) -> PathBuf {
        let dir = self.buildpacks.join(key);
        if dir.join("bin").is_dir() {
            return dir.join("bin").join(name);
        }
        // An archive of one directory in which everything is.
        let inner = dir.read_dir().ok().and_then(|mut entries| Some(entries.next()?.ok()?.path()));
        inner.unwrap_or(dir).join("bin").join(name)
    }

    /// The first that takes the app, and what it says.
    fn detect(&self, keys: &[&str]) -> Option<(String, String)> {
        keys.iter().find_map(|key| {
            let program = self.program(key, "detect");
            let mode = fs_err::metadata(&program).ok()?.permissions().mode();
            if mode & 0o111 == 0 {
                return None;
            }
            let output = self.command(&program, &[]).stderr(Stdio::inherit()).output().ok()?;
            let said = String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
            output.status.success().then(|| ((*key).to_owned(), said))
        })
    }

    /// The last buildpack.
    fn finish(&self, key: &str, cache: &Path, index: &str) -> Result<(), String> {
        let failed = |reason: String| format!("Failed to compile droplet: {reason}");
        if !self.program(key, "finalize").is_file() {
            if !index.trim_start_matches('0').is_empty() {
                say(NO_FINALIZE);
            }
            let _ = fs_err::remove_dir_all(self.deps.join(index));
            let compiled = self.step(key, "compile", &[cache], None);
            return compiled.map_err(|text| failed(format!("Failed to compile droplet: {text}")));
        }
        if self.program(key, "supply").is_file() {
            self.step(key, "supply", &[cache], Some(index))
                .map_err(|text| failed(format!("{SUPPLY_FAILED}: {text}")))?;
        }
        let mut finalize = self.command(
            &self.program(key, "finalize"),
            &[cache, &self.deps, Path::new(index), &self.profile],
        );
        ended(&mut finalize)
            .map_err(|text| failed(format!("Failed to run finalize script: {text}")))
    }

    fn step(
        &self,
        key: &str,
        name: &str,
        dirs: &[&Path],
        index: Option<&str>,
    ) -> Result<(), String> {
        let mut command = self.command(&self.program(key, name), dirs);
        if let Some(index) = index {
            command.arg(&self.deps).arg(index);
        }
        ended(&mut command)
    }

    pub(crate) fn command(&self, program: &Path, more: &[&Path]) -> Command {
        let mut command = Command::new(program);
        command.arg(&self.build_dir).args(more).current_dir(&self.home).env("HOME", &self.home);
        command
    }
}

/// Runs a program to its end; the error is how it ended.
fn ended(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn say(text: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(std::io::stderr(), "{text}");
}
