//! `cargo xtask dev`: detect and build of an app on this host, without Docker.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Directory of the app
    app: PathBuf,
    /// Build-time environment variable of the app, may be repeated
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Start the app afterwards
    #[arg(long)]
    run: bool,
}

pub(crate) fn run(_workspace: &Workspace, args: &Args) -> Result<()> {
    bail!("not built yet: {} {:?} {}", args.app.display(), args.env, args.run)
}
