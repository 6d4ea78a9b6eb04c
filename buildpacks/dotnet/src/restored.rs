//! Facts: the packages of a build, in a form that outlives its source and its cache.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::assets::Assets;
use crate::source_text::decode;

/// What NuGet has brought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Restored {
    /// Sorted, each once.
    pub(crate) packages: Vec<Package>,
    /// What NuGet said about packages with known vulnerabilities.
    pub(crate) findings: String,
    /// Whether another restore of the same source could bring other versions, for all that is known.
    pub(crate) floats: bool,
}

/// One package.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// As NuGet writes it: `sha512-…`.
    pub(crate) digest: String,
    /// An SPDX expression.
    pub(crate) licence: Option<String>,
}

impl Restored {
    /// From what NuGet has written for each of `projects`, with licences from the folder of packages.
    pub(crate) fn of(assets: &[Assets], projects: usize, folder: &Path, findings: String) -> Self {
        let found = assets.iter().flat_map(Assets::packages);
        let mut packages: Vec<Package> = found
            .map(|(name, version, library)| Package {
                name: name.to_owned(),
                version: version.to_owned(),
                digest: format!("sha512-{}", library.sha512),
                licence: licence(folder, name, version),
            })
            .collect();
        packages.sort();
        packages.dedup();
        let is_unknown = assets.len() < projects;
        Self { packages, findings, floats: is_unknown || assets.iter().any(Assets::floats) }
    }

    /// The licence of a package, if it was restored and says so.
    pub(crate) fn licence(&self, name: &str, version: &str) -> Option<&str> {
        let is_it = |package: &&Package| {
            package.name.eq_ignore_ascii_case(name) && package.version == version
        };
        self.packages.iter().find(is_it)?.licence.as_deref()
    }
}

/// The SPDX expression in the package's own description.
fn licence(folder: &Path, name: &str, version: &str) -> Option<String> {
    let (name, version) = (name.to_lowercase(), version.to_lowercase());
    let path = folder.join(&name).join(version).join(format!("{name}.nuspec"));
    let text = decode(&fs_err::read(path).ok()?);
    let document = roxmltree::Document::parse(&text).ok()?;
    let is_expression = |node: &roxmltree::Node<'_, '_>| {
        node.tag_name().name() == "license" && node.attribute("type") == Some("expression")
    };
    let node = document.descendants().find(is_expression)?;
    node.text().map(|text| text.trim().to_owned())
}
