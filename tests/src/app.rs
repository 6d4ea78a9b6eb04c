//! A copy of an app that a test may change.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use walkdir::WalkDir;

/// A copy of an app in a directory of its own.
#[derive(Debug)]
pub struct App(TempDir);

impl App {
    /// Copies the sample of a language: `samples/<name>`.
    pub fn sample(name: &str) -> Self {
        Self::copy(&repository().join("samples").join(name))
    }

    /// Copies an app of these tests: `tests/apps/<name>`.
    pub fn fixture(name: &str) -> Self {
        Self::copy(&repository().join("tests/apps").join(name))
    }

    /// A directory without anything.
    pub fn empty() -> Self {
        Self(tempfile::tempdir().expect("the temporary directory is writable"))
    }

    fn copy(from: &Path) -> Self {
        let dir = tempfile::tempdir().expect("the temporary directory is writable");
        for entry in WalkDir::new(from) {
            let entry = entry.expect("the app can be read");
            let below = entry.path().strip_prefix(from).expect("the walk stays below its root");
            let to = dir.path().join(below);
            if entry.file_type().is_dir() {
                fs_err::create_dir_all(&to).expect("the temporary directory is writable");
            } else {
                fs_err::copy(entry.path(), &to).expect("the app can be copied");
            }
        }
        Self(dir)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        fs_err::write(self.dir().join(path), text).expect("the copy is writable");
    }

    /// Changes a file; it must contain `from`, or the test would test nothing.
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = fs_err::read_to_string(self.dir().join(path)).expect("the file can be read");
        assert!(text.contains(from), "{path} does not contain {from:?}");
        self.write(path, &text.replace(from, to));
    }
}

/// The root of the checkout.
pub(crate) fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("this crate is below the root").to_owned()
}
