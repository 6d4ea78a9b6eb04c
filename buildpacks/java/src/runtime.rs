//! What a build notes about a Java runtime or an agent that it installs, for the start of the app.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Facts about one runtime or agent, in a file beside it: its content cannot be known before it is
/// there, so they cannot be variables of its layer.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Facts {
    /// How many classes it has.
    pub classes: u64,
    /// Digest of the certificates of the system when a runtime was installed, see
    /// [`crate::trust::Sources::digest`].
    pub certificates: String,
}

/// Name of the file.
const FILE: &str = "kouti.json";

impl Facts {
    /// Writes them into the directory of what they are about.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        fs_err::write(dir.join(FILE), text)
    }

    /// Those about what is in `dir`, if a build of ours has written them.
    #[must_use]
    pub fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&fs_err::read(dir.join(FILE)).ok()?).ok()
    }
}

/// The major version of the runtime in `java_home`, as its file `release` says.
#[must_use]
pub fn major(java_home: &Path) -> Option<u64> {
    let text = fs_err::read_to_string(java_home.join("release")).ok()?;
    let version = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    let version = version.trim().trim_matches('"');
    let version = version.strip_prefix("1.").unwrap_or(version);
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Where the runtime has the certificates it believes.
#[must_use]
pub fn cacerts(java_home: &Path) -> PathBuf {
    let in_jdk8 = java_home.join("jre/lib/security/cacerts");
    if in_jdk8.exists() { in_jdk8 } else { java_home.join("lib/security/cacerts") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_in_the_file_release() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(major(dir.path()), None);
        for (text, expected) in [
            ("IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"21.0.13\"\n", Some(21)),
            ("JAVA_VERSION=\"1.8.0_492\"\n", Some(8)),
            ("JAVA_VERSION=\"25-ea\"", Some(25)),
            ("OTHER=1", None),
        ] {
            fs_err::write(dir.path().join("release"), text).unwrap();
            assert_eq!(major(dir.path()), expected, "{text}");
        }
    }

    #[test]
    fn facts_come_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Facts::read(dir.path()), None);
        let facts = Facts { classes: 7, certificates: "abc".to_owned() };
        facts.write(dir.path()).unwrap();
        assert_eq!(Facts::read(dir.path()), Some(facts));
    }
}
