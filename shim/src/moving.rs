//! Moving directories on systems where a rename is not always possible: containers lay file systems over each other,
//! and what comes from a lower one cannot be renamed as a whole.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{PermissionsExt as _, symlink};
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
    let permissions = fs_err::metadata(from)?.permissions();
    writable(from)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !renamed(&entry.path(), &target)? {
            copy(&entry.path(), &target)?;
        }
    }
    remove_dir(from)?;
    fs_err::set_permissions(to, permissions)
}

/// Removes a directory, also if some in it cannot be written to: tools protect what they have unpacked.
pub(crate) fn remove_dir(dir: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(dir) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            // Each becomes writable before the walk enters it.
            for entry in walkdir::WalkDir::new(dir) {
                let entry = entry.map_err(io::Error::from)?;
                if entry.file_type().is_dir() {
                    writable(entry.path())?;
                }
            }
            fs_err::remove_dir_all(dir)
        }
        other => other,
    }
}

/// Lets the owner write; whether there was something to change.
fn writable(dir: &Path) -> io::Result<bool> {
    let mut permissions = fs_err::metadata(dir)?.permissions();
    if permissions.mode() & 0o700 == 0o700 {
        return Ok(false);
    }
    permissions.set_mode(permissions.mode() | 0o700);
    fs_err::set_permissions(dir, permissions)?;
    Ok(true)
}

/// Whether it could be renamed; `false` if the two are not on one file system.
fn renamed(from: &Path, to: &Path) -> io::Result<bool> {
    let found = fs_err::symlink_metadata(from)?;
    // A directory that changes its parent has to be writable itself.
    let was_protected = found.is_dir() && writable(from)?;
    match fs_err::rename(from, to) {
        Ok(()) => {
            if was_protected {
                fs_err::set_permissions(to, found.permissions())?;
            }
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::CrossesDevices => Ok(false),
        Err(error) => Err(error),
    }
}

/// A copy with modes and symbolic links.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // A walk would follow a link at which it starts.
    if from.is_symlink() {
        return symlink(fs_err::read_link(from)?, to);
    }
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
            remove_dir(&dir).unwrap();
        }
    }

    #[test]
    fn a_link_is_copied_as_a_link_wherever_it_leads() {
        let root = tempfile::tempdir().unwrap();
        for (name, target) in [("nowhere", "/nowhere/at/all"), ("dir", ".")] {
            symlink(target, root.path().join(name)).unwrap();
            let copied = root.path().join(format!("{name}-copy"));
            copy(&root.path().join(name), &copied).unwrap();
            assert_eq!(fs_err::read_link(copied).unwrap(), Path::new(target));
        }
    }

    #[test]
    fn what_is_protected_can_be_moved_and_stays_protected() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("sub/to"));
        fs_err::create_dir(root.path().join("sub")).unwrap();
        app(&from);
        for dir in [from.join("sub dir"), from.clone()] {
            fs_err::set_permissions(dir, Permissions::from_mode(0o555)).unwrap();
        }
        move_dir(&from, &to).unwrap();
        check(&to);
        assert_eq!(fs_err::metadata(&to).unwrap().permissions().mode() & 0o777, 0o555);
        assert!(!from.exists());
        remove_dir(&to).unwrap();
    }
}
