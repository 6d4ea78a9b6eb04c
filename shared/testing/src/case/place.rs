//! The directories of one case, and what is written there before each run.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tempfile::TempDir;

use super::disk::{Disk, SmallDisk};
use super::text::Cleaner;
use super::tool::{Call, JOURNAL, read_journal};
use super::{Case, Change};
use crate::lifecycle::{Buildpack, Env, Lifecycle, Member};
use crate::tree;

/// What a minimal Linux system has; nothing else of this host is on the `PATH` of a test.
const SYSTEM: &str = "[ awk base64 basename bash cat chmod chown cmp cp cut date diff dirname du echo env \
    expr false find grep gunzip gzip head hostname id install kill ln ls mkdir mktemp mv nproc paste \
    printf pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort stat tail tar tee test touch \
    tr true uname uniq wc which xargs";

/// What a build is given, and what ends with its container.
const SURROUNDINGS: [&str; 7] =
    ["platform", "build-config", "buildpacks", "tools", "home", "tmp", JOURNAL];

/// Where a case lives; shared by a case and its rebuilds.
#[derive(Debug)]
pub(super) struct Place {
    root: PathBuf,
    /// What there is of the host.
    system: PathBuf,
    pub(super) lifecycle: Mutex<Lifecycle>,
    /// Counts builds, so that the result of an older one is not mistaken for the current one.
    generation: AtomicU32,
    /// What these directories are, for those who have asked for it.
    disks: Mutex<BTreeMap<Disk, SmallDisk>>,
    /// Deletes the directory at the end.
    _dir: TempDir,
}

impl Place {
    pub(super) fn new() -> io::Result<Self> {
        let (base, prefix) = base();
        let dir = tempfile::Builder::new().prefix(prefix).tempdir_in(base)?;
        let root = fs_err::canonicalize(dir.path())?;
        let lifecycle = Lifecycle::at(&root).map_err(io::Error::other)?;
        let generation = AtomicU32::new(0);
        Ok(Self {
            root,
            system: system()?,
            lifecycle: Mutex::new(lifecycle),
            generation,
            disks: Mutex::default(),
            _dir: dir,
        })
    }

    pub(super) fn lifecycle(&self) -> MutexGuard<'_, Lifecycle> {
        self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cleaner(&self) -> Cleaner {
        Cleaner::new(&self.root, &self.system)
    }

    /// Makes a directory a disk with room for so many bytes.
    pub(super) fn make_room(&self, disk: Disk, bytes: u64) -> io::Result<()> {
        let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = self.root.join(disk.dir());
        if disk == Disk::Layers {
            disks.entry(disk).or_insert_with(|| SmallDisk::at(&dir)).resize(bytes);
        } else {
            disks.insert(disk, SmallDisk::instead_of(&dir, bytes)?);
        }
        Ok(())
    }

    /// Which of `texts` stand where in all that outlives a build container: paths in the layers,
    /// the cache, the image's metadata and the app.
    pub(super) fn places_of<'a>(&self, texts: &[&'a str]) -> io::Result<Vec<(&'a str, String)>> {
        let mut found = Vec::new();
        for name in tree::names(&self.root)? {
            if SURROUNDINGS.contains(&name.as_str()) {
                continue;
            }
            for entry in tree::entries(&self.root.join(name))? {
                let content = match entry.kind {
                    tree::Kind::File => fs_err::read(&entry.path)?,
                    tree::Kind::Link => fs_err::read_link(&entry.path)?.into_os_string().into_vec(),
                    tree::Kind::Dir => continue,
                };
                // Reading files is what takes time, not looking for one more text in them.
                let content = String::from_utf8_lossy(&content);
                for text in texts.iter().filter(|text| content.contains(**text)) {
                    let path = self.cleaner().paths(&entry.path.display().to_string());
                    found.push((*text, path));
                }
            }
        }
        Ok(found)
    }

    /// Directory of the fake tools.
    pub(super) fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    pub(super) fn next_generation(&self) -> u32 {
        self.generation.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation.load(Ordering::SeqCst)
    }

    /// The calls of fake tools since the last preparation.
    pub(super) fn calls(&self) -> io::Result<Vec<Call>> {
        let cleaner = self.cleaner();
        read_journal(&self.root.join(JOURNAL), |text| cleaner.paths(text))
    }

    /// Writes everything that a run starts from, and returns the group.
    pub(super) fn prepare(&self, case: &Case) -> io::Result<Vec<Member>> {
        let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
        disks.retain(|disk, _| *disk == Disk::Layers);
        drop(disks);
        for dir in
            ["app", "platform", "build-config", "buildpacks", "tools", "home", "tmp", JOURNAL]
        {
            tree::remove(&self.root.join(dir))?;
            fs_err::create_dir(self.root.join(dir))?;
        }
        for change in &case.app {
            change.apply(&self.root.join("app"))?;
        }
        for (path, content) in &case.platform {
            tree::write(&self.root.join("platform").join(path), content)?;
        }
        for (name, value) in &case.operator_env {
            tree::write(&self.root.join("build-config/env").join(name), value)?;
        }
        for (name, tool) in &case.tools {
            tree::write_program(&self.tools().join(name), tool.clone().into_text())?;
        }
        self.set_environment(case);

        let mut group = Vec::new();
        for (index, part) in case.group.iter().enumerate() {
            let dir = self.root.join("buildpacks").join(index.to_string());
            part.write(&dir)?;
            let buildpack = Buildpack::read(&dir).map_err(io::Error::other)?;
            // A name that says more in a log than a number does.
            let named = self.root.join("buildpacks").join(buildpack.escaped_id());
            fs_err::rename(&dir, &named)?;
            let buildpack = Buildpack { dir: named, ..buildpack };
            group.push(Member { buildpack, optional: part.is_optional() });
        }
        Ok(group)
    }

    fn set_environment(&self, case: &Case) {
        let mut path = self.tools().into_os_string();
        path.push(":");
        path.push(&self.system);
        let mut lifecycle = self.lifecycle();
        lifecycle.target = case.target.clone();
        lifecycle.build_env = Env::new()
            .with("PATH", path)
            .with("HOME", self.root.join("home"))
            .with("TMPDIR", self.root.join("tmp"));
        for (name, value) in case.container_env.iter() {
            lifecycle.build_env.set(name, value);
        }
        lifecycle.launch_env =
            Env::new().with("PATH", &self.system).with("HOME", self.root.join("home"));
    }
}

