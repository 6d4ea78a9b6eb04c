//! How the lifecycle calls a buildpack: the program's name, arguments, variables and files.
//!
//! Rules: [specification][spec]. Not left to libcnb: the regular expressions with which it checks ids
//! would be a third of a small buildpack.
//!
//! [spec]: https://github.com/buildpacks/spec/blob/buildpack/v0.10/buildpack.md#buildpack-interface

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use kouti_catalog::{Catalog, Target};
use kouti_report::{Fault, Problem};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Entry, Env, Plan};

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) phase: Phase,
    pub(crate) app_dir: PathBuf,
    pub(crate) buildpack_dir: PathBuf,
    pub(crate) platform_dir: PathBuf,
    pub(crate) env: Env,
}

/// What is wanted, and the files for it.
#[derive(Debug, PartialEq)]
pub(crate) enum Phase {
    Detect {
        /// Where the build plan is to be written.
        plan: PathBuf,
    },
    Build {
        layers: PathBuf,
        /// What became of the build plan.
        plan: PathBuf,
    },
}

impl Phase {
    /// The program's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Detect { .. } => "detect",
            Self::Build { .. } => "build",
        }
    }
}

/// What of `buildpack.toml` a buildpack needs to know of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Descriptor {
    pub(crate) buildpack: Id,
    #[serde(default)]
    pub(crate) metadata: Catalog,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Id {
    pub(crate) id: String,
    pub(crate) version: String,
}

#[derive(Deserialize)]
struct BuildpackPlan {
    #[serde(default)]
    entries: Vec<PlanEntry>,
}

#[derive(Deserialize)]
struct PlanEntry {
    name: String,
    #[serde(default)]
    metadata: toml::Table,
}

impl Call {
    /// The call of this process.
    pub(crate) fn of_process() -> Result<Self, Problem> {
        let mut args = std::env::args_os();
        let name = args.next().unwrap_or_default();
        let app_dir = std::env::current_dir().map_err(|error| {
            broken(format!("the directory of the app cannot be found: {error}"))
        })?;
        Self::read(&name, &args.collect::<Vec<_>>(), Env::of_process(), app_dir)
    }

    fn read(name: &OsStr, args: &[OsString], env: Env, app_dir: PathBuf) -> Result<Self, Problem> {
        // A path comes as an argument and, on newer platforms, as a variable too.
        let path = |index: usize, variable: &str| {
            let value = args.get(index).map(OsString::as_os_str).or_else(|| env.get_os(variable));
            let missing = || broken(format!("the platform names no {variable}"));
            value.filter(|value| !value.is_empty()).map(PathBuf::from).ok_or_else(missing)
        };
        let (phase, platform_dir) = match Path::new(name).file_name().and_then(OsStr::to_str) {
            Some("detect") => (
                Phase::Detect { plan: path(1, "CNB_BUILD_PLAN_PATH")? },
                path(0, "CNB_PLATFORM_DIR")?,
            ),
            Some("build") => (
                Phase::Build {
                    layers: path(0, "CNB_LAYERS_DIR")?,
                    plan: path(2, "CNB_BP_PLAN_PATH")?,
                },
                path(1, "CNB_PLATFORM_DIR")?,
            ),
            _ => {
                let name = name.to_string_lossy();
                return Err(broken(format!(
                    "this program is called `{name}`: it is `bin/detect` or `bin/build` of a buildpack"
                )));
            }
        };
        let buildpack_dir = path(usize::MAX, "CNB_BUILDPACK_DIR")?;
        Ok(Self { phase, app_dir, buildpack_dir, platform_dir, env })
    }

    pub(crate) fn descriptor(&self) -> Result<Descriptor, Problem> {
        let path = self.buildpack_dir.join("buildpack.toml");
        // Detect chooses nothing, and artifacts are most of the file.
        if matches!(self.phase, Phase::Detect { .. })
            && let Ok(text) = fs_err::read_to_string(&path)
            && let Ok(descriptor) = toml::from_str(&without_artifacts(&text))
        {
            return Ok(descriptor);
        }
        parsed(&path)
    }

