//! A copy of the workspace, which a test may change.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err::os::unix::fs::symlink;
use walkdir::{DirEntry, WalkDir};

/// What is made from the rest, or is not part of the source.
const LEFT_OUT: [&str; 3] = [".git", "node_modules", "target"];

/// Variables in which Cargo tells this program about its own crate: build scripts run again when they change.
const OWN_CRATE: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];

/// A workspace with the same source and the same target directory: what is compiled already is not compiled again.
///
/// A test may add crates, but not change those that are there: Cargo would take what it makes of them for the real ones.
pub(crate) struct Copy {
    dir: tempfile::TempDir,
}

impl Copy {
    pub(crate) fn new() -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let copy = Self { dir: tempfile::Builder::new().prefix("kouti-copy-").tempdir().unwrap() };
        let is_source = |entry: &DirEntry| LEFT_OUT.iter().all(|name| entry.file_name() != *name);
        for entry in WalkDir::new(from).min_depth(1).into_iter().filter_entry(is_source) {
            let entry = entry.unwrap();
            let to = copy.dir.path().join(entry.path().strip_prefix(from).unwrap());
            if entry.file_type().is_dir() {
                fs_err::create_dir(to).unwrap();
            } else {
                fs_err::copy(entry.path(), &to).unwrap();
                // Cargo tells by the time whether a file has changed.
                let time = entry.metadata().unwrap().modified().unwrap();
                fs_err::File::options().write(true).open(to).unwrap().set_modified(time).unwrap();
            }
        }
        symlink(from.join("target"), copy.path("target")).unwrap();
        copy
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs_err::read_to_string(self.path(path)).unwrap()
    }

    /// `cargo xtask`, with the arguments of a command line.
    pub(crate) fn xtask(&self, line: &str) -> Command {
        xtask_in(self.dir.path(), line)
    }

    /// Cargo, with the arguments of a command line.
    pub(crate) fn cargo(&self, line: &str) -> Command {
        command_in(self.dir.path(), "cargo", line)
    }
}

/// `cargo xtask` for the workspace at `root`, with the arguments of a command line.
pub(crate) fn xtask_in(root: &Path, line: &str) -> Command {
    let mut command = command_in(root, env!("CARGO_BIN_EXE_xtask"), line);
    command.env("CARGO_MANIFEST_DIR", root.join("xtask"));
    command
}

/// A program in a directory, with the arguments of a command line.
pub(crate) fn command_in(dir: &Path, program: &str, line: &str) -> Command {
    let mut command = Command::new(program);
    command.args(line.split_whitespace()).current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if OWN_CRATE.iter().any(|own| name.as_encoded_bytes().starts_with(own.as_bytes())) {
            command.env_remove(name);
        }
    }
    command
}

/// What a command prints; it has to succeed.
#[track_caller]
pub(crate) fn succeeds(mut command: Command) -> String {
    let (succeeded, text) = run(&mut command);
    assert!(succeeded, "{command:?}\n{text}");
    text
}

/// What a command prints; it has to fail.
#[track_caller]
pub(crate) fn fails(mut command: Command) -> String {
    let (succeeded, text) = run(&mut command);
    assert!(!succeeded, "{command:?} should have failed\n{text}");
    text
}

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
