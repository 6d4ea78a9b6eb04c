//! Where SBOM documents are written, and whether.

use std::collections::BTreeSet;
use std::iter;
use std::path::Path;

use kouti_catalog::Artifact;
use kouti_sbom::{Component, Document, Format, Kind, Purl, Source};

use crate::Context;
use crate::layer::remove_file;

/// The formats in which every SBOM of this build is written; none if the user
/// switched them off.
#[derive(Clone, Debug, Default)]
pub struct Sboms {
    formats: Vec<Format>,
    /// The time they bear, if the user wants one.
    created: Option<String>,
}

impl Context {
    /// The bill of materials of a layer that holds one artifact, and of what is compiled into that.
    #[must_use]
    pub fn document(&self, artifact: &Artifact) -> Document {
        document(artifact, &self.id)
    }
}

fn document(artifact: &Artifact, found_by: &str) -> Document {
    let component = Component {
        name: artifact.name.clone(),
        version: artifact.version.to_string(),
        kind: Kind::Application,
        purl: artifact.purl.as_ref().and_then(|purl| purl.parse().ok()),
        cpes: artifact.cpes.clone(),
        licenses: artifact.licenses.clone(),
        checksums: artifact.checksum.to_string().parse().into_iter().collect(),
        download: artifact.uri.clone(),
        source: artifact.source.as_ref().map(|uri| Source {
            uri: uri.clone(),
            digest: artifact.source_checksum.as_ref().and_then(|text| text.parse().ok()),
        }),
        properties: artifact
            .eol_date
            .map(|date| ("kouti:eol".to_owned(), date.to_string()))
            .into_iter()
            .collect(),
        ..Component::default()
    };
    let bundled: Vec<_> =
        artifact.bundles.iter().filter_map(|text| text.split_once(' ')).map(bundled).collect();
    let needs: BTreeSet<_> = bundled.iter().map(Component::id).collect();
    Document {
        name: artifact.name.clone(),
        version: artifact.version.to_string(),
        found_by: found_by.to_owned(),
        dependencies: (!needs.is_empty()).then(|| (component.id(), needs)).into_iter().collect(),
        components: iter::once(component).chain(bundled).collect(),
    }
}

/// A part that its runtime has compiled in; scanners know OpenSSL by its CPE.
fn bundled((name, version): (&str, &str)) -> Component {
    let is_openssl = name == "openssl";
    let cpe = is_openssl.then(|| format!("cpe:2.3:a:openssl:openssl:{version}:*:*:*:*:*:*:*"));
    Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: Purl::new("generic", name).ok().map(|purl| purl.version(version)),
        cpes: cpe.into_iter().collect(),
        ..Component::default()
    }
}

impl Sboms {
    /// Documents in these formats.
    #[must_use]
    pub fn new(formats: Vec<Format>) -> Self {
        Self { formats, created: None }
    }

    /// With the time that `SOURCE_DATE_EPOCH` gives, in seconds; anything else gives none.
    #[must_use]
    pub(crate) fn created(mut self, seconds: Option<&str>) -> Self {
        let seconds = seconds.and_then(|seconds| seconds.trim().parse().ok());
        let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        self.created = time.map(|time| time.to_string());
        self
    }

    /// The formats.
    #[must_use]
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// Whether the user switched SBOMs off.
    #[must_use]
    pub fn are_disabled(&self) -> bool {
        self.formats.is_empty()
    }

    /// Writes `<base>.sbom.*`, and removes those of the last build.
    pub(crate) fn write(&self, base: &Path, document: Option<&Document>) -> std::io::Result<()> {
        self.remove(base)?;
        if let Some(document) = document {
            for format in &self.formats {
                let text = kouti_sbom::render_at(document, *format, self.created.as_deref());
                fs_err::write(path(base, *format), text)?;
            }
        }
        Ok(())
    }

    /// Removes `<base>.sbom.*` in every format: the lifecycle restores them.
    #[expect(clippy::unused_self, reason = "removing is independent of the formats now wanted")]
    pub(crate) fn remove(&self, base: &Path) -> std::io::Result<()> {
        Format::ALL.iter().try_for_each(|format| remove_file(&path(base, *format)))
    }
}

fn path(base: &Path, format: Format) -> std::path::PathBuf {
    let mut path = base.as_os_str().to_owned();
    path.push(".");
    path.push(format.file_extension());
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_into_a_runtime_is_named() {
        let artifact = toml::from_str(&format!(
            "id = 'node'\nname = 'Node.js'\nversion = '24.21.0'\nchecksum = 'sha256:{}'\n\
             purl = 'pkg:generic/node@24.21.0'\nbundles = ['openssl 3.5.4', 'v8 13.6.233.17']",
            "0".repeat(64)
        ));
        let document = document(&artifact.unwrap(), "kouti/nodejs");
        let json = kouti_sbom::render(&document, Format::CycloneDx);
        let bom: serde_json::Value = serde_json::from_str(&json).unwrap();
        let part = |n: usize| {
            let part = &bom["components"][n];
            format!("{} {} {} {}", part["name"], part["version"], part["purl"], part["cpe"])
        };
        let parts: Vec<_> = (0..3).map(part).collect();
        insta::assert_snapshot!(parts.join("\n"), @r#"
        "Node.js" "24.21.0" "pkg:generic/node@24.21.0" null
        "openssl" "3.5.4" "pkg:generic/openssl@3.5.4" "cpe:2.3:a:openssl:openssl:3.5.4:*:*:*:*:*:*:*"
        "v8" "13.6.233.17" "pkg:generic/v8@13.6.233.17" null
        "#);
        assert_eq!(bom["dependencies"][0]["ref"], bom["components"][0]["bom-ref"]);
        let needs = bom["dependencies"][0]["dependsOn"].as_array().unwrap();
        assert_eq!(
            needs,
            &[&bom["components"][1]["bom-ref"], &bom["components"][2]["bom-ref"]].map(Clone::clone)
        );
    }
}
