//! Taking a program out of unpacked Debian packages, so that it runs from any directory of any image that has the
//! libraries which our run images promise.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::debian::{Deb, Stage};
use super::{Made, elf};

/// What the run images promise; OpenSSL among it, so that a rebase patches it.
const PROMISED: &[&str] = &[
    "ld-linux-x86-64.so.2",
    "libanl.so.1",
    "libatomic.so.1",
    "libc.so.6",
    "libcrypto.so.3",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libssl.so.3",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
];

/// Where Debian has shared libraries.
const LIBRARIES: &[&str] = &["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];

/// A directory that becomes an archive.
pub(super) struct Tree<'a> {
    pub(super) dir: PathBuf,
    stage: &'a Stage,
    /// Packages that something was taken from, by name.
    used: BTreeMap<String, Deb>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(stage: &'a Stage, dir: PathBuf) -> Result<Self> {
        fs_err::create_dir_all(&dir)?;
        Ok(Self { dir, stage, used: BTreeMap::new() })
    }

    /// Copies a file or a directory of the stage to `to`.
    ///
    /// Links inside a directory stay links; one that leaves it is replaced by what it points to, or left out if that
    /// is nothing.
    pub(super) fn take(&mut self, from: &str, to: &str) -> Result<()> {
        let source =
            self.resolve(Path::new(from)).with_context(|| format!("no package has {from}"))?;
        self.copy(&source, &source, &self.dir.join(to))
    }

    /// Copies the shared libraries of a directory of the stage.
    pub(super) fn take_libraries(&mut self, from: &str, to: &str) -> Result<()> {
        let names = fs_err::read_dir(self.stage.dir.join(from))?;
        let names =
            names.map(|entry| Ok(entry?.file_name())).collect::<Result<BTreeSet<OsString>>>()?;
        for name in names.iter().filter(|name| Path::new(name).extension() == Some("so".as_ref())) {
            let name = name.to_string_lossy();
            self.take(&format!("{from}/{name}"), &format!("{to}/{name}"))?;
        }
        Ok(())
    }

    /// Writes a file of our own.
    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.dir.join(path);
        fs_err::create_dir_all(path.parent().unwrap_or(&self.dir))?;
        fs_err::write(path, content)?;
        Ok(())
    }

    /// Deletes what was taken along with the rest of a directory, if it was.
    pub(super) fn remove(&self, path: &str) -> Result<()> {
        let path = self.dir.join(path);
        if path.is_dir() {
            fs_err::remove_dir_all(path)?;
        } else if path.exists() {
            fs_err::remove_file(path)?;
        }
        Ok(())
    }

    /// Copies the libraries that the tree needs and nobody promises into `libs`, and makes those find them that need
    /// them. `extra` are libraries that are loaded by name only; `absent` are those that may be missing. Returns what
    /// was copied.
    pub(super) fn bundle(
        &mut self,
        libs: &str,
        extra: &[&str],
        absent: &[&str],
    ) -> Result<BTreeSet<String>> {
        let mut elves = self.elves()?;
        let mut present = self.names()?;
        let mut todo: VecDeque<String> = extra.iter().map(|&name| name.to_owned()).collect();
        todo.extend(elves.values().flat_map(|elf| elf.needed.clone()));
        let mut bundled = BTreeSet::new();
        while let Some(soname) = todo.pop_front() {
            if present.contains(&soname) || PROMISED.contains(&soname.as_str()) {
                continue;
            }
            let found =
                LIBRARIES.iter().find_map(|dir| self.resolve(&Path::new(dir).join(&soname)));
            let Some(found) = found else {
                if absent.contains(&soname.as_str()) {
                    continue;
                }
                bail!("no package has {soname}");
            };
            let path = self.dir.join(libs).join(&soname);
            self.copy_file(&found, &path)?;
            fs_err::set_permissions(&path, PermissionsExt::from_mode(0o644))?;
            if let Some(elf) = elf::read(&path)? {
                todo.extend(elf.needed.clone());
                elves.insert(path, elf);
            }
            present.insert(soname.clone());
            bundled.insert(soname);
        }
        for (path, elf) in &elves {
            let entry = origin(path, &self.dir.join(libs));
            if elf.needed.iter().any(|soname| bundled.contains(soname))
                && !elf.paths.contains(&entry)
            {
                elf::look_in(path, &entry)?;
            }
        }
        Ok(bundled)
    }

    /// Adds the licences of all packages used: the tree is complete.
    pub(super) fn made(&self) -> Result<Made> {
        for name in self.used.keys() {
            let copyright = format!("usr/share/doc/{name}/copyright");
            if let Some(found) = self.resolve(Path::new(&copyright)) {
                fs_err::create_dir_all(self.dir.join("licenses"))?;
                fs_err::copy(self.stage.dir.join(found), self.dir.join("licenses").join(name))?;
            }
        }
        Ok(Made::Tree { dir: self.dir.clone(), contains: self.contains() })
    }

    /// Package URLs of all packages used.
    pub(super) fn contains(&self) -> Vec<String> {
        self.used.values().map(|deb| deb.purl(&self.stage.suite)).collect()
    }

    fn names(&self) -> Result<BTreeSet<String>> {
        let name = |entry: walkdir::DirEntry| entry.file_name().to_string_lossy().into_owned();
        walkdir::WalkDir::new(&self.dir).into_iter().map(|entry| Ok(name(entry?))).collect()
    }

    fn elves(&self) -> Result<BTreeMap<PathBuf, elf::Dynamic>> {
        let mut elves = BTreeMap::new();
        for entry in walkdir::WalkDir::new(&self.dir).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file()
                && let Some(elf) = elf::read(entry.path())?
            {
                elves.insert(entry.into_path(), elf);
            }
        }
        Ok(elves)
    }

    /// Copies `source` of the stage, which is `top` or below it.
    fn copy(&mut self, top: &Path, source: &Path, to: &Path) -> Result<()> {
        let path = self.stage.dir.join(source);
        if !path.is_dir() {
            return self.copy_file(source, to);
        }
        fs_err::create_dir_all(to)?;
        for entry in fs_err::read_dir(path)? {
            let entry = entry?;
            let (from, to) = (source.join(entry.file_name()), to.join(entry.file_name()));
            if !entry.file_type()?.is_symlink() {
                self.copy(top, &from, &to)?;
            } else if let Some(real) = self.resolve(&from) {
                let target = fs_err::read_link(entry.path())?;
                if real.starts_with(top) && target.is_relative() {
                    symlink(target, &to)?;
                } else {
                    self.copy(&real, &real, &to)?;
                }
            }
        }
        Ok(())
    }

    fn copy_file(&mut self, source: &Path, to: &Path) -> Result<()> {
        fs_err::create_dir_all(to.parent().context("a file has a directory")?)?;
        fs_err::copy(self.stage.dir.join(source), to)?;
        if let Some(deb) = self.stage.owners.get(source) {
            self.used.insert(deb.name.clone(), deb.clone());
        }
        Ok(())
    }

    /// The path of the stage that `path` leads to, with the stage as the root of absolute links.
    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let mut todo: VecDeque<OsString> = path.iter().map(OsString::from).collect();
        let mut found = PathBuf::new();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            match Path::new(&part).components().next()? {
                Component::RootDir => found = PathBuf::new(),
                Component::CurDir => {}
                Component::ParentDir => {
                    found.pop();
                }
                _ => {
                    let next = found.join(&part);
                    let Ok(target) = fs_err::read_link(self.stage.dir.join(&next)) else {
                        found = next;
                        continue;
                    };
                    links += 1;
                    if links > 40 {
                        return None;
                    }
                    for part in target.iter().rev() {
                        todo.push_front(part.to_owned());
                    }
                }
            }
        }
        self.stage.dir.join(&found).exists().then_some(found)
    }
}

