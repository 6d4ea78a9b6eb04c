//! Artifacts for offline packages of the public profile, each downloaded once and kept.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kouti_catalog::Artifact;
use toml_edit::Table;

use crate::mirror;
use crate::workspace::Workspace;

/// The file of a record, verified.
pub(super) fn file(workspace: &Workspace, record: &Table) -> Result<PathBuf> {
    let artifact: Artifact = toml::from_str(&record.to_string())?;
    let checksum = &artifact.checksum;
    if artifact.uri.is_none() {
        let purl = artifact.purl.as_deref().context("a record has an address or a package URL")?;
        return mirror::from_registry(workspace, purl, &checksum.to_string());
    }
    let dir = workspace.target().join("downloads");
    let path = dir.join(checksum.algorithm.name()).join(&checksum.hex);
    if !path.exists() {
        download(workspace, &artifact, &path)
            .with_context(|| format!("cannot download {}", artifact.title()))?;
    }
    Ok(path)
}

#[cfg(feature = "upstream")]
fn download(workspace: &Workspace, artifact: &Artifact, to: &Path) -> Result<()> {
    use kouti_report::{Colour, Level, Log};

    let fetcher = kouti_fetch::Fetcher::new(crate::upstream::network(workspace)?);
    fetcher.file(artifact, to, false, &mut Log::to_streams(Level::Info, Colour::Off))?;
    Ok(())
}

/// Stands in where nothing is compiled to download with.
#[cfg(not(feature = "upstream"))]
fn download(_: &Workspace, _: &Artifact, _: &Path) -> Result<()> {
    anyhow::bail!("this program cannot download")
}
