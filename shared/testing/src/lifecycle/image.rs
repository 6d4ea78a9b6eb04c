//! The app image and the cache, as far as they are remembered between builds.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::files::Types;
use crate::tree;

/// What the exporter made: everything that decides the digest of the image, apart from the run image.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Image {
    /// The buildpacks that took part, in order, with their launch layers.
    pub buildpacks: Vec<BuildpackRecord>,
    /// Digests of the slices of the app directory.
    pub app: Vec<String>,
    /// Digest of the layer with the launch SBOMs.
    pub sbom: Option<String>,
    /// What the image can start, by type.
    pub processes: Vec<Process>,
    /// Type of the process that it starts by itself.
    pub default_process: Option<String>,
    /// Labels from `launch.toml` files.
    pub labels: BTreeMap<String, String>,
}

/// One buildpack in the image or in the cache.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct BuildpackRecord {
    /// Id of the buildpack.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its layers by name.
    pub layers: BTreeMap<String, LayerRecord>,
    /// Content of its `store.toml`.
    pub store: Option<serde_json::Value>,
}

/// One layer in the image or in the cache.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LayerRecord {
    /// When it is needed.
    pub types: Types,
    /// Its metadata, in the form in which the image's label holds it.
    pub metadata: serde_json::Value,
    /// Digest of its content.
    pub digest: String,
}

/// One `[[processes]]` table of the image.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Process {
    /// `web`, `worker` …
    pub r#type: String,
    /// Program and fixed arguments.
    pub command: Vec<String>,
    /// Arguments that the user may replace.
    #[serde(deserialize_with = "none_if_null")]
    pub args: Vec<String>,
    /// Where it starts, if not in the app directory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub working_dir: Option<String>,
    /// Who contributed it.
    #[serde(rename = "buildpackID", alias = "buildpack-id")]
    pub buildpack_id: String,
}

/// What is kept for the next build beside the image.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Cache {
    pub(crate) buildpacks: Vec<BuildpackRecord>,
}

impl Image {
    /// Changes with anything that would change the digest of a real image on the same run image.
    ///
    /// # Panics
    ///
    /// Never: an image is plain data.
    #[must_use]
    pub fn digest(&self) -> String {
        let json = serde_json::to_vec(self).expect("an image is plain data");
        format!("sha256:{}", tree::sha256(&json))
    }

    /// A process by its type.
    #[must_use]
    pub fn process(&self, r#type: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.r#type == r#type)
    }
}

/// The real lifecycle writes an empty list as null.
fn none_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A buildpack's layers in an image or a cache.
pub(crate) fn layers_of<'a>(
    records: &'a [BuildpackRecord],
    id: &str,
) -> Option<&'a BTreeMap<String, LayerRecord>> {
    records.iter().find(|record| record.id == id).map(|record| &record.layers)
}
