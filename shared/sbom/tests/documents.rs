//! What a document says, and that it always says it in the same bytes.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use kouti_sbom::{Component, Digest, Document, Format, Kind, Purl, Source, render};
use proptest::prelude::*;

fn digest(text: &str) -> Digest {
    text.parse().unwrap()
}

/// A layer with one pinned artifact, everything filled in.
pub(crate) fn runtime() -> Document {
    let archive = "https://nodejs.org/dist/v22.11.0/node-v22.11.0-linux-x64.tar.gz";
    let checksum = digest(&format!("sha256:{}", "ab".repeat(32)));
    Document {
        name: "node".into(),
        version: String::new(),
        found_by: "kouti/nodejs".into(),
        components: vec![Component {
            name: "Node.js".into(),
            version: "22.11.0".into(),
            kind: Kind::Application,
            purl: Some(
                Purl::new("generic", "node")
                    .unwrap()
                    .version("22.11.0")
                    .qualifier("checksum", &format!("sha256:{}", checksum.hex()))
                    .qualifier("download_url", archive),
            ),
            cpes: vec![
                "cpe:2.3:a:nodejs:node.js:22.11.0:*:*:*:*:*:*:*".into(),
                "cpe:2.3:a:nodejs:nodejs:22.11.0:*:*:*:*:*:*:*".into(),
            ],
            licenses: vec!["MIT".into(), "deprecated_BSD".into(), "Apache-2.0".into()],
            checksums: vec![checksum],
            download: Some(format!("{archive}?token=canary")),
            source: Some(Source {
                uri: "https://user:canary@nodejs.org/node-v22.11.0.tar.gz".into(),
                digest: Some(digest(&format!("sha1:{}", "cd".repeat(20)))),
            }),
            location: Some("bin/node".into()),
            properties: BTreeMap::from([("kouti:eol".into(), "2027-04-30".into())]),
        }],
        dependencies: BTreeMap::new(),
    }
}

/// A launch document with a graph.
pub(crate) fn packages() -> Document {
    let package = |name: &str, scope: &str, licence: &str| Component {
        name: name.into(),
        version: "1.0.0".into(),
        purl: Some(Purl::new("npm", name).unwrap().version("1.0.0")),
        licenses: vec![licence.into()],
        location: Some(format!("node_modules/{name}")),
        properties: BTreeMap::from([("kouti:scope".into(), scope.into())]),
        ..Component::default()
    };
    let express = package("express", "production", "MIT OR Apache-2.0");
    let fsevents = package("fsevents", "optional", "SEE LICENSE IN LICENSE.md");
    let vite = package("vite", "development", "isc");
    Document {
        name: "app".into(),
        version: "2.0.0".into(),
        found_by: "kouti/nodejs".into(),
        dependencies: BTreeMap::from([
            (express.id(), [fsevents.id(), "never-installed".into()].into()),
            (vite.id(), [express.id()].into()),
            ("never-installed".into(), [vite.id()].into()),
        ]),
        components: vec![vite, express, fsevents],
    }
}

fn parsed(document: &Document, format: Format) -> serde_json::Value {
    serde_json::from_str(&render(document, format)).unwrap()
}

