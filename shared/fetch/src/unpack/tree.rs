//! The directories an archive is written into, and the rules for what may be written.
//!
//! The directories are fresh and nobody else writes there, so one rule keeps
//! every write inside: *while files are written, there is no symbolic link*.
//! Links are remembered, and made at the end if their target lies inside.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use fs_err::os::unix::fs::symlink;

use super::links::Links;
use super::{Unpack, UnpackLimits};
use crate::pipeline::CHUNK;

/// Directories that an archive needs but does not list.
const IMPLICIT_DIR: u32 = 0o775;

/// Why an archive was not unpacked.
#[derive(Debug)]
pub(crate) enum UnpackError {
    /// The stream broke or could not be decoded.
    Read(io::Error),
    /// The archive contradicts itself.
    Damaged { entry: Option<String>, reason: String },
    /// An entry tries something it must not.
    Unsafe { entry: String, reason: String },
    /// More than [`UnpackLimits`] allow.
    TooLarge { limit: String },
    /// Writing failed.
    Write(io::Error),
}

impl UnpackError {
    pub(crate) fn damaged(reason: &str) -> Self {
        Self::Damaged { entry: None, reason: reason.to_owned() }
    }

    pub(super) fn damaged_entry(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { entry: Some(shown(path)), reason: reason.into() }
    }

    pub(super) fn unsafe_entry(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unsafe { entry: shown(path), reason: reason.into() }
    }
}

/// A path for a message: a hostile name must not move the cursor of a terminal.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// Where an entry goes: one of the directories, and a path of plain names below it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Spot {
    pub(super) dir: usize,
    pub(super) path: PathBuf,
}

/// Takes the entries of one archive.
pub(crate) struct Tree<'a> {
    unpack: &'a Unpack<'a>,
    strip: usize,
    limits: UnpackLimits,
    /// The hidden directories, one for each of the caller's.
    roots: Vec<PathBuf>,
    dirs: BTreeSet<Spot>,
    links: Links,
    entries: u64,
    bytes: u64,
    kept: u64,
    buffer: Vec<u8>,
    remarks: Vec<String>,
}

impl<'a> Tree<'a> {
    /// Starts with empty directories; leftovers of a killed build are removed.
    pub(crate) fn start(
        unpack: &'a Unpack<'a>,
        strip: usize,
        limits: UnpackLimits,
    ) -> io::Result<Self> {
        let mut tree = Self {
            unpack,
            strip,
            limits,
            roots: Vec::new(),
            dirs: BTreeSet::new(),
            links: Links::default(),
            entries: 0,
            bytes: 0,
            kept: 0,
            buffer: vec![0; CHUNK],
            remarks: Vec::new(),
        };
        for dir in &unpack.dirs {
            let root = partial(dir)?;
            if let Some(parent) = root.parent() {
                fs_err::create_dir_all(parent)?;
            }
            remove(&root)?;
            fs_err::create_dir(&root)?;
            tree.roots.push(root.clone());
            set_mode(&root, IMPLICIT_DIR)?;
        }
        Ok(tree)
    }

    /// The directory that the hidden ones are in.
    pub(crate) fn beside(&self) -> Option<PathBuf> {
        self.roots.first()?.parent().map(Path::to_owned)
    }

