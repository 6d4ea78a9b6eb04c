//! Why no package manager can be chosen.

use std::path::PathBuf;

use kouti::version::{BadRange, Version};
use kouti::{Explain, Fault};

/// See the variants.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// Bun.
    #[error("{origin} asks for Bun, which this buildpack does not have")]
    Bun {
        /// Where it is asked for.
        origin: String,
    },
    /// A name that nobody knows.
    #[error("{origin} names the package manager `{name}`, which does not exist here")]
    Unknown {
        /// The name.
        name: String,
        /// Where it is asked for.
        origin: String,
    },
    /// `packageManager` names no version.
    #[error("package.json says `\"packageManager\": \"{text}\"`, which does not name one version")]
    BadPin {
        /// As it is written.
        text: String,
    },
    /// `packageManager` names an address.
    #[error(
        "package.json says `\"packageManager\": \"{text}\"`, and package managers come from the \
         registry or from the app, not from an address"
    )]
    PinAddress {
        /// As it is written.
        text: String,
    },
    /// `yarnPath` leads nowhere.
    #[error(".yarnrc.yml says `yarnPath: {}`, and there is no such file", path.display())]
    YarnPath {
        /// Relative to the root.
        path: PathBuf,
    },
    /// Lockfiles of several package managers.
    #[error("lockfiles of different package managers lie side by side: {}", lockfiles.join(", "))]
    Conflict {
        /// Their names.
        lockfiles: Vec<&'static str>,
    },
    /// A format of a lockfile that nobody knows.
    #[error("pnpm-lock.yaml has the `lockfileVersion` {format}, which is not known here")]
    UnknownFormat {
        /// As it is written.
        format: String,
    },
    /// No version of it runs on the Node.js that was chosen.
    #[error("{title} (asked for in {origin}) does not run on Node.js {node}")]
    NeedsOtherNode {
        /// `pnpm 11.28.11`.
        title: String,
        /// What it needs.
        range: String,
        /// What was chosen.
        node: Version,
        /// Where the version of the package manager was asked for.
        origin: String,
    },
    /// Yarn 2 and later install nothing without one.
    #[error("Yarn 2 and later cannot install without yarn.lock, and there is none")]
    NoBerryLockfile,
    /// A range that nobody can read.
    #[error(transparent)]
    Range(#[from] BadRange),
}

impl Explain for SelectionError {
    fn id(&self) -> &'static str {
        match self {
            Self::Bun { .. } => "bun-not-supported",
            Self::Unknown { .. } => "unknown-package-manager",
            Self::BadPin { .. } | Self::PinAddress { .. } => "bad-package-manager",
            Self::YarnPath { .. } => "yarn-path-missing",
            Self::Conflict { .. } => "conflicting-lockfiles",
            Self::UnknownFormat { .. } => "unknown-lockfile-version",
            Self::NeedsOtherNode { .. } => "package-manager-needs-other-node",
            Self::NoBerryLockfile => "lockfile-missing",
            Self::Range(error) => error.id(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let text = |text: &str| vec![text.to_owned()];
        match self {
            Self::Bun { .. } => text(
                "commit a lockfile of npm, Yarn or pnpm instead, or set BP_NODE_PACKAGE_MANAGER=npm",
            ),
            Self::Unknown { .. } => {
                text("it is one of npm, yarn and pnpm, with a range if you like: `pnpm@10`")
            }
            Self::BadPin { .. } => {
                text("write a name and an exact version, such as `pnpm@10.34.9` or `yarn@4.18.1`")
            }
            Self::PinAddress { .. } => vec![
                "write a name and an exact version, such as `yarn@4.18.1`".to_owned(),
                "a Yarn of your own can be committed: name its file in `yarnPath` of .yarnrc.yml"
                    .to_owned(),
            ],
            Self::YarnPath { .. } => vec![
                "commit the file: .gitignore or the filter of an upload usually leaves it out"
                    .to_owned(),
                "or remove `yarnPath` and name the version in `packageManager`".to_owned(),
            ],
            Self::Conflict { lockfiles } => vec![
                format!(
                    "keep the one that you install with, and delete the others: {}",
                    deletions(lockfiles)
                ),
                "or name your package manager in package.json, such as \
                 `\"packageManager\": \"pnpm@10.34.9\"`"
                    .to_owned(),
            ],
            Self::UnknownFormat { .. } => vec![
                "known are 5.0 to 5.4, 6.0, 6.1 and 9.0, as pnpm 6 to 12 write them".to_owned(),
                "if your pnpm is newer, name its version in `packageManager`".to_owned(),
            ],
            Self::NeedsOtherNode { range, origin, .. } => vec![
                format!("it needs Node.js `{range}`: set BP_NODE_VERSION or `engines.node`"),
                format!("or ask for an older one in {origin}"),
            ],
            Self::NoBerryLockfile => text("run `yarn install` and commit yarn.lock"),
            Self::Range(error) => error.hints(),
        }
    }
}

/// `rm yarn.lock` or …
fn deletions(lockfiles: &[&str]) -> String {
    let keep = |kept: &str| {
        let others: Vec<_> = lockfiles.iter().copied().filter(|file| *file != kept).collect();
        format!("`rm {}` to keep {kept}", others.join(" "))
    };
    lockfiles.iter().map(|file| keep(file)).collect::<Vec<_>>().join(", ")
}