#[test]
fn cyclonedx_of_a_runtime() {
    assert_snapshot!(render(&runtime(), Format::CycloneDx), @r#"
    {
      "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
      "bomFormat": "CycloneDX",
      "specVersion": "1.5",
      "version": 1,
      "metadata": {
        "tools": {
          "components": [
            {
              "type": "application",
              "name": "kouti/nodejs"
            }
          ]
        },
        "component": {
          "type": "application",
          "name": "node"
        }
      },
      "components": [
        {
          "type": "application",
          "bom-ref": "Node.js-22.11.0-f90b63e3775f",
          "name": "Node.js",
          "version": "22.11.0",
          "hashes": [
            {
              "alg": "SHA-256",
              "content": "abababababababababababababababababababababababababababababababab"
            }
          ],
          "licenses": [
            {
              "license": {
                "id": "MIT"
              }
            },
            {
              "license": {
                "name": "deprecated_BSD"
              }
            },
            {
              "license": {
                "id": "Apache-2.0"
              }
            }
          ],
          "cpe": "cpe:2.3:a:nodejs:node.js:22.11.0:*:*:*:*:*:*:*",
          "purl": "pkg:generic/node@22.11.0?checksum=sha256:abababababababababababababababababababababababababababababababab&download_url=https:%2F%2Fnodejs.org%2Fdist%2Fv22.11.0%2Fnode-v22.11.0-linux-x64.tar.gz",
          "externalReferences": [
            {
              "type": "distribution",
              "url": "https://nodejs.org/dist/v22.11.0/node-v22.11.0-linux-x64.tar.gz"
            },
            {
              "type": "distribution",
              "url": "https://nodejs.org/node-v22.11.0.tar.gz",
              "comment": "source code",
              "hashes": [
                {
                  "alg": "SHA-1",
                  "content": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
                }
              ]
            }
          ],
          "evidence": {
            "occurrences": [
              {
                "location": "bin/node"
              }
            ]
          },
          "properties": [
            {
              "name": "kouti:eol",
              "value": "2027-04-30"
            },
            {
              "name": "syft:cpe23",
              "value": "cpe:2.3:a:nodejs:nodejs:22.11.0:*:*:*:*:*:*:*"
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn cyclonedx_of_packages_has_their_scope_and_graph() {
    let cdx = parsed(&packages(), Format::CycloneDx);
    let shown = [&cdx["metadata"]["component"], &cdx["components"][1], &cdx["dependencies"]];
    assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap(), @r#"
    [
      {
        "type": "application",
        "name": "app",
        "version": "2.0.0"
      },
      {
        "type": "library",
        "bom-ref": "fsevents-1.0.0-d3e8c98e2aa7",
        "name": "fsevents",
        "version": "1.0.0",
        "scope": "optional",
        "licenses": [
          {
            "license": {
              "name": "SEE LICENSE IN LICENSE.md"
            }
          }
        ],
        "purl": "pkg:npm/fsevents@1.0.0",
        "evidence": {
          "occurrences": [
            {
              "location": "node_modules/fsevents"
            }
          ]
        },
        "properties": [
          {
            "name": "kouti:scope",
            "value": "optional"
          }
        ]
      },
      [
        {
          "ref": "express-1.0.0-82c7c279b1d2",
          "dependsOn": [
            "fsevents-1.0.0-d3e8c98e2aa7"
          ]
        },
        {
          "ref": "vite-1.0.0-8699c11f1f0d",
          "dependsOn": [
            "express-1.0.0-82c7c279b1d2"
          ]
        }
      ]
    ]
    "#);
}

#[test]
fn spdx_of_a_runtime() {
    assert_snapshot!(render(&runtime(), Format::Spdx), @r#"
    {
      "spdxVersion": "SPDX-2.3",
      "dataLicense": "CC0-1.0",
      "SPDXID": "SPDXRef-DOCUMENT",
      "name": "node",
      "documentNamespace": "https://github.com/kouti/kouti/spdx/node-9179acef-c837-59a8-830b-a9a7400af876",
      "creationInfo": {
        "created": "0001-01-01T00:00:00Z",
        "creators": [
          "Tool: kouti/nodejs"
        ]
      },
      "packages": [
        {
          "SPDXID": "SPDXRef-Package-Node.js-22.11.0-f90b63e3775f",
          "name": "Node.js",
          "versionInfo": "22.11.0",
          "primaryPackagePurpose": "APPLICATION",
          "downloadLocation": "https://nodejs.org/dist/v22.11.0/node-v22.11.0-linux-x64.tar.gz",
          "filesAnalyzed": false,
          "licenseConcluded": "NOASSERTION",
          "licenseDeclared": "MIT AND LicenseRef-fecc8fb8056e AND Apache-2.0",
          "copyrightText": "NOASSERTION",
          "checksums": [
            {
              "algorithm": "SHA256",
              "checksumValue": "abababababababababababababababababababababababababababababababab"
            }
          ],
          "externalRefs": [
            {
              "referenceCategory": "SECURITY",
              "referenceType": "cpe23Type",
              "referenceLocator": "cpe:2.3:a:nodejs:node.js:22.11.0:*:*:*:*:*:*:*"
            },
            {
              "referenceCategory": "SECURITY",
              "referenceType": "cpe23Type",
              "referenceLocator": "cpe:2.3:a:nodejs:nodejs:22.11.0:*:*:*:*:*:*:*"
            },
            {
              "referenceCategory": "PACKAGE-MANAGER",
              "referenceType": "purl",
              "referenceLocator": "pkg:generic/node@22.11.0?checksum=sha256:abababababababababababababababababababababababababababababababab&download_url=https:%2F%2Fnodejs.org%2Fdist%2Fv22.11.0%2Fnode-v22.11.0-linux-x64.tar.gz"
            }
          ],
          "sourceInfo": "found in bin/node\nsource code: https://nodejs.org/node-v22.11.0.tar.gz sha1:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
          "comment": "kouti:eol=2027-04-30"
        }
      ],
      "relationships": [
        {
          "spdxElementId": "SPDXRef-DOCUMENT",
          "relationshipType": "DESCRIBES",
          "relatedSpdxElement": "SPDXRef-Package-Node.js-22.11.0-f90b63e3775f"
        }
      ],
      "hasExtractedLicensingInfos": [
        {
          "licenseId": "LicenseRef-fecc8fb8056e",
          "extractedText": "deprecated_BSD"
        }
      ]
    }
    "#);
}

#[test]
fn spdx_of_packages_has_their_graph_and_foreign_licences() {
    let spdx = parsed(&packages(), Format::Spdx);
    let graph = [&spdx["relationships"], &spdx["hasExtractedLicensingInfos"]];
    assert_snapshot!(serde_json::to_string_pretty(&graph).unwrap(), @r#"
    [
      [
        {
          "spdxElementId": "SPDXRef-DOCUMENT",
          "relationshipType": "DESCRIBES",
          "relatedSpdxElement": "SPDXRef-Package-express-1.0.0-82c7c279b1d2"
        },
        {
          "spdxElementId": "SPDXRef-DOCUMENT",
          "relationshipType": "DESCRIBES",
          "relatedSpdxElement": "SPDXRef-Package-fsevents-1.0.0-d3e8c98e2aa7"
        },
        {
          "spdxElementId": "SPDXRef-DOCUMENT",
          "relationshipType": "DESCRIBES",
          "relatedSpdxElement": "SPDXRef-Package-vite-1.0.0-8699c11f1f0d"
        },
        {
          "spdxElementId": "SPDXRef-Package-express-1.0.0-82c7c279b1d2",
          "relationshipType": "DEPENDS_ON",
          "relatedSpdxElement": "SPDXRef-Package-fsevents-1.0.0-d3e8c98e2aa7"
        },
        {
          "spdxElementId": "SPDXRef-Package-vite-1.0.0-8699c11f1f0d",
          "relationshipType": "DEPENDS_ON",
          "relatedSpdxElement": "SPDXRef-Package-express-1.0.0-82c7c279b1d2"
        }
      ],
      [
        {
          "licenseId": "LicenseRef-f4fa90025efd",
          "extractedText": "SEE LICENSE IN LICENSE.md"
        }
      ]
    ]
    "#);
}

#[test]
fn syft_of_packages() {
    let mut syft = parsed(&packages(), Format::Syft);
    syft["artifacts"].as_array_mut().unwrap().truncate(2);
    assert_snapshot!(serde_json::to_string_pretty(&syft).unwrap(), @r#"
    {
      "artifacts": [
        {
          "id": "express-1.0.0-82c7c279b1d2",
          "name": "express",
          "version": "1.0.0",
          "type": "npm",
          "foundBy": "kouti/nodejs",
          "locations": [
            {
              "path": "node_modules/express",
              "accessPath": "node_modules/express"
            }
          ],
          "licenses": [
            {
              "value": "MIT OR Apache-2.0",
              "spdxExpression": "MIT OR Apache-2.0",
              "type": "declared",
              "urls": [],
              "locations": []
            }
          ],
          "language": "javascript",
          "cpes": [],
          "purl": "pkg:npm/express@1.0.0"
        },
        {
          "id": "fsevents-1.0.0-d3e8c98e2aa7",
          "name": "fsevents",
          "version": "1.0.0",
          "type": "npm",
          "foundBy": "kouti/nodejs",
          "locations": [
            {
              "path": "node_modules/fsevents",
              "accessPath": "node_modules/fsevents"
            }
          ],
          "licenses": [
            {
              "value": "SEE LICENSE IN LICENSE.md",
              "spdxExpression": "",
              "type": "declared",
              "urls": [],
              "locations": []
            }
          ],
          "language": "javascript",
          "cpes": [],
          "purl": "pkg:npm/fsevents@1.0.0"
        }
      ],
      "artifactRelationships": [
        {
          "parent": "fsevents-1.0.0-d3e8c98e2aa7",
          "child": "express-1.0.0-82c7c279b1d2",
          "type": "dependency-of"
        },
        {
          "parent": "express-1.0.0-82c7c279b1d2",
          "child": "vite-1.0.0-8699c11f1f0d",
          "type": "dependency-of"
        }
      ],
      "source": {
        "id": "app",
        "name": "app",
        "version": "2.0.0",
        "type": "directory",
        "metadata": {
          "path": "app"
        }
      },
      "distro": {},
      "descriptor": {
        "name": "kouti/nodejs",
        "version": ""
      },
      "schema": {
        "version": "16.0.0",
        "url": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json"
      }
    }
    "#);
}

#[test]
fn no_credential_of_an_address_is_in_any_format() {
    for format in Format::ALL {
        assert!(!render(&runtime(), format).contains("canary"), "{format:?}");
    }
}

fn shuffled(document: &Document) -> Document {
    let mut shuffled = document.clone();
    shuffled.components.reverse();
    shuffled.components.extend(document.components.clone());
    shuffled
}

#[test]
fn neither_order_nor_repetition_changes_a_byte() {
    for document in [runtime(), packages(), many()] {
        for format in Format::ALL {
            let text = render(&document, format);
            assert_eq!(text, render(&document, format));
            assert_eq!(text, render(&shuffled(&document), format), "{format:?}");
        }
    }
}

/// As many packages as a middling app has.
pub(crate) fn many() -> Document {
    let components = (0..600).map(|index| Component {
        name: format!("@scope/package-{}", index % 550),
        version: format!("{index}.0.0"),
        purl: Some(Purl::new("npm", &format!("package-{index}")).unwrap().namespace("@scope")),
        licenses: vec!["MIT".into()],
        ..Component::default()
    });
    Document { name: "app".into(), components: components.collect(), ..Document::default() }
}

#[test]
fn components_are_sorted_by_purl() {
    let cdx = parsed(&many(), Format::CycloneDx);
    let purls: Vec<_> = cdx["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["purl"].as_str().unwrap())
        .collect();
    assert_eq!(purls.len(), 600);
    assert!(purls.is_sorted());
}

#[test]
fn a_changed_document_has_another_name_on_the_web() {
    let namespace = |document: &Document| {
        let spdx = parsed(document, Format::Spdx);
        spdx["documentNamespace"].as_str().unwrap().to_owned()
    };
    let mut other = packages();
    other.components[0].version = "1.0.1".into();
    assert_eq!(namespace(&packages()), namespace(&packages()));
    assert_ne!(namespace(&packages()), namespace(&other));
}

#[test]
fn formats_have_the_names_the_lifecycle_knows() {
    let names: Vec<_> =
        Format::ALL.iter().map(|format| (format.media_type(), format.file_extension())).collect();
    assert_eq!(
        names,
        [
            ("application/vnd.cyclonedx+json", "sbom.cdx.json"),
            ("application/spdx+json", "sbom.spdx.json"),
            ("application/vnd.syft+json", "sbom.syft.json"),
        ]
    );
}

proptest! {
    #[test]
    fn ids_are_as_spdx_wants_them(name in "\\PC{0,80}", version in "\\PC{0,20}") {
        let id = Component { name, version, ..Component::default() }.id();
        prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')));
    }
}
