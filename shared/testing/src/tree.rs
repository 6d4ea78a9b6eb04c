//! Directory trees: writing, copying, and a digest that depends on nothing but what a user could see.

use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{PoisonError, RwLock};

use sha2::{Digest, Sha256};

/// Held for writing while a file is written that may be executed later, for reading while a program is started.
///
/// A program that is started while another thread has a file open for writing inherits that
/// descriptor for a moment, and who executes the file in that moment gets "text file busy".
static EXECUTABLES: RwLock<()> = RwLock::new(());

/// Writes a file and the directories above it.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    write_with_mode(path, content.as_ref(), 0o644)
}

/// Writes a program or script that can be executed at once, whatever other threads of the test do.
pub fn write_program(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    write_with_mode(path, content.as_ref(), 0o755)
}

fn write_with_mode(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let _guard = EXECUTABLES.write().unwrap_or_else(PoisonError::into_inner);
    fs_err::write(path, content)?;
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode))
}

/// Starts a program; all programs of this crate are started here.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let _guard = EXECUTABLES.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn().map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}", command.get_program().display()))
    })
}

/// Copies a directory with permissions and symbolic links, but without times and owners.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in entries(from)? {
        let target = if entry.name.is_empty() { to.to_owned() } else { to.join(&entry.name) };
        match entry.kind {
            Kind::Dir => {
                fs_err::create_dir_all(&target)?;
                // A directory without the write bit still has to take what is in it.
                fs_err::set_permissions(&target, PermissionsExt::from_mode(entry.mode | 0o700))?;
            }
            Kind::File => {
                let _guard = EXECUTABLES.write().unwrap_or_else(PoisonError::into_inner);
                fs_err::copy(&entry.path, &target)?;
            }
            Kind::Link => symlink(fs_err::read_link(&entry.path)?, &target)?,
        }
    }
    Ok(())
}

/// Gives a file or a whole tree another path, on another disk if need be.
pub(crate) fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    match fs_err::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy(from, to)?;
            remove(from)
        }
        result => result,
    }
}

/// Removes a file or a whole tree, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs_err::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Names in a directory, sorted; a missing directory has none.
pub(crate) fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    if dir.is_dir() {
        for entry in fs_err::read_dir(dir)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// One file, directory or symbolic link of a tree.
#[derive(Debug)]
pub(crate) struct TreeEntry {
    pub(crate) path: PathBuf,
    /// Relative to the tree; empty for its root.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) size: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Dir,
    File,
    Link,
}

/// All entries of a tree, parents first, then by name; sockets and the like are left out.
pub(crate) fn entries(root: &Path) -> io::Result<Vec<TreeEntry>> {
    let mut found = Vec::new();
    visit(root, String::new(), &mut found)?;
    Ok(found)
}

fn visit(path: &Path, name: String, found: &mut Vec<TreeEntry>) -> io::Result<()> {
    let metadata = fs_err::symlink_metadata(path)?;
    let kind = match metadata.file_type() {
        kind if kind.is_dir() => Kind::Dir,
        kind if kind.is_file() => Kind::File,
        kind if kind.is_symlink() => Kind::Link,
        _ => return Ok(()),
    };
    let mode = metadata.permissions().mode() & 0o7777;
    let size = if kind == Kind::File { metadata.len() } else { 0 };
    let children = if kind == Kind::Dir { names(path)? } else { Vec::new() };
    let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
    found.push(TreeEntry { path: path.to_owned(), name, kind, mode, size });
    for child in children {
        visit(&path.join(&child), format!("{prefix}{child}"), found)?;
    }
    Ok(())
}

/// Digest of some entries of a tree: names, kinds, permissions and contents, but neither times nor owners.
pub(crate) fn digest<'a>(entries: impl IntoIterator<Item = &'a TreeEntry>) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    for entry in entries {
        hash.update(format!("{:?} {:o} {} ", entry.kind, entry.mode, entry.size));
        hash.update(entry.name.as_bytes());
        hash.update([0]);
        match entry.kind {
            Kind::Dir => {}
            Kind::Link => {
                hash.update(fs_err::read_link(&entry.path)?.as_os_str().as_bytes());
                hash.update([0]);
            }
            Kind::File => {
                let mut file = fs_err::File::open(&entry.path)?;
                loop {
                    match file.read(&mut buffer)? {
                        0 => break,
                        count => hash.update(&buffer[..count]),
                    }
                }
            }
        }
    }
    Ok(sha256_text(hash))
}

/// Digest of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(bytes);
    sha256_text(hash)
}

fn sha256_text(hash: Sha256) -> String {
    let mut text = Vec::with_capacity(64);
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").expect("writing to memory cannot fail");
    }
    String::from_utf8(text).expect("hexadecimal digits are text")
}
