//! Moving directories on systems where a rename is not always possible: containers lay file systems over each other,
//! and what comes from a lower one cannot be renamed as a whole.

use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Moves what is in `from` to `to`, which must be missing or empty. Afterwards `from` does not exist.
pub(crate) fn move_dir(from: &Path, to: &Path) -> io::Result<()> {
    if to.is_dir() && !to.is_symlink() {
        if fs_err::read_dir(to)?.next().is_some() {
            let text = format!("{} is not empty", to.display());
            return Err(io::Error::new(ErrorKind::DirectoryNotEmpty, text));
        }
        // It may belong to the image; then it stays, and gets what is moved.
        let _ = fs_err::remove_dir(to);
    }
    if !to.exists() && renamed(from, to)? {
        return Ok(());
    }
    if !to.exists() {
        fs_err::create_dir(to)?;
    }
    fs_err::set_permissions(to, fs_err::metadata(from)?.permissions())?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !renamed(&entry.path(), &target)? {
            copy(&entry.path(), &target)?;
        }
    }
    fs_err::remove_dir_all(from)
}

/// Whether it could be renamed; `false` if the two are not on one file system.
fn renamed(from: &Path, to: &Path) -> io::Result<bool> {
    match fs_err::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => Ok(false),
        Err(error) => Err(error),
    }
}

/// A copy with modes and symbolic links.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut dirs = Vec::new();
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.map_err(io::Error::from)?;
        let inner = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let target = if inner.as_os_str().is_empty() { to.to_owned() } else { to.join(inner) };
        let kind = entry.file_type();
        if kind.is_symlink() {
            symlink(fs_err::read_link(entry.path())?, &target)?;
        } else if kind.is_dir() {
            fs_err::create_dir(&target)?;
            dirs.push((target, fs_err::metadata(entry.path())?.permissions()));
        } else {
            fs_err::copy(entry.path(), &target)?;
        }
    }
    // A directory without the write bit still has to take what is in it.
    for (dir, permissions) in dirs.into_iter().rev() {
        fs_err::set_permissions(dir, permissions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn app(dir: &Path) {
        fs_err::create_dir_all(dir.join("sub dir")).unwrap();
        fs_err::write(dir.join("sub dir/run"), "x").unwrap();
        fs_err::set_permissions(dir.join("sub dir/run"), Permissions::from_mode(0o751)).unwrap();
        symlink("/nowhere", dir.join("link")).unwrap();
    }

    fn check(dir: &Path) {
        let mode = fs_err::metadata(dir.join("sub dir/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o751);
        assert_eq!(fs_err::read_link(dir.join("link")).unwrap(), Path::new("/nowhere"));
    }

    #[test]
    fn a_directory_is_where_it_was_moved_to_and_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        app(&from);
        fs_err::create_dir(&to).unwrap();
        move_dir(&from, &to).unwrap();
        check(&to);
        assert!(!from.exists());
    }

    #[test]
    fn a_full_directory_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        app(&from);
        app(&to);
        assert_eq!(move_dir(&from, &to).unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        check(&from);
    }

    #[test]
    fn a_copy_has_the_same_modes_and_links() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        app(&from);
        fs_err::set_permissions(from.join("sub dir"), Permissions::from_mode(0o555)).unwrap();
        copy(&from, &to).unwrap();
        check(&to);
        for dir in [from, to] {
            let mode = fs_err::metadata(dir.join("sub dir")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o555);
            fs_err::set_permissions(dir.join("sub dir"), Permissions::from_mode(0o755)).unwrap();
        }
    }
}