    /// Decides where an entry goes. `None`: nobody wants it.
    pub(super) fn place(&mut self, name: &[u8]) -> Result<Option<Spot>, UnpackError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(UnpackError::TooLarge {
                limit: format!("{} entries", self.limits.entries),
            });
        }
        self.locate(name)
    }

    fn locate(&self, name: &[u8]) -> Result<Option<Spot>, UnpackError> {
        let name = Path::new(OsStr::from_bytes(name));
        let refuse = |reason: &str| Err(UnpackError::unsafe_entry(name, reason));
        if name.as_os_str().as_bytes().contains(&0) {
            return refuse("its name has a zero byte");
        }
        let mut names = Vec::new();
        for component in name.components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir => return refuse("its path leads out of the archive"),
                Component::RootDir | Component::Prefix(_) => {
                    return refuse("its path is absolute");
                }
            }
        }
        if names.len() <= self.strip {
            return Ok(None);
        }
        let path: PathBuf = names.into_iter().skip(self.strip).collect();
        let Some(dir) = (self.unpack.route)(&path).filter(|dir| *dir < self.roots.len()) else {
            return Ok(None);
        };
        let spot = Spot { dir, path };
        if let Some(link) = self.links.above(&spot) {
            return refuse(&format!("it lies behind the symbolic link `{}`", shown(link)));
        }
        Ok(Some(spot))
    }

    pub(super) fn dir(&mut self, spot: &Spot, mode: u32) -> Result<(), UnpackError> {
        self.links.remove(spot);
        self.make_dir(spot)?;
        // The owner can always write, so that a failed build can be cleaned up and
        // contents can come after their directory. The group of a run image's
        // user gets what the owner has, and platforms run images as a user of no such group.
        set_mode(&self.full(spot), mode & 0o777 | 0o775).map_err(UnpackError::Write)
    }

    pub(super) fn file(
        &mut self,
        spot: &Spot,
        mode: u32,
        content: &mut impl Read,
    ) -> Result<(), UnpackError> {
        self.links.remove(spot);
        self.make_parents(spot)?;
        let mut file = self.create(spot)?;
        self.copy(content, Some(&mut file))?;
        // Set-id bits are dropped, and whatever user a platform chooses can read it, and start
        // what its owner can. An explicit mode: the process may have any umask.
        let all_can = if mode & 0o100 == 0 { 0o444 } else { 0o555 };
        file.set_permissions(PermissionsExt::from_mode(mode & 0o777 | all_can))
            .map_err(UnpackError::Write)
    }

    /// Reads over the content of an entry that nobody wants.
    pub(super) fn skip(&mut self, content: &mut impl Read) -> Result<(), UnpackError> {
        self.copy(content, None)
    }

    /// Remembers a link for [`Tree::finish`].
    pub(super) fn symlink(&mut self, spot: Spot, target: &[u8]) {
        self.kept += 1;
        self.links.insert(spot, PathBuf::from(OsStr::from_bytes(target)));
    }

    /// A second name for a file that came before.
    pub(super) fn hard_link(&mut self, spot: &Spot, target: &[u8]) -> Result<(), UnpackError> {
        let target_path = Path::new(OsStr::from_bytes(target));
        let refuse = |reason: String| Err(UnpackError::damaged_entry(&spot.path, reason));
        let Some(original) = self.locate(target)? else {
            return refuse(format!(
                "it is a hard link to `{}`, which is left out",
                shown(target_path)
            ));
        };
        if original == *spot {
            return Ok(());
        }
        if let Some(text) = self.links.get(&original).cloned() {
            self.links.insert(spot.clone(), text);
            return Ok(());
        }
        let source = self.full(&original);
        if !source.is_file() {
            return refuse(format!(
                "it is a hard link to `{}`, which is not there",
                shown(target_path)
            ));
        }
        self.links.remove(spot);
        self.make_parents(spot)?;
        let target = self.full(spot);
        self.clear_way(spot)?;
        if original.dir == spot.dir {
            fs_err::hard_link(source, target).map_err(UnpackError::Write)
        } else {
            // Layers are separate archives in the end.
            fs_err::copy(source, target).map(drop).map_err(UnpackError::Write)
        }
    }

    /// Something worth a debug line.
    pub(super) fn remark(&mut self, name: &[u8], what: &str) {
        const ENOUGH: usize = 20;
        if self.remarks.len() < ENOUGH {
            let name = shown(Path::new(OsStr::from_bytes(name)));
            self.remarks.push(format!("`{name}` is {what}: ignored"));
        }
    }

    /// Makes the links and moves the directories to where they belong.
    ///
    /// Called only when the archive is complete and verified. Gives lines for the debug log.
    pub(crate) fn finish(mut self) -> Result<Vec<String>, UnpackError> {
        if self.kept == 0 {
            return Err(UnpackError::damaged("nothing is in it that could be unpacked"));
        }
        let links = std::mem::take(&mut self.links);
        links.check(self.unpack.outside_links)?;
        for (spot, target) in links.iter() {
            self.make_parents(spot)?;
            self.clear_way(spot)?;
            symlink(target, self.full(spot)).map_err(UnpackError::Write)?;
        }
        for (index, dir) in self.unpack.dirs.iter().enumerate() {
            if let Err(error) = fs_err::rename(&self.roots[index], dir) {
                // All or nothing: those moved before go back to where they are cleaned up.
                for (root, dir) in self.roots[..index].iter().zip(&self.unpack.dirs) {
                    fs_err::rename(dir, root).map_err(UnpackError::Write)?;
                }
                return Err(UnpackError::Write(error));
            }
        }
        self.roots.clear();
        Ok(std::mem::take(&mut self.remarks))
    }

    fn full(&self, spot: &Spot) -> PathBuf {
        self.roots[spot.dir].join(&spot.path)
    }

    fn make_parents(&mut self, spot: &Spot) -> Result<(), UnpackError> {
        match spot.parent() {
            Some(parent) => self.make_dir(&parent),
            None => Ok(()),
        }
    }

    /// Makes a directory and those above it; what else had its name gives way.
    fn make_dir(&mut self, spot: &Spot) -> Result<(), UnpackError> {
        if self.dirs.contains(spot) {
            return Ok(());
        }
        self.make_parents(spot)?;
        let path = self.full(spot);
        let mut made = fs_err::create_dir(&path);
        if matches!(&made, Err(error) if error.kind() == ErrorKind::AlreadyExists) {
            self.clear_way(spot)?;
            made = fs_err::create_dir(&path);
        }
        made.and_then(|()| set_mode(&path, IMPLICIT_DIR)).map_err(UnpackError::Write)?;
        self.dirs.insert(spot.clone());
        self.kept += 1;
        Ok(())
    }

    fn create(&mut self, spot: &Spot) -> Result<fs_err::File, UnpackError> {
        let path = self.full(spot);
        let mut created = fs_err::File::create_new(&path);
        if matches!(&created, Err(error) if error.kind() == ErrorKind::AlreadyExists) {
            // Not opened for writing: a hard link elsewhere keeps its content.
            self.clear_way(spot)?;
            created = fs_err::File::create_new(&path);
        }
        self.kept += 1;
        created.map_err(UnpackError::Write)
    }

    /// Removes an earlier entry of the same name: the last one wins.
    fn clear_way(&mut self, spot: &Spot) -> Result<(), UnpackError> {
        let path = self.full(spot);
        match fs_err::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(UnpackError::Write(error)),
            Ok(found) if found.is_dir() => {
                self.dirs.remove(spot);
                fs_err::remove_dir(&path).map_err(|_| {
                    UnpackError::damaged_entry(&spot.path, "it is a directory and something else")
                })
            }
            Ok(_) => fs_err::remove_file(&path).map_err(UnpackError::Write),
        }
    }

    fn copy(
        &mut self,
        content: &mut impl Read,
        mut file: Option<&mut fs_err::File>,
    ) -> Result<(), UnpackError> {
        loop {
            let count = match content.read(&mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(UnpackError::Read(error)),
            };
            self.bytes += count as u64;
            if self.bytes > self.limits.bytes {
                let limit = kouti_report::bytes(self.limits.bytes);
                return Err(UnpackError::TooLarge { limit });
            }
            if let Some(file) = &mut file {
                file.write_all(&self.buffer[..count]).map_err(UnpackError::Write)?;
            }
        }
    }
}

/// What is not finished leaves nothing behind.
impl Drop for Tree<'_> {
    fn drop(&mut self) {
        for root in &self.roots {
            // The error that led here is the one to report.
            let _ = remove(root);
        }
    }
}

impl Spot {
    pub(super) fn parent(&self) -> Option<Self> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        Some(Self { dir: self.dir, path: parent.to_owned() })
    }
}

/// The hidden sibling that a directory is prepared in.
fn partial(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(ErrorKind::InvalidInput, format!("`{}` has no name", path.display()))
    })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".partial");
    Ok(path.with_file_name(hidden))
}

/// Removes a file or a whole tree, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs_err::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode))
}
