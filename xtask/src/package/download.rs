//! Artifacts for offline packages of the public profile, each downloaded once and kept.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kouti_catalog::Artifact;
use kouti_fetch::{Fetcher, Options, Proxies, Trust};
use kouti_report::{Colour, Level, Log};
use toml_edit::Table;

use crate::mirror;
use crate::workspace::Workspace;

/// How this machine reaches the internet.
pub(crate) fn network(workspace: &Workspace) -> Result<Options> {
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

/// Where downloads come from and where they are kept.
pub(super) struct Downloads<'a> {
    workspace: &'a Workspace,
    fetcher: Fetcher,
    dir: PathBuf,
}

impl<'a> Downloads<'a> {
    pub(super) fn new(workspace: &'a Workspace) -> Result<Self> {
        let fetcher = Fetcher::new(network(workspace)?);
        Ok(Self { workspace, fetcher, dir: workspace.target().join("downloads") })
    }

    /// The file of a record, verified.
    pub(super) fn file(&self, record: &Table) -> Result<PathBuf> {
        let artifact: Artifact = toml::from_str(&record.to_string())?;
        let checksum = &artifact.checksum;
        if artifact.uri.is_none() {
            let purl =
                artifact.purl.as_deref().context("a record has an address or a package URL")?;
            return mirror::from_registry(self.workspace, purl, &checksum.to_string());
        }
        let path = self.dir.join(checksum.algorithm.name()).join(&checksum.hex);
        if !path.exists() {
            let mut log = Log::to_streams(Level::Info, Colour::Off);
            self.fetcher
                .file(&artifact, &path, false, &mut log)
                .with_context(|| format!("cannot download {}", artifact.title()))?;
        }
        Ok(path)
    }
}
