//! Fingerprints, for the keys of layers.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// SHA-256 of names, kinds and contents of everything in a directory, and of who may run it.
pub(crate) fn of_tree(dir: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    add(&mut hash, dir)?;
    Ok(hex(hash))
}

fn add(hash: &mut Sha256, dir: &Path) -> io::Result<()> {
    let mut entries = fs_err::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        // No name holds a zero, so nothing can be mistaken for something else.
        hash.update(entry.file_name().as_bytes());
        if kind.is_dir() {
            hash.update(b"\0d");
            add(hash, &path)?;
            hash.update(b"\0e");
        } else if kind.is_symlink() {
            hash.update(b"\0l");
            hash.update(fs_err::read_link(path)?.as_os_str().as_bytes());
            hash.update(b"\0");
        } else {
            let metadata = entry.metadata()?;
            let can_run = metadata.permissions().mode() & 0o100 != 0;
            hash.update(if can_run { b"\0x" } else { b"\0f" });
            hash.update(metadata.len().to_le_bytes());
            let mut file = fs_err::File::open(path)?;
            let mut buffer = vec![0; 64 * 1024];
            loop {
                match file.read(&mut buffer)? {
                    0 => break,
                    count => hash.update(&buffer[..count]),
                }
            }
        }
    }
    Ok(())
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_be_seen_counts() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a/b");
        fs_err::create_dir(dir.path().join("a")).unwrap();
        fs_err::write(&file, "one").unwrap();
        let mut seen = vec![of_tree(dir.path()).unwrap()];
        assert_eq!(of_tree(dir.path()).unwrap(), seen[0]);
        fs_err::write(&file, "two").unwrap();
        seen.push(of_tree(dir.path()).unwrap());
        fs_err::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
        seen.push(of_tree(dir.path()).unwrap());
        fs_err::rename(&file, dir.path().join("b")).unwrap();
        seen.push(of_tree(dir.path()).unwrap());
        fs_err::os::unix::fs::symlink("b", dir.path().join("c")).unwrap();
        seen.push(of_tree(dir.path()).unwrap());
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }
}
