//! A buildpack on disk, and the order in which groups of them are tried.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::failure::Failure;

/// A packaged buildpack: a directory with `buildpack.toml`, `bin/detect` and `bin/build`.
#[derive(Clone, Debug)]
pub struct Buildpack {
    /// The directory.
    pub dir: PathBuf,
    /// Its id, `kouti/nodejs`.
    pub id: String,
    /// Its version.
    pub version: String,
    pub(crate) clear_env: bool,
    pub(crate) sbom_formats: Vec<String>,
    pub(crate) targets: Vec<DeclaredTarget>,
}

#[derive(Deserialize)]
struct Descriptor {
    buildpack: Header,
    #[serde(default)]
    targets: Vec<DeclaredTarget>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Header {
    id: String,
    version: String,
    #[serde(default)]
    clear_env: bool,
    #[serde(default)]
    sbom_formats: Vec<String>,
}

/// One `[[targets]]` table; an absent key fits everything.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DeclaredTarget {
    #[serde(default)]
    os: String,
    #[serde(default)]
    arch: String,
    #[serde(default)]
    distros: Vec<DeclaredDistro>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct DeclaredDistro {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

impl Buildpack {
    /// Reads the buildpack in `dir`.
    pub fn read(dir: impl Into<PathBuf>) -> Result<Self, Failure> {
        let dir = dir.into();
        let file = dir.join("buildpack.toml");
        let descriptor: Descriptor = toml::from_str(&fs_err::read_to_string(&file)?)
            .map_err(|error| Failure::Descriptor { file, reason: error.to_string() })?;
        let Header { id, version, clear_env, sbom_formats } = descriptor.buildpack;
        Ok(Self { dir, id, version, clear_env, sbom_formats, targets: descriptor.targets })
    }

    /// Name of its directory below the layers directory.
    #[must_use]
    pub fn escaped_id(&self) -> String {
        escaped(&self.id)
    }

    pub(crate) fn program(&self, phase: &str) -> PathBuf {
        self.dir.join("bin").join(phase)
    }

    pub(crate) fn layers_dir(&self, layers_dir: &Path) -> PathBuf {
        layers_dir.join(self.escaped_id())
    }
}

/// A buildpack id as a file name.
pub(crate) fn escaped(id: &str) -> String {
    id.replace('/', "_")
}

/// A buildpack's place in a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// The buildpack.
    pub buildpack: Buildpack,
    /// Whether the group passes without it.
    pub optional: bool,
}

impl Member {
    /// A member without which the group fails.
    #[must_use]
    pub fn required(buildpack: Buildpack) -> Self {
        Self { buildpack, optional: false }
    }

    /// A member that is left out where it does not fit.
    #[must_use]
    pub fn optional(buildpack: Buildpack) -> Self {
        Self { buildpack, optional: true }
    }
}

/// Groups of buildpacks in the order in which they are tried.
pub type Order = Vec<Vec<Member>>;

/// What the app image will run on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// `linux`.
    pub os: String,
    /// `amd64` or `arm64`.
    pub arch: String,
    /// `ID` of os-release.
    pub distro_name: String,
    /// `VERSION_ID` of os-release.
    pub distro_version: String,
}

impl Target {
    /// Whether one of the declared targets fits, or none is declared.
    pub(crate) fn fits(&self, declared: &[DeclaredTarget]) -> bool {
        let same = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
        let fits = |declared: &DeclaredTarget| {
            let distros = &declared.distros;
            let mut known = distros.iter();
            same(&self.os, &declared.os)
                && same(&self.arch, &declared.arch)
                && (distros.is_empty()
                    || known.any(|distro| {
                        same(&self.distro_name, &distro.name)
                            && same(&self.distro_version, &distro.version)
                    }))
        };
        declared.is_empty() || declared.iter().any(fits)
    }

    pub(crate) fn variables(&self) -> [(&'static str, &str); 4] {
        [
            ("CNB_TARGET_OS", &self.os),
            ("CNB_TARGET_ARCH", &self.arch),
            ("CNB_TARGET_DISTRO_NAME", &self.distro_name),
            ("CNB_TARGET_DISTRO_VERSION", &self.distro_version),
        ]
    }
}

impl Default for Target {
    /// The same on every machine, so that tests are.
    fn default() -> Self {
        Self {
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            distro_name: "ubuntu".to_owned(),
            distro_version: "24.04".to_owned(),
        }
    }
}
