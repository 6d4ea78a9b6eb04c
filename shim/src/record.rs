//! What the lifecycle has written down about a build, and what of it the start of the app needs.

use std::collections::BTreeMap;
use std::path::Path;

use kouti_report::Problem;
use serde::{Deserialize, Serialize};

/// `config/metadata.toml` of the lifecycle, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) buildpacks: Vec<Built>,
    #[serde(default)]
    pub(crate) processes: Vec<Process>,
    #[serde(default)]
    pub(crate) labels: Vec<Label>,
    #[serde(default, rename = "buildpack-default-process-type")]
    pub(crate) default_type: String,
}

/// A buildpack that took part.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Built {
    pub(crate) id: String,
    pub(crate) version: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Process {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) command: Command,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default, rename = "working-dir")]
    pub(crate) working_dir: Option<String>,
    /// The surroundings for which it is meant; all if there are none.
    #[serde(default, rename = "exec-env")]
    pub(crate) exec_env: Vec<String>,
}

/// Buildpacks of old have one text, all others the words.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Command {
    Words(Vec<String>),
    Text(String),
}

impl Default for Command {
    fn default() -> Self {
        Self::Words(Vec::new())
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Label {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Metadata {
    /// Of the build that left its layers in `layers_dir`.
    pub(crate) fn read(layers_dir: &Path) -> Result<Self, Problem> {
        let path = layers_dir.join("config/metadata.toml");
        let text = fs_err::read_to_string(&path)?;
        Ok(toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.message()))?)
    }
}

/// `kouti/launch.toml` in the droplet.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct LaunchRecord {
    /// Ids in the order in which they ran.
    pub(crate) buildpacks: Vec<String>,
    /// All commands that the platform was told; what it starts besides is the user's.
    pub(crate) commands: Vec<String>,
    /// The type as which layers know a process that has another name here.
    pub(crate) original_types: BTreeMap<String, String>,
    /// Of which classic buildpacks the settings are understood.
    #[serde(default)]
    pub(crate) compat: Vec<String>,
}

impl LaunchRecord {
    pub(crate) fn write(&self, path: &Path) -> Result<(), Problem> {
        let text = toml::to_string(self).map_err(anyhow::Error::from)?;
        Ok(fs_err::write(path, text)?)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = fs_err::read_to_string(path)?;
        Ok(toml::from_str(&text).map_err(anyhow::Error::from)?)
    }
}

/// The directory of a buildpack's layers, as the lifecycle names it.
pub(crate) fn escaped(id: &str) -> String {
    id.replace('/', "_")
}