/// How a file says where `libs` is: `$ORIGIN/../libs`.
fn origin(file: &Path, libs: &Path) -> String {
    let dir = file.parent().unwrap_or(file);
    let shared = dir.components().zip(libs.components()).take_while(|(a, b)| a == b).count();
    let up = dir.components().skip(shared).map(|_| "..".to_owned());
    let down =
        libs.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    std::iter::once("$ORIGIN".to_owned()).chain(up).chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(dir: &Path) -> Stage {
        let deb = "'u' tool_1.0-1_amd64.deb 1 SHA256:ab";
        let write = |path: &str, content: &str| {
            let path = dir.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        };
        write("etc/tool/tool.conf", "conf");
        write("usr/share/tool/data", "data");
        write("usr/share/doc/tool/copyright", "free");
        symlink("/etc/tool/tool.conf", dir.join("usr/share/tool/conf")).unwrap();
        symlink("data", dir.join("usr/share/tool/same")).unwrap();
        symlink("/nowhere", dir.join("usr/share/tool/gone")).unwrap();
        symlink("tool", dir.join("usr/share/alias")).unwrap();
        let owners =
            [("usr/share/tool/data".into(), super::super::debian::Deb::parse(deb).unwrap())];
        Stage { dir: dir.to_owned(), suite: "trixie".into(), owners: owners.into() }
    }

    #[test]
    fn links_that_leave_become_what_they_point_to() {
        let dir = tempfile::tempdir().unwrap();
        let stage = stage(&dir.path().join("stage"));
        let mut tree = Tree::new(&stage, dir.path().join("tree")).unwrap();
        tree.take("usr/share/alias", "share").unwrap();

        let share = dir.path().join("tree/share");
        assert_eq!(fs_err::read_to_string(share.join("data")).unwrap(), "data");
        assert_eq!(fs_err::read_link(share.join("same")).unwrap(), Path::new("data"));
        assert!(!share.join("conf").is_symlink());
        assert_eq!(fs_err::read_to_string(share.join("conf")).unwrap(), "conf");
        assert!(!share.join("gone").exists());
        assert!(tree.take("usr/share/other", "x").is_err());
    }

    #[test]
    fn packages_that_were_used_are_named_and_bring_their_licence() {
        let dir = tempfile::tempdir().unwrap();
        let stage = stage(&dir.path().join("stage"));
        let mut tree = Tree::new(&stage, dir.path().join("tree")).unwrap();
        assert!(tree.contains().is_empty());
        tree.take("usr/share/tool/data", "data").unwrap();
        assert_eq!(tree.contains(), ["pkg:deb/debian/tool@1.0-1?distro=trixie"]);
        tree.made().unwrap();
        assert_eq!(fs_err::read_to_string(tree.dir.join("licenses/tool")).unwrap(), "free");
    }

    #[test]
    fn a_file_finds_its_libraries_from_where_it_is() {
        let libs = Path::new("/t/libs");
        assert_eq!(origin(Path::new("/t/sbin/nginx"), libs), "$ORIGIN/../libs");
        assert_eq!(origin(Path::new("/t/libs/libx.so.1"), libs), "$ORIGIN");
        assert_eq!(origin(Path::new("/t/lib/php/extensions/a.so"), libs), "$ORIGIN/../../../libs");
    }
}
