//! Small disks, to fill them up.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tree;

/// What of a build is on a disk of its own.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Disk {
    /// The layers of all buildpacks: the same disk in the next build.
    Layers,
    /// The app: a new disk in each build, with so much room beside the source.
    App,
    /// Temporary files: a new disk in each build.
    Temporary,
}

impl Disk {
    /// The directory below the place of a case.
    pub(super) fn dir(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::App => "app",
            Self::Temporary => "tmp",
        }
    }
}

/// A disk in memory, mounted as long as this value lives.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts a disk of one megabyte; only in [`with_disks`].
    ///
    /// # Panics
    ///
    /// If this process may not mount.
    #[must_use]
    #[track_caller]
    pub fn at(dir: &Path) -> Self {
        fs_err::create_dir_all(dir).expect("the directory can be made");
        assert!(mount("size=1m", dir), "a disk can be mounted in `with_disks` only");
        Self(dir.to_owned())
    }

    /// A new disk in place of a directory, with all that is in it, and so much room beside that.
    pub(super) fn instead_of(dir: &Path, room: u64) -> io::Result<Self> {
        let aside = dir.with_extension("aside");
        fs_err::rename(dir, &aside)?;
        let disk = Self::at(dir);
        disk.resize(64_000_000);
        tree::copy(&aside, dir)?;
        tree::remove(&aside)?;
        let found = rustix::fs::statvfs(dir)?;
        disk.resize((found.f_blocks - found.f_bfree) * found.f_frsize + room);
        Ok(disk)
    }

    /// Leaves no room on it.
    ///
    /// # Panics
    ///
    /// If the directory cannot be written.
    pub fn fill(&self) {
        let mut file = fs_err::File::create(self.0.join("ballast")).expect("it can be written");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Makes it larger or smaller, with what is on it.
    pub(super) fn resize(&self, bytes: u64) {
        let resized = mount(&format!("remount,size={bytes}"), &self.0);
        assert!(resized, "the disk cannot have {bytes} bytes");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(options: &str, dir: &Path) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "kouti-test"]).arg(dir);
    command.output().is_ok_and(|output| output.status.success())
}

/// Runs a test that mounts small disks: in this process for root, otherwise in one of its own, in
/// which this user may mount.
///
/// `test` is the whole name of the calling test. Where nothing helps, it is skipped by name; in
/// CI that is a failure.
///
/// # Panics
///
/// If the test fails, or cannot run in CI.
#[track_caller]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[expect(clippy::disallowed_methods, reason = "a test is an entry point")]
pub fn with_disks(test: &str, body: impl FnOnce()) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    if mount("size=1m", dir.path()) {
        drop(SmallDisk(dir.path().to_owned()));
        return body();
    }
    let program = std::env::current_exe().expect("a test knows its program");
    let namespace = ["--user", "--map-root-user", "--mount"];
    let may = Command::new("unshare").args(namespace).arg("true").output();
    let inside = std::env::var_os(INSIDE).is_some();
    if !inside && may.is_ok_and(|output| output.status.success()) {
        let mut command = Command::new("unshare");
        command.args(namespace).arg(program).args(["--exact", test, "--nocapture"]);
        let output = command.env(INSIDE, "1").output().expect("it has just been started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    assert!(std::env::var_os("CI").is_none(), "{test}: this machine lets nobody mount a disk");
    println!("{test} is skipped: this user cannot mount a small disk");
}

/// Set for the process that may mount.
const INSIDE: &str = "KOUTI_TEST_MAY_MOUNT";
