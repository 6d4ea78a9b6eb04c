//! The records of a catalogue.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kouti_version::Version;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Checksum;

/// One upstream archive or file for one platform.
///
/// The shape of a `[[metadata.dependencies]]` record; keys that belong to one
/// family only are kept in `metadata`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Artifact {
    /// Selection key: `node`, `jre`.
    pub id: String,
    /// Shown to people: `Node.js`.
    pub name: String,
    /// What is inside.
    pub version: Version,
    /// Where it comes from. Absent where a package registry's address is formed from the purl.
    pub uri: Option<String>,
    /// The same bytes elsewhere, for when `uri` has gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternates: Vec<String>,
    /// The proof.
    pub checksum: Checksum,
    /// `linux`; any if absent.
    pub os: Option<String>,
    /// `amd64`, `arm64`; any if absent.
    pub arch: Option<String>,
    /// The distributions it is tied to; any if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distros: Vec<Distro>,
    /// Platform names for vulnerability matching.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<String>,
    /// Package URL.
    pub purl: Option<String>,
    /// SPDX ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// Where its source is.
    pub source: Option<String>,
    /// Proof of the source.
    pub source_checksum: Option<String>,
    /// Day upstream support ends.
    #[serde(default, deserialize_with = "date", skip_serializing_if = "Option::is_none")]
    pub eol_date: Option<Date>,
    /// Leading path parts removed on unpacking.
    #[serde(default)]
    pub strip_components: usize,
    /// What is compiled into it, each as `openssl 3.5.4`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<String>,
    /// Everything else in the record.
    #[serde(flatten)]
    pub metadata: BTreeMap<String, toml::Value>,
}

impl Artifact {
    /// `Node.js 24.1.0`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// A text-valued key that only this family has.
    #[must_use]
    pub fn extra(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }

    /// A truth value that only this family has; absent means false.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.metadata.get(key).and_then(toml::Value::as_bool).unwrap_or(false)
    }

    /// Whether it runs on `target`.
    #[must_use]
    pub fn fits(&self, target: &Target) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found || wanted == "noarch")
        };
        same(&self.os, &target.os)
            && same(&self.arch, &target.arch)
            && (self.distros.is_empty()
                || self.distros.iter().any(|distro| {
                    distro.name == target.distro_name
                        && (distro.version.is_empty() || distro.version == target.distro_version)
                }))
    }
}

/// A distribution an artifact is tied to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Distro {
    /// `ubuntu`.
    pub name: String,
    /// `24.04`; any if empty.
    #[serde(default)]
    pub version: String,
}

/// A release line of a family and its dates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Line {
    /// The id of the artifacts it is about.
    pub id: String,
    /// `24`.
    pub line: String,
    /// `krypton`.
    pub codename: Option<String>,
    /// Day it became a long-term support line.
    #[serde(default, deserialize_with = "date", skip_serializing_if = "Option::is_none")]
    pub lts: Option<Date>,
    /// Day its support ends.
    #[serde(default, deserialize_with = "date", skip_serializing_if = "Option::is_none")]
    pub eol: Option<Date>,
}

/// All that a buildpack can install: `[metadata]` of its packaged `buildpack.toml`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub struct Catalog {
    /// The constraint used when nobody asks, by artifact id.
    #[serde(default)]
    pub default_versions: BTreeMap<String, String>,
    /// Release lines.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// The artifacts.
    #[serde(default, rename = "dependencies")]
    pub artifacts: Vec<Artifact>,
}

impl Catalog {
    /// The constraint for `id` when nobody asks; everything if there is none.
    #[must_use]
    pub fn default_version(&self, id: &str) -> &str {
        self.default_versions.get(id).map_or("*", String::as_str)
    }
}

/// What an image is built for, in the names of the CNB specification.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Target {
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub arch: String,
    /// `ubuntu`.
    pub distro_name: String,
    /// `24.04`.
    pub distro_version: String,
}

/// A day, written as such or as the start of an RFC 3339 time.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    let text = match &value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Datetime(datetime) => datetime.to_string(),
        _ => return Err(serde::de::Error::custom("expected a date such as 2028-04-30")),
    };
    text.get(..10)
        .and_then(|day| day.parse().ok())
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a date")))
}
