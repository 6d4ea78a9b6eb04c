//! A bill of materials, before it has a format.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Component, cyclonedx, spdx, syft};

/// A list of components: of a layer, of the launched app, of the build.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Document {
    /// What the components are part of: the layer or the app.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
    /// Id of the buildpack that wrote it: `kouti/nodejs`.
    pub found_by: String,
    /// In any order; the same component twice counts once.
    pub components: Vec<Component>,
    /// Which components need which others, by [`Component::id`]. Ids of components
    /// that are not in the document are left out: a lockfile names optional packages that
    /// were never installed.
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
}

/// A format scanners read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// CycloneDX 1.5 JSON.
    CycloneDx,
    /// SPDX 2.3 JSON.
    Spdx,
    /// Syft JSON, schema 16.
    Syft,
}

impl Format {
    /// Every format, in the order of `sbom-formats`.
    pub const ALL: [Self; 3] = [Self::CycloneDx, Self::Spdx, Self::Syft];

    /// As declared in `buildpack.toml`, key `sbom-formats`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "application/vnd.cyclonedx+json",
            Self::Spdx => "application/spdx+json",
            Self::Syft => "application/vnd.syft+json",
        }
    }

    /// What follows the layer's name and a dot: `sbom.cdx.json`.
    #[must_use]
    pub fn file_extension(self) -> &'static str {
        match self {
            Self::CycloneDx => "sbom.cdx.json",
            Self::Spdx => "sbom.spdx.json",
            Self::Syft => "sbom.syft.json",
        }
    }
}

/// Writes `document` in `format`, as indented JSON with a final newline.
#[must_use]
pub fn render(document: &Document, format: Format) -> String {
    render_at(document, format, None)
}

/// The same with the time, as in `2026-01-31T12:00:00Z`, that the user wants what is built to bear:
/// SPDX demands one, the other formats do without.
#[must_use]
pub fn render_at(document: &Document, format: Format, created: Option<&str>) -> String {
    let parts = Parts::of(document);
    match format {
        Format::CycloneDx => cyclonedx::render(document, &parts),
        Format::Spdx => spdx::render(document, &parts, created),
        Format::Syft => syft::render(document, &parts),
    }
}

/// The components and edges of a document in the order in which they are written.
pub(crate) struct Parts<'a> {
    pub(crate) components: Vec<Part<'a>>,
    /// From, to; both ends are in `components`.
    pub(crate) edges: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// A component with what every format needs of it.
pub(crate) struct Part<'a> {
    pub(crate) id: String,
    pub(crate) purl: Option<String>,
    pub(crate) component: &'a Component,
}

impl<'a> Parts<'a> {
    fn of(document: &'a Document) -> Self {
        let mut components: Vec<_> = document
            .components
            .iter()
            .map(|component| Part {
                id: component.id(),
                purl: component.purl.as_ref().map(ToString::to_string),
                component,
            })
            .collect();
        components.sort_by(|a, b| (&a.purl, a.component).cmp(&(&b.purl, b.component)));
        let mut seen = BTreeSet::new();
        components.retain(|part| seen.insert(part.id.clone()));

        let edges = document
            .dependencies
            .iter()
            .filter(|(from, _)| seen.contains(*from))
            .map(|(from, to)| {
                (from.as_str(), to.iter().filter(|id| seen.contains(*id)).map(String::as_str))
            })
            .map(|(from, to)| (from, to.collect()))
            .collect();
        Self { components, edges }
    }
}

/// Renders as JSON with a final newline.
pub(crate) fn json(document: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("structs of texts and lists are always valid JSON");
    text.push('\n');
    text
}
