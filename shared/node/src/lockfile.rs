//! Lockfiles: which there are, and which version of a package manager wrote them.

use std::io;
use std::path::Path;

use kouti::{Explain, Fault};
use serde::Deserialize;

use crate::yaml;

/// A file that pins every package of an install.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lockfile {
    /// `pnpm-lock.yaml`.
    Pnpm,
    /// `yarn.lock`, of any Yarn.
    Yarn,
    /// `npm-shrinkwrap.json`.
    Shrinkwrap,
    /// `package-lock.json`.
    Npm,
    /// `bun.lock`.
    Bun,
    /// `bun.lockb`.
    BunBinary,
}

/// What a lockfile says about the package manager that wrote it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Format {
    /// Yarn 1.
    YarnClassic,
    /// Yarn 2 and later: the number in `__metadata`.
    YarnBerry(u32),
    /// pnpm: `lockfileVersion`.
    Pnpm(String),
    /// npm, any version.
    Npm,
}

impl Lockfile {
    /// In the order in which they count.
    const ALL: [Self; 6] =
        [Self::Pnpm, Self::Yarn, Self::Shrinkwrap, Self::Npm, Self::Bun, Self::BunBinary];

    /// The name of the file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Pnpm => "pnpm-lock.yaml",
            Self::Yarn => "yarn.lock",
            Self::Shrinkwrap => "npm-shrinkwrap.json",
            Self::Npm => "package-lock.json",
            Self::Bun => "bun.lock",
            Self::BunBinary => "bun.lockb",
        }
    }

    /// Those in `dir`.
    #[must_use]
    pub fn find(dir: &Path) -> Vec<Self> {
        Self::ALL.into_iter().filter(|lockfile| dir.join(lockfile.file_name()).is_file()).collect()
    }

    /// The command that writes it, for hints.
    pub(crate) fn written_by(self) -> &'static str {
        match self {
            Self::Pnpm => "pnpm install",
            Self::Yarn => "yarn install",
            Self::Shrinkwrap | Self::Npm => "npm install",
            Self::Bun | Self::BunBinary => "bun install",
        }
    }

    /// Reads the one in `dir`, so far as to know who wrote it.
    pub fn read_format(self, dir: &Path) -> io::Result<Result<Format, BadLockfile>> {
        let text = fs_err::read(dir.join(self.file_name()))?;
        Ok(self.format(&String::from_utf8_lossy(&text)))
    }

    fn format(self, text: &str) -> Result<Format, BadLockfile> {
        let bad = |reason| BadLockfile { lockfile: self, reason };
        if text.trim().is_empty() {
            return Err(bad("is empty"));
        }
        if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
            return Err(bad("holds an unresolved merge conflict"));
        }
        match self {
            Self::Pnpm => yaml::scalar(text, "lockfileVersion")
                .map(|version| Format::Pnpm(version.to_owned()))
                .ok_or_else(|| bad("has no `lockfileVersion`")),
            Self::Yarn if yaml::has_key(text, "__metadata") => {
                yaml::nested(text, "__metadata", "version")
                    .and_then(|version| version.parse().ok())
                    .map(Format::YarnBerry)
                    .ok_or_else(|| bad("has no version below `__metadata`"))
            }
            Self::Yarn => Ok(Format::YarnClassic),
            Self::Shrinkwrap | Self::Npm => match serde_json::from_str::<NpmLockfile>(text) {
                Ok(NpmLockfile { lockfile_version: Some(_) }) => Ok(Format::Npm),
                Ok(_) => Err(bad("has no `lockfileVersion`")),
                Err(_) => Err(bad("is not valid JSON")),
            },
            Self::Bun | Self::BunBinary => Err(bad("is of a package manager not known here")),
        }
    }
}

#[derive(Deserialize)]
struct NpmLockfile {
    #[serde(rename = "lockfileVersion")]
    lockfile_version: Option<serde_json::Value>,
}

/// A lockfile nobody can install from.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{} {reason}", lockfile.file_name())]
pub struct BadLockfile {
    lockfile: Lockfile,
    reason: &'static str,
}

impl Explain for BadLockfile {
    fn id(&self) -> &'static str {
        "bad-lockfile"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let (name, command) = (self.lockfile.file_name(), self.lockfile.written_by());
        vec![format!("remove {name}, run `{command}`, and commit what it writes")]
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::Problem;

    use super::*;

    #[test]
    fn the_writer_is_known_from_the_text() {
        for (lockfile, text, format) in [
            (
                Lockfile::Yarn,
                "# yarn lockfile v1\n\nms@^2:\n  version \"2.1.3\"\n",
                Format::YarnClassic,
            ),
            (Lockfile::Yarn, "__metadata:\n  version: 8\n  cacheKey: 10c0\n", Format::YarnBerry(8)),
            (Lockfile::Pnpm, "lockfileVersion: '9.0'\n", Format::Pnpm("9.0".into())),
            (Lockfile::Pnpm, "lockfileVersion: 5.4\n", Format::Pnpm("5.4".into())),
            (
                Lockfile::Pnpm,
                "---\nlockfileVersion: 'env-1.0'\n---\nlockfileVersion: '9.0'\n",
                Format::Pnpm("9.0".into()),
            ),
            (Lockfile::Npm, r#"{"lockfileVersion": 3, "packages": {}}"#, Format::Npm),
        ] {
            assert_eq!(lockfile.format(text), Ok(format), "{text}");
        }
    }

    #[test]
    fn what_is_no_lockfile_is_an_error() {
        for (lockfile, text) in [
            (Lockfile::Npm, "{}"),
            (Lockfile::Npm, "{"),
            (Lockfile::Pnpm, "packages: {}\n"),
            (Lockfile::Yarn, "\n"),
        ] {
            assert!(lockfile.format(text).is_err(), "{text}");
        }
        let problem = Problem::from(Lockfile::Yarn.format("<<<<<<< HEAD\n").unwrap_err());
        assert_snapshot!(problem.page("", kouti_report::Colour::Off), @"
        error[bad-lockfile]: yarn.lock holds an unresolved merge conflict

        hint: remove yarn.lock, run `yarn install`, and commit what it writes
        ");
    }
}
