//! What can be affected: artifacts of the catalogues, and images by their bills of materials.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use kouti_catalog::Artifact;
use serde_json::Value;

/// Something that consists of parts.
pub(super) struct Subject {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

/// A component in a version.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) version: String,
    /// Package URL without version and qualifiers.
    pub(super) package: Option<String>,
    /// What it is compiled into, by the same two.
    pub(super) within: Option<(String, String)>,
}

impl Part {
    fn new(name: &str, version: &str, purl: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            package: purl.map(package),
            within: None,
        }
    }

    /// Whether people call it so: by its name, or by that of its package.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let of_package = self.package.as_deref().and_then(|package| package.rsplit('/').next());
        self.name.eq_ignore_ascii_case(name)
            || of_package.is_some_and(|found| found.eq_ignore_ascii_case(name))
    }
}

/// A package URL without version and qualifiers. Bitnami's names are those of the projects.
pub(super) fn package(purl: &str) -> String {
    let bare = purl.split(['?', '#']).next().unwrap_or(purl);
    let bare = bare.rsplit_once('@').map_or(bare, |(package, _)| package);
    bare.replacen("pkg:bitnami/", "pkg:generic/", 1).to_lowercase()
}

impl Subject {
    pub(super) fn of_artifact(artifact: &Artifact) -> Self {
        let version = artifact.version.to_string();
        let own = Part::new(&artifact.name, &version, artifact.purl.as_deref());
        let within = own.package.clone().map(|package| (package, version));
        let bundled = artifact.bundles.iter().filter_map(|text| text.split_once(' '));
        let bundled = bundled.map(|(name, version)| Part {
            within: within.clone(),
            ..Part::new(name, version, Some(&format!("pkg:generic/{name}")))
        });
        let bundled: Vec<_> = bundled.collect();
        Self { title: artifact.title(), parts: std::iter::once(own).chain(bundled).collect() }
    }

    /// A Rust crate.
    pub(super) fn of_crate(name: &str, version: &str) -> Self {
        let part = Part::new(name, version, Some(&format!("pkg:cargo/{name}")));
        Self { title: format!("{name} {version}"), parts: vec![part] }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let title = path.display().to_string();
        let json = serde_json::from_slice(&fs_err::read(path)?)
            .with_context(|| format!("{title} is not JSON"))?;
        Self::parse(&title, &json)
    }

    pub(super) fn parse(title: &str, sbom: &Value) -> Result<Self> {
        let mut parts = Vec::new();
        if sbom.get("bomFormat").is_some() {
            nested(sbom, &mut parts);
        } else if let Some(packages) = sbom.get("packages").and_then(Value::as_array) {
            let purl = |package: &Value| {
                let references = package.get("externalRefs")?.as_array()?;
                let purl = references.iter().find(|it| it["referenceType"] == "purl")?;
                Some(purl["referenceLocator"].as_str()?.to_owned())
            };
            parts.extend(
                packages
                    .iter()
                    .filter_map(|package| part(package, "versionInfo", purl(package).as_deref())),
            );
        } else if let Some(artifacts) = sbom.get("artifacts").and_then(Value::as_array) {
            parts
                .extend(artifacts.iter().filter_map(|it| part(it, "version", it["purl"].as_str())));
        } else {
            bail!("{title} is no bill of materials: neither CycloneDX nor SPDX nor Syft");
        }
        Ok(Self { title: title.to_owned(), parts })
    }
}

/// The components of CycloneDX, and theirs.
fn nested(of: &Value, parts: &mut Vec<Part>) {
    for component in of.get("components").and_then(Value::as_array).into_iter().flatten() {
        parts.extend(part(component, "version", component["purl"].as_str()));
        nested(component, parts);
    }
}

fn part(of: &Value, version: &str, purl: Option<&str>) -> Option<Part> {
    Some(Part::new(of["name"].as_str()?, of[version].as_str().unwrap_or_default(), purl))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_compared_without_versions() {
        for (purl, expected) in [
            ("pkg:generic/node@v24.1.0?checksum=a&download_url=https://b@c", "pkg:generic/node"),
            ("pkg:npm/%40pnpm/exe.linux-x64@12.0.0", "pkg:npm/%40pnpm/exe.linux-x64"),
            ("pkg:bitnami/openssl", "pkg:generic/openssl"),
        ] {
            assert_eq!(package(purl), expected);
        }
    }

    #[test]
    fn other_documents_are_refused() {
        let error = Subject::parse("a.json", &serde_json::json!({})).err().unwrap();
        assert_eq!(
            error.to_string(),
            "a.json is no bill of materials: neither CycloneDX nor SPDX nor Syft"
        );
    }
}
