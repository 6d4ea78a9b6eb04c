//! Tar streams whose bytes depend on names and contents alone.
//!
//! Entries come in byte order of their path, with one fixed time, owner 0:0 and of the mode only the x bit, so that
//! neither the machine nor the user's umask shows.

use std::ffi::OsStr;
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

use crate::stamp;

/// 1980-01-01T00:00:01Z: the platform gives the same time to every file of an app image.
const TIME: u64 = 315_532_801;

/// What an entry is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    Dir,
    /// Streamed from this file.
    File {
        path: PathBuf,
        executable: bool,
    },
    /// Generated.
    Bytes(Vec<u8>),
    /// Relative symlink.
    Link(PathBuf),
}

/// One entry, by its path in the tar.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: PathBuf,
    pub(crate) content: Content,
}

impl Entry {
    pub(crate) fn new(name: impl Into<PathBuf>, content: Content) -> Self {
        Self { name: name.into(), content }
    }
}

/// Everything below `tree`, in order; hard links count as files.
pub(crate) fn entries(tree: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for found in walkdir::WalkDir::new(tree).min_depth(1) {
        let found = found?;
        let path = found.path();
        let kind = found.file_type();
        let content = if kind.is_dir() {
            Content::Dir
        } else if kind.is_symlink() {
            Content::Link(inner_target(tree, path)?)
        } else if kind.is_file() {
            let mode = found.metadata()?.permissions().mode();
            Content::File { path: path.to_owned(), executable: mode & 0o111 != 0 }
        } else {
            bail!("{} is neither a file, a directory nor a symlink", path.display());
        };
        entries.push(Entry::new(path.strip_prefix(tree)?, content));
    }
    sort(&mut entries);
    Ok(entries)
}

/// Puts entries in byte order of their whole path; a directory comes before what it holds.
pub(crate) fn sort(entries: &mut [Entry]) {
    // `Path` would compare component by component: `lib/x` before `lib-x`.
    entries.sort_by(|a, b| bytes(&a.name).cmp(bytes(&b.name)));
}

/// Writes the tar and returns `out`.
pub(crate) fn write<W: Write>(entries: &[Entry], out: W) -> Result<W> {
    let mut tar = tar::Builder::new(out);
    for entry in entries {
        append(&mut tar, entry)?;
    }
    Ok(tar.into_inner()?)
}

/// Writes one entry.
pub(crate) fn append(tar: &mut tar::Builder<impl Write>, entry: &Entry) -> Result<()> {
    put(tar, entry).with_context(|| format!("cannot archive {}", entry.name.display()))
}

/// Compresses what is written to it. Another level or library version gives other bytes.
pub(crate) fn gzip<W: Write>(out: W) -> GzEncoder<W> {
    GzBuilder::new().mtime(0).write(out, Compression::new(6))
}

fn put(tar: &mut tar::Builder<impl Write>, entry: &Entry) -> Result<()> {
    let name = &entry.name;
    match &entry.content {
        Content::Dir => {
            let mut header = header(tar::EntryType::Directory, 0o755, 0);
            // With the slash that tar itself writes after a directory.
            tar.append_data(&mut header, name.join(""), io::empty())?;
        }
        Content::Link(target) => {
            let mut header = header(tar::EntryType::Symlink, 0o777, 0);
            tar.append_link(&mut header, name, target)?;
        }
        Content::Bytes(content) => {
            let mut header = header(tar::EntryType::Regular, 0o644, content.len() as u64);
            tar.append_data(&mut header, name, content.as_slice())?;
        }
        Content::File { path, executable } => {
            let file = fs_err::File::open(path)?;
            let size = file.metadata()?.len();
            let mut header =
                header(tar::EntryType::Regular, if *executable { 0o755 } else { 0o644 }, size);
            // A file that grew or shrank in between would spoil all that follows.
            let mut content = file.take(size);
            tar.append_data(&mut header, name, &mut content)?;
            if content.limit() != 0 {
                bail!("{} became shorter while it was read", path.display());
            }
        }
    }
    Ok(())
}

