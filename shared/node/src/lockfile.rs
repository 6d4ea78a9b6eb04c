//! Which lockfiles there are.

use std::path::Path;

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
}
