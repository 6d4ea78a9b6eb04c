//! SPDX 2.3 JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use sha1::{Digest as _, Sha1};

use crate::component::slug;
use crate::document::{Part, Parts, json};
use crate::licence::{Licence, conjunction};
use crate::{Digest, Document, Kind, address, digest};

/// What SPDX says when nothing is known.
const UNKNOWN: &str = "NOASSERTION";

/// Prefix of every document's name on the web, which is never fetched.
const NAMESPACE: &str = "https://github.com/kouti/kouti/spdx";

pub(crate) fn render(document: &Document, parts: &Parts, created: Option<&str>) -> String {
    let mut texts = BTreeMap::new();
    let packages: Vec<_> = parts.components.iter().map(|part| package(part, &mut texts)).collect();
    let describes = packages.iter().map(|package| Relationship {
        from: "SPDXRef-DOCUMENT".into(),
        kind: "DESCRIBES",
        to: package.id.clone(),
    });
    let depends = parts.edges.iter().flat_map(|(from, to)| {
        to.iter().map(|to| Relationship { from: id(from), kind: "DEPENDS_ON", to: id(to) })
    });
    let mut spdx = Spdx {
        version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: "SPDXRef-DOCUMENT",
        name: match document.version.as_str() {
            "" => document.name.clone(),
            version => format!("{}-{version}", document.name),
        },
        document_namespace: String::new(),
        creation_info: CreationInfo {
            // The format demands a time; this one says that there is none.
            created: created.unwrap_or("0001-01-01T00:00:00Z"),
            creators: [format!("Tool: {}", document.found_by)],
        },
        relationships: describes.chain(depends).collect(),
        packages,
        licences: texts.into_iter().map(|(id, text)| ExtractedLicence { id, text }).collect(),
    };
    // Named after its own content, so that equal documents have equal names and
    // different ones do not.
    let uuid = uuid_v5(&json(&spdx));
    spdx.document_namespace = format!("{NAMESPACE}/{}-{uuid}", slug(&document.name));
    json(&spdx)
}

fn id(component: &str) -> String {
    format!("SPDXRef-Package-{component}")
}

/// `texts` collects what is not on the SPDX list.
fn package<'a>(part: &'a Part, texts: &mut BTreeMap<String, String>) -> Package<'a> {
    let component = part.component;
    let cpes = component.cpes.iter().map(|cpe| Reference {
        category: "SECURITY",
        kind: "cpe23Type",
        locator: cpe,
    });
    let purl = part.purl.iter().map(|purl| Reference {
        category: "PACKAGE-MANAGER",
        kind: "purl",
        locator: purl,
    });
    Package {
        id: id(&part.id),
        name: &component.name,
        version: &component.version,
        purpose: match component.kind {
            Kind::Application => "APPLICATION",
            Kind::Library => "LIBRARY",
            Kind::File => "FILE",
        },
        download_location: match &component.download {
            Some(uri) => address::public(uri),
            None => UNKNOWN.into(),
        },
        files_analyzed: false,
        license_concluded: UNKNOWN,
        license_declared: declared(&component.licenses, texts),
        copyright_text: UNKNOWN,
        checksums: component.checksums.iter().map(Checksum::of).collect(),
        external_refs: cpes.chain(purl).collect(),
        source_info: source_info(component),
        comment: {
            let pairs: Vec<_> = component
                .properties
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pairs.join("\n")
        },
    }
}

fn declared(licences: &[String], texts: &mut BTreeMap<String, String>) -> String {
    let expressions: Vec<_> = Licence::all(licences)
        .into_iter()
        .map(|licence| match licence {
            Licence::Id(id) => id.to_owned(),
            Licence::Expression(expression) => expression,
            Licence::Text(text) => {
                let hash = digest::hexadecimal(&Sha1::digest(&text)[..6]);
                let id = format!("LicenseRef-{hash}");
                texts.insert(id.clone(), text);
                id
            }
        })
        .collect();
    if expressions.is_empty() { UNKNOWN.into() } else { conjunction(&expressions) }
}

fn source_info(component: &crate::Component) -> String {
    let mut lines = Vec::new();
    if let Some(location) = &component.location {
        lines.push(format!("found in {location}"));
    }
    if let Some(source) = &component.source {
        let mut line = format!("source code: {}", address::public(&source.uri));
        if let Some(digest) = &source.digest {
            line = format!("{line} {}:{}", digest.algorithm().name(), digest.hex());
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// RFC 4122, version 5, in the namespace of URLs.
fn uuid_v5(name: &str) -> String {
    const URLS: [u8; 16] = [
        0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30,
        0xc8,
    ];
    let hash = Sha1::new().chain_update(URLS).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = digest::hexadecimal(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spdx<'a> {
    #[serde(rename = "spdxVersion")]
    version: &'a str,
    data_license: &'a str,
    #[serde(rename = "SPDXID")]
    id: &'a str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo<'a>,
    packages: Vec<Package<'a>>,
    relationships: Vec<Relationship>,
    #[serde(rename = "hasExtractedLicensingInfos", skip_serializing_if = "Vec::is_empty")]
    licences: Vec<ExtractedLicence>,
}

#[derive(Serialize)]
struct CreationInfo<'a> {
    created: &'a str,
    creators: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(rename = "SPDXID")]
    id: String,
    name: &'a str,
    #[serde(rename = "versionInfo", skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(rename = "primaryPackagePurpose")]
    purpose: &'a str,
    download_location: String,
    files_analyzed: bool,
    license_concluded: &'a str,
    license_declared: String,
    copyright_text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<Reference<'a>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    source_info: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    algorithm: &'a str,
    checksum_value: &'a str,
}

impl<'a> Checksum<'a> {
    fn of(digest: &'a Digest) -> Self {
        Self { algorithm: digest.algorithm().spdx(), checksum_value: digest.hex() }
    }
}

#[derive(Serialize)]
struct Reference<'a> {
    #[serde(rename = "referenceCategory")]
    category: &'a str,
    #[serde(rename = "referenceType")]
    kind: &'a str,
    #[serde(rename = "referenceLocator")]
    locator: &'a str,
}

#[derive(Serialize)]
struct Relationship {
    #[serde(rename = "spdxElementId")]
    from: String,
    #[serde(rename = "relationshipType")]
    kind: &'static str,
    #[serde(rename = "relatedSpdxElement")]
    to: String,
}

#[derive(Serialize)]
struct ExtractedLicence {
    #[serde(rename = "licenseId")]
    id: String,
    #[serde(rename = "extractedText")]
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_follow_the_rfc() {
        // Computed with Python: uuid.uuid5(uuid.NAMESPACE_URL, "https://example.com").
        assert_eq!(uuid_v5("https://example.com"), "4fd35a71-71ef-5a55-a9d9-aa75c889a6d0");
    }
}
