//! Writing files so that an interrupted command leaves nothing that looks complete.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Begins the names of what is not complete.
const NEW: &str = ".new-";

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
    Ok(tempfile::Builder::new().prefix(NEW).permissions(permissions).tempfile_in(dir)?)
}

/// Deletes what interrupted commands left in `dir` of what [`new_in`] and [`dir_beside`] make. Nobody else may be at
/// work there.
pub(crate) fn sweep(dir: &Path) -> Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(NEW.as_bytes()) {
            let is_dir = entry.file_type()?.is_dir();
            if is_dir {
                fs_err::remove_dir_all(entry.path())?;
            } else {
                fs_err::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// A fresh, empty directory beside `path`, to be filled and then moved by [`put_dir`].
pub(crate) fn dir_beside(path: &Path) -> Result<tempfile::TempDir> {
    let parent = path.parent().context("a directory has a parent")?;
    fs_err::create_dir_all(parent)?;
    Ok(tempfile::Builder::new()
        .prefix(NEW)
        .permissions(PermissionsExt::from_mode(0o755))
        .tempdir_in(parent)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_interrupted_commands_left_goes() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("whole"), "").unwrap();
        new_in(dir.path()).unwrap().keep().unwrap();
        write(&dir_beside(&dir.path().join("x")).unwrap().keep().join("file"), "").unwrap();
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 3);

        sweep(dir.path()).unwrap();
        let left: Vec<_> =
            fs_err::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["whole"]);
        sweep(&dir.path().join("nowhere")).unwrap();
    }
}
