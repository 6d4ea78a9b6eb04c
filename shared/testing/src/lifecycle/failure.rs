//! Why the lifecycle stops.

use std::io;
use std::path::PathBuf;

/// Why a phase did not succeed; says the same as the real lifecycle, in fewer words.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A `buildpack.toml` cannot be read.
    #[error("{}: {reason}", file.display())]
    Descriptor {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Every group had a required buildpack that said no, or a plan that does not hold.
    #[error("no buildpack group passed detection\n{0}")]
    NothingDetected(String),
    /// As before, but at least one buildpack failed instead of saying no.
    #[error("no buildpack group passed detection, and at least one buildpack failed\n{0}")]
    DetectFailed(String),
    /// A buildpack's build program failed.
    #[error("{buildpack} failed to build: {status}")]
    BuildFailed {
        /// Id of the buildpack.
        buildpack: String,
        /// How it ended: `exit status: 1`.
        status: String,
    },
    /// What a buildpack left behind breaks a rule.
    #[error("{buildpack}: {reason}")]
    BadOutput {
        /// Id of the buildpack.
        buildpack: String,
        /// The rule.
        reason: String,
    },
    /// The image cannot be made.
    #[error("export: {0}")]
    Export(String),
    /// The process cannot be started.
    #[error("launch: {0}")]
    Launch(String),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    /// Exit code of the real lifecycle.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::NothingDetected(_) => 20,
            Self::DetectFailed(_) => 21,
            Self::BuildFailed { .. } => 51,
            Self::BadOutput { .. } => 52,
            Self::Export(_) => 62,
            Self::Launch(_) => 82,
            Self::Descriptor { .. } | Self::Io(_) => 1,
        }
    }
}