    /// What the image is built for. Old lifecycles and Cloud Foundry do not say it all:
    /// there it is what this program runs on.
    pub(crate) fn target(&self) -> Target {
        let release = || fs_err::read_to_string("/etc/os-release").unwrap_or_default();
        self.target_with(release)
    }

    fn target_with(&self, os_release: impl Fn() -> String) -> Target {
        let given = |name: &str| self.env.given(name).map(str::to_owned);
        let from_release = |field: &str| {
            let value = os_release().lines().find_map(|line| {
                Some(line.strip_prefix(field)?.strip_prefix('=')?.trim_matches('"').to_owned())
            });
            value.unwrap_or_else(|| "unknown".to_owned())
        };
        Target {
            os: given("CNB_TARGET_OS").unwrap_or_else(|| "linux".to_owned()),
            arch: given("CNB_TARGET_ARCH").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            distro_name: given("CNB_TARGET_DISTRO_NAME").unwrap_or_else(|| from_release("ID")),
            distro_version: given("CNB_TARGET_DISTRO_VERSION")
                .unwrap_or_else(|| from_release("VERSION_ID")),
        }
    }
}

/// The entries that reached this buildpack.
pub(crate) fn read_plan(path: &Path) -> Result<Plan, Problem> {
    let plan: BuildpackPlan = parsed(path)?;
    let entry = |PlanEntry { name, metadata }| Entry { name, metadata };
    Ok(Plan(plan.entries.into_iter().map(entry).collect()))
}

fn parsed<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    let text = fs_err::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    let unreadable = |error: toml::de::Error| {
        broken(format!("{} cannot be understood: {}", path.display(), error.message()))
    };
    toml::from_str(&text).map_err(unreadable)
}

