//! The two profiles: same buildpacks, different base images and sources of runtimes.

use std::fmt;

use clap::ValueEnum;

/// What a user asks for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Choice {
    /// Public if its run image can be had, else local
    #[default]
    Auto,
    /// Public base images, upstream downloads
    Public,
    /// Base images and runtimes made on this machine
    Local,
}

/// What a command works with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Profile {
    Public,
    Local,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Local => "local",
        })
    }
}
