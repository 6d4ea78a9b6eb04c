//! `cargo xtask package`: buildpack directories and `.cnb` files.

use anyhow::{Result, bail};

use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_workspace: &Workspace, _args: &Args) -> Result<()> {
    bail!("not built yet")
}
