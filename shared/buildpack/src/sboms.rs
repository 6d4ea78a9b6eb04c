//! Where SBOM documents are written, and whether.

use std::path::Path;

use kouti_sbom::{Document, Format};

use crate::layer::remove_file;

/// The formats in which every SBOM of this build is written; none if the user
/// switched them off.
#[derive(Clone, Debug, Default)]
pub struct Sboms(Vec<Format>);

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
