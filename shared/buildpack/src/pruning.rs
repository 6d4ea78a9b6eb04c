//! Removing files of the app, so that they do not get into the image.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use fs_err::PathExt as _;

use crate::Globs;

/// Which files stay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// Only those that the patterns cover.
    Covered,
    /// All but those that the patterns cover.
    Others,
}

/// What is to be removed from a directory. Nothing happens before [`Pruning::carry_out`].
#[derive(Debug, Default)]
pub struct Pruning {
    dir: PathBuf,
    /// Files and links, relative to the directory, in the order of their names.
    pub files: Vec<PathBuf>,
    /// Directories of which nothing is left; inner ones first.
    dirs: Vec<PathBuf>,
    /// Size of the files.
    pub bytes: u64,
    /// How many files and links stay.
    pub kept: usize,
    /// Links that stay and lead somewhere.
    links: Vec<PathBuf>,
    /// Patterns that match nothing.
    pub unmatched: Vec<String>,
}

impl Pruning {
    /// Looks through `dir` without following links.
    pub fn plan(dir: &Path, globs: &Globs, keep: Keep) -> io::Result<Self> {
        let found = Self { dir: dir.to_owned(), ..Self::default() };
        let mut walk = Walk { globs, keep, matched: BTreeSet::new(), found };
        walk.directory(Path::new(""), None)?;
        let Walk { matched, mut found, .. } = walk;
        let unmatched = globs.texts().enumerate().filter(|(index, _)| !matched.contains(index));
        found.unmatched = unmatched.map(|(_, text)| text.to_owned()).collect();
        Ok(found)
    }

    /// Removes it all, and returns the links that lead nowhere since then.
    pub fn carry_out(&self) -> io::Result<Vec<PathBuf>> {
        for file in &self.files {
            in_writable_parent(&self.dir.join(file), |path| fs_err::remove_file(path))?;
        }
        for dir in &self.dirs {
            in_writable_parent(&self.dir.join(dir), |path| fs_err::remove_dir(path))?;
        }
        let broken = self.links.iter().filter(|link| !self.dir.join(link).exists());
        Ok(broken.cloned().collect())
    }
}

struct Walk<'a> {
    globs: &'a Globs,
    keep: Keep,
    matched: BTreeSet<usize>,
    found: Pruning,
}

impl Walk<'_> {
    /// Looks through a directory, for whose path the pattern `above` counts; whether anything stays.
    fn directory(&mut self, dir: &Path, above: Option<usize>) -> io::Result<bool> {
        let mut names = Vec::new();
        for entry in fs_err::read_dir(self.found.dir.join(dir))? {
            names.push(entry?.file_name());
        }
        names.sort();
        let mut stays = false;
        for name in names {
            let path = dir.join(name);
            let matches = self.globs.matches(&path);
            let counts = matches.iter().copied().chain(above).max();
            self.matched.extend(matches);
            let covered = counts.is_some_and(|index| self.globs.is_about(index));
            stays |= self.entry(path, covered == (self.keep == Keep::Covered), counts)?;
        }
        Ok(stays)
    }

    fn entry(&mut self, path: PathBuf, keep: bool, counts: Option<usize>) -> io::Result<bool> {
        let full = self.found.dir.join(&path);
        let metadata = full.fs_err_symlink_metadata()?;
        if metadata.is_dir() {
            let stays = self.directory(&path, counts)? || keep;
            if !stays {
                self.found.dirs.push(path);
            }
            return Ok(stays);
        }
        if keep {
            self.found.kept += 1;
            if metadata.is_symlink() && full.exists() {
                self.found.links.push(path);
            }
        } else {
            self.found.bytes += metadata.len();
            self.found.files.push(path);
        }
        Ok(keep)
    }
}

/// Removes `path`; a directory that nobody may write to is opened for it, and closed again.
fn in_writable_parent(path: &Path, remove: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    match (remove(path), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::PermissionDenied => {
            let closed = fs_err::metadata(parent)?.permissions();
            let mut open = closed.clone();
            open.set_mode(closed.mode() | 0o700);
            fs_err::set_permissions(parent, open)?;
            let removed = remove(path);
            fs_err::set_permissions(parent, closed)?;
            removed
        }
        (result, _) => result,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn app(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            if file.ends_with('/') {
                fs_err::create_dir_all(path).unwrap();
            } else {
                fs_err::create_dir_all(path.parent().unwrap()).unwrap();
                fs_err::write(path, "123").unwrap();
            }
        }
        dir
    }

    fn left(dir: &Path) -> Vec<String> {
        fn walk(root: &Path, dir: &Path, names: &mut Vec<String>) {
            for entry in fs_err::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                let name = entry.path().strip_prefix(root).unwrap().display().to_string();
                if entry.file_type().unwrap().is_dir() {
                    names.push(name + "/");
                    walk(root, &entry.path(), names);
                } else {
                    names.push(name);
                }
            }
        }
        let mut names = Vec::new();
        walk(dir, dir, &mut names);
        names.sort();
        names
    }

    fn prune(dir: &Path, list: &str, keep: Keep) -> Pruning {
        let globs = Globs::parse("X", list).unwrap();
        Pruning::plan(dir, &globs, keep).unwrap()
    }

    #[test]
    fn only_what_is_covered_stays_with_the_directories_above_it() {
        let dir = app(&["a/b/c", "a/b/d", "a/e", "f", "empty/", "kept/", "a/b/sub/x"]);
        let pruning = prune(dir.path(), "a/b/c:kept:a/b/sub:none", Keep::Covered);
        assert_eq!(pruning.files, ["a/b/d", "a/e", "f"].map(PathBuf::from));
        assert_eq!((pruning.bytes, pruning.kept), (9, 2));
        assert_eq!(pruning.unmatched, ["none"]);
        assert_eq!(left(dir.path()).len(), 10, "planning removes nothing");

        assert!(pruning.carry_out().unwrap().is_empty());
        assert_eq!(left(dir.path()), ["a/", "a/b/", "a/b/c", "a/b/sub/", "a/b/sub/x", "kept/"]);
    }

    #[test]
    fn what_is_covered_goes_and_empty_directories_stay() {
        let dir = app(&["src/a", "src/keep/b", "tmp/", "log"]);
        let _ = prune(dir.path(), "src:!src/keep", Keep::Others).carry_out().unwrap();
        assert_eq!(left(dir.path()), ["log", "src/", "src/keep/", "src/keep/b", "tmp/"]);
        let _ = prune(dir.path(), "src", Keep::Others).carry_out().unwrap();
        assert_eq!(left(dir.path()), ["log", "tmp/"]);
    }

    #[test]
    fn links_go_and_their_targets_stay() {
        let outside = app(&["precious"]);
        let dir = app(&["real/x", "file"]);
        symlink(outside.path(), dir.path().join("away")).unwrap();
        symlink("real", dir.path().join("inside")).unwrap();
        let _ = prune(dir.path(), "away:inside", Keep::Others).carry_out().unwrap();
        assert_eq!(left(dir.path()), ["file", "real/", "real/x"]);
        assert_eq!(left(outside.path()), ["precious"]);
    }

    #[test]
    fn links_that_lead_nowhere_afterwards_are_named() {
        let dir = app(&["target", "file"]);
        symlink("target", dir.path().join("link")).unwrap();
        symlink("never-there", dir.path().join("broken")).unwrap();
        let broken = prune(dir.path(), "target", Keep::Others).carry_out().unwrap();
        assert_eq!(broken, [Path::new("link")]);
    }
}
