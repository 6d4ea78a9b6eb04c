//! What reaches the servers of upstreams. Most commands do not, and the first one that anybody runs should not have to
//! wait until an HTTP client, TLS and signatures are compiled.

use std::path::PathBuf;

use anyhow::Result;
use kouti_catalog::Date;

use crate::command::Command;
use crate::workspace::Workspace;

/// Whether this program can.
pub(crate) const IS_THERE: bool = cfg!(feature = "upstream");

/// What Cargo is told to compile one that can.
pub(crate) const PROGRAM: [&str; 4] = ["--package", "xtask", "--features", "upstream"];

/// Arguments of `cargo xtask update`.
#[derive(clap::Args)]
pub(crate) struct Update {
    /// Families to update: dotnet, httpd, java, nginx, nodejs, php, watchexec [default: all]
    #[arg(value_name = "FAMILY")]
    pub(crate) families: Vec<String>,
    /// Look below this address instead of at the upstreams: <URI>/<host>/<path>
    #[arg(long, value_name = "URI")]
    pub(crate) feed: Option<String>,
    /// Trust the PGP keys in this file instead of the pinned ones
    #[arg(long, value_name = "FILE", requires = "feed")]
    pub(crate) keys: Option<PathBuf>,
    /// Advisories, for the CVEs that an update fixes: OSV entries or a CycloneDX VEX document
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) advisories: Vec<PathBuf>,
    /// The day to decide by [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) today: Option<Date>,
}

/// Runs the same command with a program that can.
pub(crate) fn again(workspace: &Workspace) -> Result<()> {
    workspace
        .say("upstream", "compiling what downloads; a minute or two when it is the first time");
    Command::cargo(workspace)
        // Paths among the arguments count from there.
        .dir(&std::env::current_dir()?)
        .args(["run", "--quiet", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .args(PROGRAM)
        .arg("--")
        .args(std::env::args_os().skip(1))
        .become_it()
}

/// How this machine reaches the internet.
#[cfg(feature = "upstream")]
pub(crate) fn network(workspace: &Workspace) -> Result<kouti_fetch::Options> {
    use kouti_fetch::{Options, Proxies, Trust};

    let network = || {
        workspace.network.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str()?)))
    };
    let variable =
        |wanted: &str| network().find_map(|(name, value)| (name == wanted).then_some(value));
    Ok(Options {
        user_agent: format!("kouti/{}", workspace.version),
        proxies: Proxies::parse(network())?,
        trust: Trust::new(variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"), Vec::new()),
        ..Options::default()
    })
}
