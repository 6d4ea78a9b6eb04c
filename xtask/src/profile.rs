//! The two profiles: same buildpacks, different base images and sources of runtimes.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::builder::Descriptor;
use crate::command::Command;
use crate::docker;
use crate::workspace::Workspace;

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
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Profile {
    /// Public base images, upstream downloads
    Public,
    /// Base images and runtimes made on this machine
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

/// Decides between the profiles; `auto` says which and why.
pub(crate) fn choose(workspace: &Workspace, choice: Choice) -> Result<Profile> {
    match choice {
        Choice::Public => Ok(Profile::Public),
        Choice::Local => Ok(Profile::Local),
        Choice::Auto => {
            let descriptor = Descriptor::read(&workspace.root)?;
            let (profile, reason) = reachable(descriptor.run_image());
            workspace.say("profile", format_args!("{profile}: {reason}"));
            Ok(profile)
        }
    }
}

fn reachable(image: &str) -> (Profile, String) {
    if docker::image_id(image).is_some() {
        return (Profile::Public, format!("{image} is here"));
    }
    let ask =
        Command::new("docker").args(["manifest", "inspect", image]).within(Duration::from_secs(10));
    match ask.output() {
        Ok(_) => (Profile::Public, format!("{image} can be had")),
        Err(_) => (Profile::Local, format!("{image} cannot be had here")),
    }
}
