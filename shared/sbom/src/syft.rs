//! Syft JSON, as far as its schema 16 requires and scanners read.

use serde::Serialize;

use crate::document::{Part, Parts, json};
use crate::licence::Licence;
use crate::{Document, Purl};

pub(crate) fn render(document: &Document, parts: &Parts) -> String {
    json(&Syft {
        artifacts: parts.components.iter().map(|part| artifact(part, document)).collect(),
        relationships: parts
            .edges
            .iter()
            // Syft points from what is needed to what needs it.
            .flat_map(|(&child, needed)| {
                needed.iter().map(move |&parent| Relationship {
                    parent,
                    child,
                    kind: "dependency-of",
                })
            })
            .collect(),
        source: Source {
            id: &document.name,
            name: &document.name,
            version: &document.version,
            kind: "directory",
            metadata: Metadata { path: &document.name },
        },
        distro: Distro {},
        descriptor: Descriptor { name: &document.found_by, version: "" },
        schema: Schema {
            version: "16.0.0",
            url: "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json",
        },
    })
}

fn artifact<'a>(part: &'a Part, document: &'a Document) -> Artifact<'a> {
    let component = part.component;
    let (kind, language) = ecosystem(component.purl.as_ref());
    Artifact {
        id: &part.id,
        name: &component.name,
        version: &component.version,
        kind,
        found_by: &document.found_by,
        locations: component
            .location
            .iter()
            .map(|path| Location { path, access_path: path })
            .collect(),
        licenses: Licence::all(&component.licenses).iter().map(SyftLicence::of).collect(),
        language,
        cpes: component.cpes.iter().map(|cpe| Cpe { cpe, source: "declared" }).collect(),
        purl: part.purl.as_deref().unwrap_or_default(),
    }
}

/// Syft's words for the type of a package and its language. Grype chooses by them how
/// it matches; `binary` is matched by CPE.
fn ecosystem(purl: Option<&Purl>) -> (&'static str, &'static str) {
    match purl.map(Purl::kind) {
        Some("cargo") => ("rust-crate", "rust"),
        Some("composer") => ("php-composer", "php"),
        Some("deb") => ("deb", ""),
        Some("gem") => ("gem", "ruby"),
        Some("golang") => ("go-module", "go"),
        Some("maven") => ("java-archive", "java"),
        Some("npm") => ("npm", "javascript"),
        Some("nuget") => ("dotnet", "dotnet"),
        Some("pypi") => ("python", "python"),
        _ => ("binary", ""),
    }
}

#[derive(Serialize)]
struct Syft<'a> {
    artifacts: Vec<Artifact<'a>>,
    #[serde(rename = "artifactRelationships")]
    relationships: Vec<Relationship<'a>>,
    source: Source<'a>,
    distro: Distro,
    descriptor: Descriptor<'a>,
    schema: Schema,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact<'a> {
    id: &'a str,
    name: &'a str,
    version: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    found_by: &'a str,
    locations: Vec<Location<'a>>,
    licenses: Vec<SyftLicence>,
    language: &'static str,
    cpes: Vec<Cpe<'a>>,
    purl: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    path: &'a str,
    access_path: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SyftLicence {
    value: String,
    spdx_expression: String,
    #[serde(rename = "type")]
    kind: &'static str,
    urls: [&'static str; 0],
    locations: [&'static str; 0],
}

impl SyftLicence {
    fn of(licence: &Licence) -> Self {
        let value = licence.text().to_owned();
        let spdx_expression =
            if matches!(licence, Licence::Text(_)) { String::new() } else { value.clone() };
        Self { value, spdx_expression, kind: "declared", urls: [], locations: [] }
    }
}

#[derive(Serialize)]
struct Cpe<'a> {
    cpe: &'a str,
    source: &'static str,
}

#[derive(Serialize)]
struct Relationship<'a> {
    parent: &'a str,
    child: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Source<'a> {
    id: &'a str,
    name: &'a str,
    version: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    path: &'a str,
}

#[derive(Serialize)]
struct Distro {}

#[derive(Serialize)]
struct Descriptor<'a> {
    name: &'a str,
    version: &'static str,
}

#[derive(Serialize)]
struct Schema {
    version: &'static str,
    url: &'static str,
}