/// The descriptor without its `[[metadata.dependencies]]`, told by the lines that begin tables.
fn without_artifacts(text: &str) -> String {
    let is_header = |line: &str| {
        let name = line.trim_start_matches('[');
        name.len() < line.len() && name.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let mut kept = String::new();
    let mut is_artifact = false;
    for line in text.split_inclusive('\n') {
        if is_header(line) {
            let name = line.trim_start_matches('[');
            is_artifact = name.starts_with("metadata.dependencies");
        }
        if !is_artifact {
            kept.push_str(line);
        }
    }
    kept
}

/// The platform did not keep to the specification.
fn broken(summary: String) -> Problem {
    Problem::new("platform-contract", Fault::Surroundings, summary)
        .hint("check that the platform supports Buildpack API 0.10")
}

#[cfg(test)]
mod tests {
    use kouti_report::Colour;

    use super::*;

    fn call(name: &str, args: &[&str], env: &[(&str, &str)]) -> Result<Call, Problem> {
        let args: Vec<_> = args.iter().map(OsString::from).collect();
        let env = env.iter().copied().collect();
        Call::read(OsStr::new(name), &args, env, "/workspace".into())
    }

    const DIR: (&str, &str) = ("CNB_BUILDPACK_DIR", "/cnb/buildpacks/x");

    #[test]
    fn paths_come_as_arguments_or_as_variables() {
        let detect = call("/cnb/x/bin/detect", &["/platform", "/plan"], &[DIR]).unwrap();
        assert_eq!(detect.phase, Phase::Detect { plan: "/plan".into() });
        assert_eq!(detect.platform_dir, Path::new("/platform"));

        let named = [
            DIR,
            ("CNB_LAYERS_DIR", "/layers"),
            ("CNB_PLATFORM_DIR", "/platform"),
            ("CNB_BP_PLAN_PATH", "/plan"),
        ];
        let wanted = Phase::Build { layers: "/layers".into(), plan: "/plan".into() };
        for (args, env) in [(&["/layers", "/platform", "/plan"][..], &[DIR][..]), (&[], &named)] {
            let build = call("build", args, env).unwrap();
            assert_eq!(build.phase, wanted);
            assert_eq!(build.platform_dir, Path::new("/platform"));
        }
    }

    #[test]
    fn what_the_platform_does_not_name_is_named() {
        let problem = call("detect", &["/platform", "/plan"], &[]).unwrap_err();
        insta::assert_snapshot!(problem.page("kouti/x 0.1.0", Colour::Off), @"
        error[platform-contract]: the platform names no CNB_BUILDPACK_DIR

        hint: check that the platform supports Buildpack API 0.10
        ");
        let summary = |name, args: &[&str]| call(name, args, &[DIR]).unwrap_err().summary;
        assert_eq!(summary("detect", &["/platform"]), "the platform names no CNB_BUILD_PLAN_PATH");
        assert_eq!(summary("build", &["", "/p", "/p"]), "the platform names no CNB_LAYERS_DIR");
        assert_eq!(
            summary("/usr/bin/kouti-x", &[]),
            "this program is called `/usr/bin/kouti-x`: it is `bin/detect` or `bin/build` of a buildpack"
        );
    }

    #[test]
    fn a_target_that_nobody_names_is_this_machine() {
        let target = |env: &[(&str, &str)]| {
            let env: Vec<_> = env.iter().copied().chain([DIR]).collect();
            let call = call("detect", &["/platform", "/plan"], &env).unwrap();
            let Target { os, distro_name, distro_version, .. } =
                call.target_with(|| "NAME=\"Debian\"\nVERSION_ID=\"13\"\nID=debian\n".to_owned());
            format!("{os} {distro_name} {distro_version}")
        };
        assert_eq!(target(&[]), "linux debian 13");
        assert_eq!(target(&[("CNB_TARGET_DISTRO_NAME", "ubuntu")]), "linux ubuntu 13");
    }

    #[test]
    fn detect_leaves_out_what_only_a_build_chooses_from() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[buildpack]\nid = \"kouti/x\"\nversion = \"0.1.0\"\n\
            [[metadata.dependencies]]\nid = \"node\"\nversion = \"24.1.0\"\nchecksum = \"sha256:00\"\n\
            [[metadata.lines]]\nid = \"node\"\nline = \"24\"\n[metadata.default-versions]\nnode = \"24.*\"\n";
        fs_err::write(dir.path().join("buildpack.toml"), text).unwrap();
        let dir = dir.path().to_str().unwrap();
        let env = [("CNB_BUILDPACK_DIR", dir)];
        // A checksum that cannot be read, so that it shows whether anybody has read it.
        let descriptor = call("detect", &["/platform", "/plan"], &env).unwrap().descriptor();
        let descriptor = descriptor.unwrap();
        assert_eq!(descriptor.buildpack.id, "kouti/x");
        assert_eq!(descriptor.metadata.default_version("node"), "24.*");
        assert_eq!((descriptor.metadata.lines.len(), descriptor.metadata.artifacts.len()), (1, 0));
        assert!(call("build", &["/l", "/p", "/p"], &env).unwrap().descriptor().is_err());
    }

    #[test]
    fn files_the_platform_broke_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plan.toml");
        let summary = || {
            let problem = read_plan(&path).unwrap_err();
            problem.summary.replace(&dir.path().display().to_string(), "")
        };
        assert_eq!(
            summary(),
            "failed to open file `/plan.toml`: No such file or directory (os error 2)"
        );
        fs_err::write(&path, "[[entries]]\nname = 1\n").unwrap();
        assert_eq!(
            summary(),
            "/plan.toml cannot be understood: invalid type: integer `1`, expected a string"
        );
        fs_err::write(&path, "[[entries]]\nname = \"node\"\n[entries.metadata]\nbuild = true\n")
            .unwrap();
        assert!(read_plan(&path).unwrap().any("node", "build"));
        fs_err::write(&path, "").unwrap();
        assert_eq!(read_plan(&path).unwrap(), Plan::default());
    }
}
