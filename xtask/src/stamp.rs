//! Skipping what has not changed: a step's inputs make a key, and a stamp file keeps the key of what is there.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::files;

/// Collects everything a step's result depends on.
#[derive(Clone, Default)]
pub(crate) struct Key(Sha256);

impl Key {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a named value.
    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.add(name.as_bytes());
        self.add(value.as_bytes());
        self
    }

    /// Adds a file's content under `name`; its path and times do not matter.
    pub(crate) fn file(self, name: &str, path: &Path) -> Result<Self> {
        let digest = sha256(path)?;
        Ok(self.text(name, &digest))
    }

    /// The key as text.
    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize())
    }

    // With the length in front, `a` + `bc` and `ab` + `c` are different.
    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }
}

/// Whether the stamp file says that its result was made from `key`.
pub(crate) fn is_current(stamp: &Path, key: &str) -> bool {
    fs_err::read_to_string(stamp).is_ok_and(|found| found.trim_end() == key)
}

/// Records that the result beside the stamp was made from `key`: the last act of a step.
pub(crate) fn set(stamp: &Path, key: &str) -> Result<()> {
    files::write(stamp, format!("{key}\n"))
}

/// The SHA-256 of a file.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    digest::<Sha256>(path)
}

/// The digest of a file, in hexadecimal.
pub(crate) fn digest<D: Digest>(path: &Path) -> Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = D::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_names_values_and_where_they_part() {
        let key = |name: &str, value: &str| Key::new().text(name, value).finish();
        assert_eq!(key("a", "b"), key("a", "b"));
        assert_ne!(key("a", "b"), key("a", "c"));
        assert_ne!(key("a", "bc"), key("ab", "c"));
    }

    #[test]
    fn a_file_counts_by_its_content_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        files::write(&one, "same").unwrap();
        files::write(&two, "same").unwrap();
        assert_eq!(
            Key::new().file("f", &one).unwrap().finish(),
            Key::new().file("f", &two).unwrap().finish()
        );
        files::write(&two, "other").unwrap();
        assert_ne!(
            Key::new().file("f", &one).unwrap().finish(),
            Key::new().file("f", &two).unwrap().finish()
        );
    }

    #[test]
    fn a_stamp_is_current_for_its_own_key_only() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = dir.path().join("deep/stamp");
        assert!(!is_current(&stamp, "k1"));
        set(&stamp, "k1").unwrap();
        assert!(is_current(&stamp, "k1"));
        assert!(!is_current(&stamp, "k2"));
    }
}
