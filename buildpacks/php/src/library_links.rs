//! Libraries of an archive that lie there more than once.
//!
//! Paketo's archives of PHP are packed with links followed: each library is there as `libx.so`,
//! `libx.so.1` and `libx.so.1.2`. As links they take a third of the room.

use std::cmp::Reverse;
use std::io::{self, Read as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fs_err::File;

/// Replaces equal libraries of one directory by links to the one with the longest name.
pub(crate) fn restore(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    let mut libraries: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let is_library = entry.file_name().to_string_lossy().contains(".so");
        if is_library && entry.file_type()?.is_file() {
            libraries.push((entry.metadata()?.len(), entry.path()));
        }
    }
    libraries.sort_by_key(|(size, path)| (*size, Reverse(path.as_os_str().len()), path.clone()));
    let mut kept: Vec<(u64, PathBuf)> = Vec::new();
    for (size, path) in libraries {
        let mut same = None;
        for (_, other) in kept.iter().filter(|(known, _)| *known == size) {
            if same.is_none() && is_same(other, &path)? {
                same = other.file_name();
            }
        }
        match same {
            Some(name) => {
                fs_err::remove_file(&path)?;
                symlink(name, &path)?;
            }
            None => kept.push((size, path)),
        }
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = ([0; 8 * 1024], [0; 8 * 1024]);
    loop {
        let count = one.read(&mut left)?;
        if count == 0 {
            return Ok(other.read(&mut right)? == 0);
        }
        match other.read_exact(&mut right[..count]) {
            Ok(()) if left[..count] == right[..count] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_libraries_become_links_to_the_longest_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for (name, text) in [
            ("libx.so", "x1"),
            ("libx.so.1", "x1"),
            ("libx.so.1.2", "x1"),
            ("liby.so", "y1"),
            ("notes", "x1"),
        ] {
            fs_err::write(path(name), text).unwrap();
        }
        restore(dir.path()).unwrap();
        for name in ["libx.so", "libx.so.1"] {
            assert_eq!(fs_err::read_link(path(name)).unwrap(), Path::new("libx.so.1.2"));
            assert_eq!(fs_err::read_to_string(path(name)).unwrap(), "x1");
        }
        for name in ["libx.so.1.2", "liby.so", "notes"] {
            assert!(fs_err::symlink_metadata(path(name)).unwrap().is_file(), "{name}");
        }
        restore(&path("missing")).unwrap();
    }
}
