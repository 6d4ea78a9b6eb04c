//! Writing files so that an interrupted command leaves nothing that looks complete.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Replaces `path` by `content` in one step.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let dir = path.parent().context("a file has a directory")?;
    fs_err::create_dir_all(dir)?;
    let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
    temporary.write_all(content.as_ref())?;
    temporary.persist(path).with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(())
}

/// A fresh, empty directory beside `path`, to be filled and then moved by [`put_dir`].
pub(crate) fn dir_beside(path: &Path) -> Result<tempfile::TempDir> {
    let parent = path.parent().context("a directory has a parent")?;
    fs_err::create_dir_all(parent)?;
    Ok(tempfile::Builder::new().prefix(".new-").tempdir_in(parent)?)
}

/// Puts a filled directory of [`dir_beside`] in place of `path`.
pub(crate) fn put_dir(filled: tempfile::TempDir, path: &Path) -> Result<()> {
    if path.exists() {
        fs_err::remove_dir_all(path)?;
    }
    fs_err::rename(filled.keep(), path)?;
    Ok(())
}
