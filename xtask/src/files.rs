//! Writing files so that an interrupted command leaves nothing that looks complete.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Replaces `path` by `content` in one step.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let dir = path.parent().context("a file has a directory")?;
    fs_err::create_dir_all(dir)?;
    let mut temporary = new_in(dir)?;
    temporary.write_all(content.as_ref())?;
    temporary.persist(path).with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(())
}

/// A fresh file in `dir`, readable for everybody, to be filled and then persisted under its name.
pub(crate) fn new_in(dir: &Path) -> Result<tempfile::NamedTempFile> {
    let permissions = PermissionsExt::from_mode(0o644);
    Ok(tempfile::Builder::new().prefix(".new-").permissions(permissions).tempfile_in(dir)?)
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

/// Makes `path` a symlink to `target`, whatever it was before.
pub(crate) fn link(target: &Path, path: &Path) -> Result<()> {
    let new = dir_beside(path)?;
    let link = new.path().join("link");
    symlink(target, &link)?;
    fs_err::rename(link, path)?;
    Ok(())
}
