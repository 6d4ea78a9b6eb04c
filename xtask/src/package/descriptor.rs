//! `buildpack.toml`: as it is in the source tree, and as it goes into the package.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table};

use super::catalog::Catalog;

/// What packaging needs to know of a descriptor. A platform only warns about a key that it does not know, or says nothing:
/// what was meant would be missed much later.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Descriptor {
    pub(super) api: String,
    #[serde(rename = "buildpack")]
    pub(super) info: Info,
    pub(super) targets: Vec<Target>,
    #[serde(default)]
    metadata: Metadata,
    /// The descriptor's text, whole.
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Info {
    pub(super) id: String,
    pub(super) name: String,
    /// That of the workspace, whatever the file says.
    pub(super) version: String,
    pub(super) homepage: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    pub(super) licenses: Vec<License>,
    #[serde(default, rename = "sbom-formats")]
    _sbom_formats: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct License {
    /// SPDX id.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    pub(super) os: String,
    pub(super) arch: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    catalog: Option<PathBuf>,
    #[serde(default)]
    configurations: Vec<Configuration>,
}

/// A setting, as the descriptor lists it for tools and for the documentation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    name: String,
    description: String,
    #[serde(default, rename = "default")]
    _default: Option<String>,
    #[serde(default)]
    build: bool,
    #[serde(default)]
    launch: bool,
}

impl Descriptor {
    /// Reads and checks the descriptor in `dir`, to be packaged as `version`.
    pub(super) fn read(dir: &Path, version: &str) -> Result<Self> {
        let path = dir.join("buildpack.toml");
        let text = fs_err::read_to_string(&path)?;
        Self::parse(text, version).with_context(|| format!("{} is wrong", path.display()))
    }

    fn parse(text: String, version: &str) -> Result<Self> {
        let mut descriptor: Self = toml::from_str(&text)?;
        version.clone_into(&mut descriptor.info.version);
        descriptor.text = text;
        let problems = descriptor.problems();
        if !problems.is_empty() {
            bail!("{}", problems.join("\n    "));
        }
        Ok(descriptor)
    }

    /// The catalogue of what the buildpack installs, if it installs anything.
    pub(super) fn catalog(&self) -> Option<&Path> {
        self.metadata.catalog.as_deref()
    }

    /// The id as platforms write it in paths.
    pub(super) fn file_name(&self) -> String {
        self.info.id.replace('/', "_")
    }

    /// The descriptor of the package.
    pub(super) fn packaged(&self, catalog: Option<&Catalog>) -> Result<String> {
        let mut document: DocumentMut = self.text.parse()?;
        document["buildpack"]["version"] = self.info.version.as_str().into();
        let Some(catalog) = catalog else { return Ok(document.to_string()) };

        let metadata = document["metadata"].as_table_mut().context("`metadata` is not a table")?;
        metadata.remove("catalog");
        if !catalog.default_versions.is_empty() {
            metadata.insert("default-versions", Item::Table(at_the_end(&catalog.default_versions)));
        }
        for (key, tables) in [("lines", &catalog.lines), ("dependencies", &catalog.records)] {
            metadata.insert(key, Item::ArrayOfTables(tables.iter().map(at_the_end).collect()));
        }
        Ok(document.to_string())
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.targets.is_empty() {
            problems.push("no [[targets]]: platforms would assume amd64 alone".to_owned());
        }
        let mut seen = BTreeSet::new();
        for setting in &self.metadata.configurations {
            let name = &setting.name;
            let mut problem = |text: &str| problems.push(format!("setting `{name}`: {text}"));
            if name.is_empty()
                || !name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            {
                problem("not the name of an environment variable");
            }
            if setting.description.trim().is_empty() {
                problem("no description");
            }
            if !setting.build && !setting.launch {
                problem("neither for `build` nor for `launch`");
            }
            if !seen.insert(name) {
                problem("listed twice");
            }
        }
        problems
    }
}

/// A copy of another document's table, to be written after everything else, with all below it.
fn at_the_end(table: &Table) -> Table {
    let mut table = table.clone();
    table.set_position(Some(isize::MAX));
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => *inner = at_the_end(inner),
            Item::ArrayOfTables(all) => *all = all.iter().map(at_the_end).collect(),
            _ => {}
        }
    }
    table
}
