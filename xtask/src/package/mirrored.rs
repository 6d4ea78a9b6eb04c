//! `cargo xtask mirror --to`: everything that the buildpacks download, as files that a web server can offer.
//!
//! A file lies below the name of its host, at the path it has there: `BP_DEPENDENCY_MIRROR` finds it with
//! `{originalHost}` in the address of the mirror.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use kouti_report::bytes;
use serde::Serialize;

use super::catalog::text;
use super::{download, filter, sources};
use crate::files;
use crate::workspace::Workspace;

/// What is in the mirror, for those who copy or check it. A part of the interface: keys are only added.
#[derive(Serialize)]
struct Index<'a> {
    version: &'a str,
    artifacts: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<String>,
    uri: String,
    checksum: String,
    size: u64,
    /// Below the directory of the mirror.
    path: String,
}

/// Fills `dir` with what the filters, globs on id@version, choose; with everything if there are none.
pub(crate) fn mirror_to(workspace: &Workspace, dir: &Path, filters: &[String]) -> Result<()> {
    let wanted = filter(filters)?;
    let mut listed: BTreeMap<String, Listed> = BTreeMap::new();
    for catalog in sources(workspace, &[])?.into_iter().filter_map(|source| source.catalog) {
        for record in &catalog.records {
            let part = |key| text(record, key).map(str::to_owned);
            let (id, version) =
                (part("id").unwrap_or_default(), part("version").unwrap_or_default());
            // What comes from a registry of packages has no address of its own, and a mirror of the registry.
            let Some(uri) = part("uri").filter(|_| wanted(&id, &version)) else { continue };
            let path = place(&uri)?;
            let to = dir.join(&path);
            let from = download::file(workspace, record)?;
            let size = fs_err::metadata(&from)?.len();
            if fs_err::metadata(&to).map_or(0, |found| found.len()) != size {
                workspace.say("mirror", format_args!("{path}, {}", bytes(size)));
                put(&from, &to)?;
            }
            let checksum = part("checksum").unwrap_or_default();
            let (os, arch) = (part("os"), part("arch"));
            listed
                .insert(path.clone(), Listed { id, version, os, arch, uri, checksum, size, path });
        }
    }
    let size: u64 = listed.values().map(|artifact| artifact.size).sum();
    let index = Index { version: workspace.version, artifacts: listed.into_values().collect() };
    files::write(&dir.join("artifacts.json"), serde_json::to_string_pretty(&index)? + "\n")?;
    let count = index.artifacts.len();
    workspace
        .say("mirror", format_args!("{count} artifacts, {} in {}", bytes(size), dir.display()));
    Ok(())
}

/// Where a file lies in the mirror: its host, and its path as it is written in the address.
fn place(uri: &str) -> Result<String> {
    let rest = uri.split_once("://").map(|(_, rest)| rest);
    let place = rest.and_then(|rest| rest.split(['?', '#']).next()).unwrap_or_default();
    let is_step = |part: &str| part.is_empty() || part == "." || part == "..";
    ensure!(
        place.contains('/') && !place.split('/').any(is_step),
        "`{uri}` names no file of a host"
    );
    Ok(place.to_owned())
}

/// Gigabytes need not be there twice; another file system gets a copy.
fn put(from: &Path, to: &Path) -> Result<()> {
    let dir = to.parent().context("a file has a directory")?;
    fs_err::create_dir_all(dir)?;
    let new = files::dir_beside(to)?;
    let file = new.path().join("file");
    fs_err::hard_link(from, &file).or_else(|_| fs_err::copy(from, &file).map(|_| ()))?;
    fs_err::rename(file, to)?;
    Ok(())
}
