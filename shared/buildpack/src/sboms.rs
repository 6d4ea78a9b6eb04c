//! Where SBOM documents are written, and whether.

use std::path::Path;

use kouti_catalog::Artifact;
use kouti_sbom::{Component, Document, Format, Kind, Source};

use crate::Context;
use crate::layer::remove_file;

/// The formats in which every SBOM of this build is written; none if the user
/// switched them off.
#[derive(Clone, Debug, Default)]
pub struct Sboms(Vec<Format>);

impl Context {
    /// The bill of materials of a layer that holds one artifact.
    #[must_use]
    pub fn document(&self, artifact: &Artifact) -> Document {
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
        Document {
            name: artifact.name.clone(),
            version: artifact.version.to_string(),
            found_by: self.id.clone(),
            components: vec![component],
            ..Document::default()
        }
    }
}

impl Sboms {
    /// Documents in these formats.
    #[must_use]
    pub fn new(formats: Vec<Format>) -> Self {
        Self(formats)
    }

    /// The formats.
    #[must_use]
    pub fn formats(&self) -> &[Format] {
        &self.0
    }

    /// Whether the user switched SBOMs off.
    #[must_use]
    pub fn are_disabled(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes `<base>.sbom.*`, and removes those of the last build.
    pub(crate) fn write(&self, base: &Path, document: Option<&Document>) -> std::io::Result<()> {
        self.remove(base)?;
        if let Some(document) = document {
            for format in &self.0 {
                fs_err::write(path(base, *format), kouti_sbom::render(document, *format))?;
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