/// The header of an entry, but for its name.
pub(crate) fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(TIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// The target of a link, which must stay below `tree`.
fn inner_target(tree: &Path, link: &Path) -> Result<PathBuf> {
    let target = fs_err::read_link(link)?;
    let mut depth = link.strip_prefix(tree)?.components().count() - 1;
    let stays = target.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir if depth > 0 => {
            depth -= 1;
            true
        }
        _ => false,
    });
    if !stays {
        bail!("{} points to {}, outside the archive", link.display(), target.display());
    }
    Ok(target)
}

fn bytes(path: &Path) -> &[u8] {
    OsStr::as_bytes(path.as_os_str())
}

/// What went through a [`Measured`] writer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Measure {
    pub(crate) sha256: String,
    pub(crate) size: u64,
}

/// Hashes and counts what is written to the writer below it.
pub(crate) struct Measured<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W> Measured<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }

    pub(crate) fn finish(self) -> (W, Measure) {
        let measure = Measure { sha256: stamp::hex(&self.hash.finalize()), size: self.size };
        (self.inner, measure)
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree(dir: &Path) -> Result<()> {
        fs_err::create_dir_all(dir.join("lib"))?;
        fs_err::write(dir.join("lib/x"), "x")?;
        fs_err::write(dir.join("lib-x"), "tool")?;
        fs_err::set_permissions(dir.join("lib-x"), PermissionsExt::from_mode(0o700))?;
        symlink("lib/x", dir.join("link"))?;
        let long = "n".repeat(120);
        fs_err::write(dir.join("lib").join(long), "")?;
        Ok(())
    }

    fn packed(dir: &Path) -> Result<Vec<u8>> {
        write(&entries(dir)?, Vec::new())
    }

    #[test]
    fn bytes_depend_on_names_and_contents_alone() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        tree(one.path()).unwrap();
        tree(two.path()).unwrap();
        fs_err::set_permissions(two.path().join("lib-x"), PermissionsExt::from_mode(0o755))
            .unwrap();
        fs_err::set_permissions(two.path().join("lib/x"), PermissionsExt::from_mode(0o600))
            .unwrap();
        assert_eq!(packed(one.path()).unwrap(), packed(two.path()).unwrap());

        fs_err::write(two.path().join("lib/x"), "y").unwrap();
        assert_ne!(packed(one.path()).unwrap(), packed(two.path()).unwrap());
    }

    #[test]
    fn the_format_does_not_drift() {
        let dir = tempfile::tempdir().unwrap();
        tree(dir.path()).unwrap();
        let mut out = Measured::new(Vec::new());
        write(&entries(dir.path()).unwrap(), &mut out).unwrap();
        let (content, measure) = out.finish();

        let mut lines = Vec::new();
        for entry in tar::Archive::new(content.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            lines.push(format!(
                "{:?} {:o} {} {}:{} {}",
                header.entry_type(),
                header.mode().unwrap(),
                header.mtime().unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap(),
                String::from_utf8_lossy(&entry.path_bytes()).replace(&"n".repeat(119), "…"),
            ));
        }
        insta::assert_snapshot!(lines.join("\n"), @"
        Directory 755 315532801 0:0 lib/
        Regular 755 315532801 0:0 lib-x
        Regular 644 315532801 0:0 lib/…n
        Regular 644 315532801 0:0 lib/x
        Symlink 777 315532801 0:0 link
        ");
        // Every digest of a package or a mirrored runtime changes with this one.
        insta::assert_snapshot!(measure.sha256, @"f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6");
        assert_eq!(measure.size, content.len() as u64);
    }

    #[test]
    fn a_link_that_leaves_the_tree_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("lib")).unwrap();
        for (target, stays) in
            [("/etc/passwd", false), ("../../x", false), ("../x", true), ("a/../../b", true)]
        {
            let link = dir.path().join("lib/link");
            symlink(target, &link).unwrap();
            assert_eq!(entries(dir.path()).is_ok(), stays, "{target}");
            fs_err::remove_file(&link).unwrap();
        }
    }
}
