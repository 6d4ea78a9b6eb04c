//! CycloneDX 1.5 JSON.
//!
//! No `serialNumber` and no `metadata.timestamp`: both would differ on every build.

use serde::Serialize;

use crate::document::{Part, Parts, json};
use crate::licence::{Licence, conjunction};
use crate::{Digest, Document, address};

pub(crate) fn render(document: &Document, parts: &Parts) -> String {
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
        format: "CycloneDX",
        spec_version: "1.5",
        version: 1,
        metadata: Metadata {
            tools: Tools {
                components: [Subject {
                    kind: "application",
                    name: &document.found_by,
                    version: "",
                }],
            },
            component: Subject {
                kind: "application",
                name: &document.name,
                version: &document.version,
            },
        },
        components: parts.components.iter().map(component).collect(),
        dependencies: parts
            .edges
            .iter()
            .map(|(from, to)| Dependency { from, depends_on: to.iter().copied().collect() })
            .collect(),
    };
    json(&bom)
}

fn component<'a>(part: &'a Part) -> Component<'a> {
    let component = part.component;
    // A component has one CPE; Syft's property for the others is what scanners read.
    let (cpe, more_cpes) = component.cpes.split_first().unzip();
    let mut properties: Vec<_> = component
        .properties
        .iter()
        .map(|(name, value)| Property { name, value })
        .chain(more_cpes.into_iter().flatten().map(|value| Property { name: "syft:cpe23", value }))
        .collect();
    properties.sort();

    Component {
        kind: component.kind.name(),
        id: &part.id,
        name: &component.name,
        version: &component.version,
        scope: match component.properties.get("kouti:scope").map(String::as_str) {
            Some("optional") => Some("optional"),
            // CycloneDX: "used for testing or other non-runtime purposes".
            Some("development") => Some("excluded"),
            _ => None,
        },
        hashes: component.checksums.iter().map(Hash::of).collect(),
        licenses: licences(&component.licenses),
        cpe: cpe.map(String::as_str),
        purl: part.purl.as_deref(),
        external_references: references(component),
        evidence: component
            .location
            .as_deref()
            .map(|location| Evidence { occurrences: [Occurrence { location }] }),
        properties,
    }
}

/// Either ids and names, or exactly one expression: the schema has no mixture.
fn licences(texts: &[String]) -> Vec<LicenceChoice> {
    let licences = Licence::all(texts);
    let has_expression = licences.iter().any(|l| matches!(l, Licence::Expression(_)));
    let has_text = licences.iter().any(|l| matches!(l, Licence::Text(_)));
    if has_expression && !has_text {
        let texts: Vec<_> = licences.iter().map(Licence::text).map(str::to_owned).collect();
        return vec![LicenceChoice::Expression(conjunction(&texts))];
    }
    licences
        .into_iter()
        .map(|licence| match licence {
            Licence::Id(id) => LicenceChoice::License(NamedLicence::Id(id)),
            Licence::Expression(text) | Licence::Text(text) => {
                LicenceChoice::License(NamedLicence::Name(text))
            }
        })
        .collect()
}

fn references(component: &crate::Component) -> Vec<Reference<'_>> {
    let download = component.download.as_deref().map(|uri| Reference {
        kind: "distribution",
        url: address::public(uri),
        comment: None,
        hashes: Vec::new(),
    });
    // 1.5 has no type of its own for a source archive.
    let source = component.source.as_ref().map(|source| Reference {
        kind: "distribution",
        url: address::public(&source.uri),
        comment: Some("source code"),
        hashes: source.digest.iter().map(Hash::of).collect(),
    });
    download.into_iter().chain(source).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    #[serde(rename = "bomFormat")]
    format: &'a str,
    spec_version: &'a str,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Dependency<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    tools: Tools<'a>,
    component: Subject<'a>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Subject<'a>; 1],
}

#[derive(Serialize)]
struct Subject<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "bom-ref")]
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenceChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpe: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Hash<'a> {
    alg: &'a str,
    content: &'a str,
}

impl<'a> Hash<'a> {
    fn of(digest: &'a Digest) -> Self {
        Self { alg: digest.algorithm().cyclonedx(), content: digest.hex() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenceChoice {
    License(NamedLicence),
    Expression(String),
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum NamedLicence {
    Id(&'static str),
    Name(String),
}

#[derive(Serialize)]
struct Reference<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'a>>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: [Occurrence<'a>; 1],
}

#[derive(Serialize)]
struct Occurrence<'a> {
    location: &'a str,
}

#[derive(Eq, Ord, PartialEq, PartialOrd, Serialize)]
struct Property<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(rename = "ref")]
    from: &'a str,
    depends_on: Vec<&'a str>,
}
