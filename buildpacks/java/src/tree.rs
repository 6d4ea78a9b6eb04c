//! Directory trees: copies of them.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use walkdir::WalkDir;

/// Copies a file or a directory. Links are followed: what they lead to may be gone later.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in WalkDir::new(from).follow_links(true).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path().strip_prefix(from).unwrap_or(Path::new(""));
        let target = if path.as_os_str().is_empty() { to.to_owned() } else { to.join(path) };
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(&target)?;
        } else {
            if let Some(parent) = target.parent() {
                fs_err::create_dir_all(parent)?;
            }
            fs_err::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Moves everything in `from` into `to`, where files of the same name go.
pub(crate) fn move_up(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if target.is_dir() && entry.file_type()?.is_dir() {
            move_up(&entry.path(), &target)?;
        } else {
            fs_err::rename(entry.path(), target)?;
        }
    }
    fs_err::remove_dir(from)
}

/// Removes everything in a directory but not the directory: it may be a mount point.
pub(crate) fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs_err::remove_dir_all(entry.path())?;
        } else {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a file executable.
pub(crate) fn make_executable(path: &Path) -> io::Result<()> {
    fs_err::set_permissions(path, Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    #[test]
    fn directories_merge_when_they_move_up() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "new/config/a", b"new");
        write(dir.path(), "config/b", b"kept");
        move_up(&dir.path().join("new"), dir.path()).unwrap();
        assert!(dir.path().join("config/a").is_file() && dir.path().join("config/b").is_file());
        assert!(!dir.path().join("new").exists());
    }
}
