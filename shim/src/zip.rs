//! What is in the zip that an operator has uploaded.

use std::path::{Path, PathBuf};

use kouti_report::{Fault, Problem};
use serde::Deserialize;

/// The unpacked zip; the platform mounts it read-only.
#[derive(Debug)]
pub(crate) struct Zip {
    pub(crate) dir: PathBuf,
    pub(crate) about: About,
}

/// `kouti/shim.toml`, which the packager writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// Counted up when this file changes its meaning.
    schema: u32,
    /// What is shown of the buildpack: `nodejs`.
    pub(crate) language: String,
    /// What stands before the version where the platform asks who takes the app; the language if nothing else is said.
    pub(crate) display: Option<String>,
    pub(crate) version: String,
    /// The only system on which what is inside can run; none if it runs on all.
    pub(crate) distro: Option<Distro>,
    /// All buildpacks inside.
    pub(crate) buildpacks: Vec<Buildpack>,
    /// What is built if another buildpack comes after this one.
    pub(crate) supply: Option<Supply>,
    /// Of which classic buildpacks the settings are understood: `java`, `nodejs`, `php`.
    #[serde(default)]
    pub(crate) compat: Vec<String>,
    /// Version of the lifecycle inside.
    pub(crate) lifecycle: String,
}

/// A Linux distribution, as `/etc/os-release` names it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Distro {
    pub(crate) name: String,
    pub(crate) version: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Buildpack {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) api: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supply {
    /// Ids of the buildpacks that take part.
    pub(crate) components: Vec<String>,
    /// Whether they look at the app. Those that would build it see an empty directory in its place.
    #[serde(default, rename = "sees-app")]
    pub(crate) sees_app: bool,
    #[serde(default)]
    pub(crate) requires: Vec<Require>,
}

/// What a build plan requires.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Require {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) metadata: toml::Table,
}

const SCHEMA: u32 = 1;

impl Zip {
    pub(crate) fn read(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join("kouti/shim.toml");
        let text = fs_err::read_to_string(&path).map_err(|error| incomplete(&error.to_string()))?;
        let about: About = toml::from_str(&text)
            .map_err(|error| incomplete(&format!("{}: {}", path.display(), error.message())))?;
        let zip = Self { dir: dir.to_owned(), about };
        if zip.about.schema != SCHEMA {
            return Err(incomplete("its parts are of different versions"));
        }
        for needed in [zip.order(), zip.lifecycle(), zip.buildpacks()] {
            if !needed.exists() {
                return Err(incomplete(&format!("{} is missing", needed.display())));
            }
        }
        Ok(zip)
    }

    /// `order.toml` of the lifecycle.
    pub(crate) fn order(&self) -> PathBuf {
        self.dir.join("kouti/order.toml")
    }

    /// The lifecycle's one program.
    pub(crate) fn lifecycle(&self) -> PathBuf {
        self.dir.join("kouti/lifecycle/lifecycle")
    }

    /// The buildpacks, as the lifecycle wants them.
    pub(crate) fn buildpacks(&self) -> PathBuf {
        self.dir.join("kouti/cnb")
    }

    /// Artifacts that came along, in the form of a download cache: what several buildpacks install is there once.
    pub(crate) fn artifacts(&self) -> Option<PathBuf> {
        Some(self.dir.join("dependencies")).filter(|dir| dir.is_dir())
    }

    /// This program.
    pub(crate) fn program(&self) -> PathBuf {
        self.dir.join("kouti/kouti-cf")
    }

    /// What `bin/detect` prints of an app that is for this buildpack.
    pub(crate) fn detected(&self) -> String {
        let About { display, language, version, .. } = &self.about;
        format!("{} {version}", display.as_ref().unwrap_or(language))
    }

    /// The name that people know.
    pub(crate) fn title(&self) -> String {
        format!("kouti-{} {}", self.about.language, self.about.version)
    }
}

fn incomplete(reason: &str) -> Problem {
    Problem::new(
        "cf-zip-incomplete",
        Fault::Surroundings,
        format!("this buildpack is not whole: {reason}"),
    )
    .hint("upload the released zip as it is: `cf update-buildpack NAME -p FILE.zip`")
}