/// Where cases live: in memory if programs can be run there and there is room for real runtimes, unless
/// `TMPDIR` says otherwise.
///
/// What a build takes is mostly what the file system of a disk takes to make files that live for a moment.
/// With the beginning of the names there: a path has as many letters as below `/tmp`, for columns of a log
/// are as wide as a path.
#[expect(clippy::disallowed_methods, reason = "a test is an entry point")]
fn base() -> &'static (PathBuf, &'static str) {
    static BASE: OnceLock<(PathBuf, &str)> = OnceLock::new();
    BASE.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let is_fit = std::env::var_os("TMPDIR").is_none()
            && rustix::fs::statvfs(memory)
                .is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) >= ROOM)
            && runs_programs(memory);
        if is_fit { (memory.to_owned(), "k-") } else { (std::env::temp_dir(), "kouti-") }
    })
}

/// Room for several Node.js, which is what the largest tests unpack at a time.
const ROOM: u64 = 4_000_000_000;

fn runs_programs(dir: &Path) -> bool {
    let Ok(dir) = tempfile::tempdir_in(dir) else { return false };
    let program = dir.path().join("true");
    tree::write_program(&program, "#!/bin/sh\n").is_ok()
        && tree::spawn(&mut Command::new(program))
            .and_then(|mut child| child.wait())
            .is_ok_and(|status| status.success())
}

/// A directory with links to the programs of [`SYSTEM`], beside the program of the test.
///
/// All tests share it: dozens of links for each of hundreds of cases would be most of what these
/// write. Its name stands for what is in it, so it is never changed.
fn system() -> io::Result<PathBuf> {
    static SYSTEM_DIR: OnceLock<PathBuf> = OnceLock::new();
    if let Some(dir) = SYSTEM_DIR.get() {
        return Ok(dir.clone());
    }
    let mut programs = Vec::new();
    for name in SYSTEM.split_whitespace() {
        let places = [Path::new("/usr/bin"), Path::new("/bin")].map(|dir| dir.join(name));
        programs.extend(places.into_iter().find(|program| program.exists()));
    }
    let beside = fs_err::canonicalize(std::env::current_exe()?)?;
    let digest = tree::sha256(format!("{programs:?}").as_bytes());
    let dir = beside.with_file_name(format!("kouti-system-{}", &digest[..16]));
    if !dir.is_dir() {
        let made = tempfile::tempdir_in(dir.parent().unwrap_or(Path::new(".")))?;
        for program in &programs {
            symlink(program, made.path().join(program.file_name().unwrap_or_default()))?;
        }
        fs_err::set_permissions(made.path(), std::fs::Permissions::from_mode(0o755))?;
        // Another test may have been quicker.
        if let Err(error) = fs_err::rename(made.path(), &dir)
            && !dir.is_dir()
        {
            return Err(error);
        }
    }
    Ok(SYSTEM_DIR.get_or_init(|| dir).clone())
}

impl Change {
    fn apply(&self, app_dir: &Path) -> io::Result<()> {
        match self {
            Self::Tree(from) => tree::copy(from, app_dir),
            Self::File(path, content) => tree::write(&app_dir.join(path), content),
            Self::Program(path, content) => tree::write_program(&app_dir.join(path), content),
            Self::Dir(path) => fs_err::create_dir_all(app_dir.join(path)),
            Self::Link(path, target) => {
                let path = app_dir.join(path);
                if let Some(parent) = path.parent() {
                    fs_err::create_dir_all(parent)?;
                }
                tree::remove(&path)?;
                symlink(target, path)
            }
            Self::Remove(path) => tree::remove(&app_dir.join(path)),
            Self::Json(path, edit) => {
                let path = app_dir.join(path);
                let mut value = if path.exists() {
                    serde_json::from_slice(&fs_err::read(&path)?)?
                } else {
                    serde_json::Value::Object(serde_json::Map::new())
                };
                edit(&mut value);
                tree::write(&path, format!("{value:#}\n"))
            }
        }
    }
}
