//! What buildpacks write for the lifecycle: `<layer>.toml`, `launch.toml`, `build.toml`, `store.toml`.

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Result;
use crate::tree;

/// When a layer is needed.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Types {
    /// By later buildpacks.
    #[serde(default)]
    pub build: bool,
    /// In the next build.
    #[serde(default)]
    pub cache: bool,
    /// In the image.
    #[serde(default)]
    pub launch: bool,
}

impl Types {
    /// None: the layer is dropped.
    pub const NONE: Self = Self { build: false, cache: false, launch: false };
    /// In the image only.
    pub const LAUNCH: Self = Self { launch: true, ..Self::NONE };
    /// Kept for the next build only.
    pub const CACHE: Self = Self { cache: true, ..Self::NONE };
    /// For later buildpacks only, made anew in each build.
    pub const BUILD: Self = Self { build: true, ..Self::NONE };
    /// For later buildpacks, and kept for the next build.
    pub const BUILD_CACHE: Self = Self { build: true, cache: true, launch: false };
    /// In the image, and kept for the next build.
    pub const LAUNCH_CACHE: Self = Self { launch: true, cache: true, build: false };
    /// For later buildpacks and in the image, made anew in each build.
    pub const BUILD_LAUNCH: Self = Self { build: true, launch: true, cache: false };
    /// All three.
    pub const ALL: Self = Self { build: true, cache: true, launch: true };
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(self.build, "build"), (self.cache, "cache"), (self.launch, "launch")];
        let set: Vec<_> = names.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
        f.write_str(if set.is_empty() { "none" } else { "" })?;
        f.write_str(&set.join(", "))
    }
}

/// `<layer>.toml`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LayerFile {
    #[serde(default)]
    pub(crate) types: Types,
    #[serde(default)]
    pub(crate) metadata: toml::Table,
    build: Option<toml::Value>,
    cache: Option<toml::Value>,
    launch: Option<toml::Value>,
}

impl LayerFile {
    /// Reads the file; a missing one says nothing, so the layer has no types.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let file: Self = read_toml(path)?.unwrap_or_default();
        if file.build.is_some() || file.cache.is_some() || file.launch.is_some() {
            return Err(format!(
                "build, cache and launch belong into the `types` table of {}",
                file_name(path)
            ));
        }
        Ok(file)
    }
}

/// `launch.toml`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LaunchFile {
    #[serde(default)]
    pub(crate) processes: Vec<ProcessEntry>,
    #[serde(default)]
    pub(crate) labels: Vec<Label>,
    #[serde(default)]
    pub(crate) slices: Vec<SliceEntry>,
}

/// One `[[processes]]` table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ProcessEntry {
    #[serde(default)]
    pub(crate) r#type: String,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) default: bool,
    pub(crate) working_dir: Option<String>,
    pub(crate) direct: Option<bool>,
}

/// One `[[labels]]` table.
#[derive(Debug, Deserialize)]
pub(crate) struct Label {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// One `[[slices]]` table.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SliceEntry {
    #[serde(default)]
    pub(crate) paths: Vec<String>,
}

impl LaunchFile {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let file: Self = read_toml(path)?.unwrap_or_default();
        if file.processes.iter().any(|process| process.direct.is_some()) {
            return Err("launch.toml: `direct` is gone since Buildpack API 0.9".to_owned());
        }
        if let Some(process) = file.processes.iter().find(|process| process.command.is_empty()) {
            return Err(format!("launch.toml: process `{}` has no command", process.r#type));
        }
        if file.processes.iter().filter(|process| process.default).count() > 1 {
            return Err("launch.toml: more than one process is the default".to_owned());
        }
        Ok(file)
    }
}

/// `build.toml`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct BuildFile {
    #[serde(default)]
    pub(crate) unmet: Vec<Unmet>,
}

/// A plan entry that a buildpack was given but leaves to a later one.
#[derive(Debug, Deserialize)]
pub(crate) struct Unmet {
    #[serde(default)]
    pub(crate) name: String,
}

impl BuildFile {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        Ok(read_toml(path)?.unwrap_or_default())
    }
}

/// `store.toml`.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct StoreFile {
    #[serde(default)]
    pub(crate) metadata: toml::Table,
}

impl StoreFile {
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, String> {
        read_toml(path)
    }
}

/// Reads a TOML file, if it is there.
fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs_err::read_to_string(path).map_err(|error| error.to_string())?;
    toml::from_str(&text).map(Some).map_err(|error| format!("{}: {error}", file_name(path)))
}

/// Writes a TOML file.
pub(crate) fn write_toml(path: &Path, content: &impl Serialize) -> Result<()> {
    let text = toml::to_string(content).map_err(std::io::Error::other)?;
    Ok(tree::write(path, text)?)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
