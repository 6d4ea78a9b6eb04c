//! Whole directory trees: a second name for each file, or all of them as one file.
//!
//! A cached layer is stored, restored and hashed by the platform file by file,
//! and `node_modules` has tens of thousands; one file costs next to nothing.

use std::fmt::Write as _;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::digest::{self, BUFFER, hexadecimal};

/// Gives every file of `from` a second name below `to`; nothing happens if there is no `from`.
///
/// Both are usually layers of one build, where a hard link works; else it is copied.
pub fn link(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(metadata) = fs_err::symlink_metadata(from) else { return Ok(()) };
    if metadata.is_dir() {
        directory_like(from, to)?;
        for entry in fs_err::read_dir(from)? {
            let entry = entry?;
            link(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs_err::create_dir_all(parent)?;
    }
    if metadata.is_symlink() {
        return fs_err::os::unix::fs::symlink(fs_err::read_link(from)?, to);
    }
    match fs_err::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            fs_err::copy(from, to).map(|_| ())
        }
        result => result,
    }
}

/// Makes the directory `to` with the permissions of `from`, whatever the umask.
pub fn directory_like(from: &Path, to: &Path) -> io::Result<()> {
    fs_err::create_dir_all(to)?;
    fs_err::set_permissions(to, fs_err::metadata(from)?.permissions())
}

/// Tells two states of a tree apart: names, contents, links, and what can be executed.
///
/// Of modes only that: they change on the way from other systems. `.git` is no part of an app.
pub fn digest(dir: &Path) -> io::Result<String> {
    let mut listing = String::new();
    list(dir, Path::new(""), &mut listing, &mut vec![0; BUFFER])?;
    Ok(crate::sha256(listing))
}

fn list(root: &Path, below: &Path, listing: &mut String, buffer: &mut [u8]) -> io::Result<()> {
    let mut entries = fs_err::read_dir(root.join(below))?.collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| entry.file_name() != ".git");
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(root, &path, listing, buffer)?;
        } else if kind.is_symlink() {
            let target = fs_err::read_link(entry.path())?;
            let _ = writeln!(listing, "{}\0-> {}", path.display(), target.display());
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode() & 0o100;
            let content = hexadecimal(digest::of_file(&entry.path(), buffer)?.as_ref());
            let _ = writeln!(listing, "{}\0{mode}\0{content}", path.display());
        }
    }
    Ok(())
}

/// Packs the directories `trees`, given relative to `root`, into `file`.
pub fn pack(root: &Path, trees: &[PathBuf], file: &Path) -> io::Result<()> {
    let out = BufWriter::with_capacity(BUFFER, fs_err::File::create(file)?);
    let mut archive = tar::Builder::new(out);
    for tree in trees {
        append(&mut archive, root, tree)?;
    }
    archive.into_inner()?.flush()
}

/// Makes the directories anew below `root`.
pub fn unpack(file: &Path, root: &Path) -> io::Result<()> {
    let input = BufReader::with_capacity(BUFFER, fs_err::File::open(file)?);
    let mut archive = tar::Archive::new(input);
    archive.set_preserve_mtime(false);
    archive.set_preserve_permissions(true);
    archive.unpack(root)
}

fn append<W: io::Write>(archive: &mut tar::Builder<W>, root: &Path, path: &Path) -> io::Result<()> {
    let on_disk = root.join(path);
    let metadata = fs_err::symlink_metadata(&on_disk)?;
    let mut header = tar::Header::new_gnu();
    header.set_mode(metadata.permissions().mode() & 0o777);
    header.set_size(0);
    if metadata.is_dir() {
        header.set_entry_type(tar::EntryType::Directory);
        archive.append_data(&mut header, path, io::empty())?;
        let mut names = fs_err::read_dir(&on_disk)?
            .map(|entry| Ok(entry?.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        // The order in which a file system lists its entries differs from build to build.
        names.sort();
        for name in names {
            append(archive, root, &path.join(name))?;
        }
    } else if metadata.is_symlink() {
        header.set_entry_type(tar::EntryType::Symlink);
        archive.append_link(&mut header, path, fs_err::read_link(&on_disk)?)?;
    } else if metadata.is_file() {
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(metadata.len());
        archive.append_data(&mut header, path, fs_err::File::open(&on_disk)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_sees_what_matters() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write("a/b", "1");
        write(".git/HEAD", "1");
        let first = digest(dir.path()).unwrap();
        write(".git/HEAD", "2");
        assert_eq!(digest(dir.path()).unwrap(), first);
        let program = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(dir.path().join("a/b"), program).unwrap();
        let executable = digest(dir.path()).unwrap();
        assert_ne!(executable, first);
        write("a/b", "2");
        let changed = digest(dir.path()).unwrap();
        assert_ne!(changed, executable);
        fs_err::os::unix::fs::symlink("a/b", dir.path().join("c")).unwrap();
        let linked = digest(dir.path()).unwrap();
        assert_ne!(linked, changed);
        fs_err::rename(dir.path().join("a/b"), dir.path().join("a/d")).unwrap();
        assert_ne!(digest(dir.path()).unwrap(), linked);
    }

    #[test]
    fn a_tree_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let modules = dir.path().join("node_modules");
        fs_err::create_dir_all(modules.join(".bin")).unwrap();
        fs_err::create_dir_all(modules.join("a/empty")).unwrap();
        let long = "x".repeat(180);
        fs_err::write(modules.join("a").join(&long), "content").unwrap();
        let program = modules.join("a/cli.js");
        fs_err::write(&program, "#!").unwrap();
        fs_err::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        fs_err::os::unix::fs::symlink("../a/cli.js", modules.join(".bin/a")).unwrap();
        let (one, two) = (dir.path().join("1.tar"), dir.path().join("2.tar"));
        pack(dir.path(), &["node_modules".into()], &one).unwrap();

        let other = tempfile::tempdir().unwrap();
        unpack(&one, other.path()).unwrap();
        pack(other.path(), &["node_modules".into()], &two).unwrap();

        let modules = other.path().join("node_modules");
        assert_eq!(fs_err::read_to_string(modules.join("a").join(long)).unwrap(), "content");
        assert_eq!(fs_err::read_link(modules.join(".bin/a")).unwrap(), Path::new("../a/cli.js"));
        assert_eq!(
            fs_err::metadata(modules.join("a/cli.js")).unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert!(modules.join("a/empty").is_dir());
        assert_eq!(fs_err::read(one).unwrap(), fs_err::read(two).unwrap());
    }
}
