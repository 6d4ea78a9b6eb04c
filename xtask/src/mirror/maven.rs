//! Artifacts of a Maven repository, fetched by Maven itself and so from wherever Maven is configured to.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::Sources;
use super::lock::Input;
use crate::command::Command;
use crate::{files, host, stamp};

/// Pinned, as what Maven would choose changes with its version.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/// One file.
pub(super) struct Artifact<'a> {
    /// `group:artifact`
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// `tar.gz:bin`: extension and, if there is one, classifier.
    pub(super) form: &'a str,
    /// `sha256:…`
    pub(super) checksum: &'a str,
}

impl Artifact<'_> {
    pub(super) fn input(&self) -> Input {
        Input {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            digest: self.checksum.to_owned(),
        }
    }

    /// The file, from the cache if it was fetched before.
    pub(super) fn fetch(&self, sources: &Sources) -> Result<PathBuf> {
        let (_, hex) =
            self.checksum.split_once("sha256:").context("Maven artifacts are pinned by sha256")?;
        let cached = sources.cache.join("maven").join(hex);
        // Two Mavens must not write to the same local repository.
        let _turn = super::locked(&sources.maven);
        if cached.exists() {
            return Ok(cached);
        }
        host::need(sources.workspace, &[("mvn", &["maven"])])?;
        let coordinates = format!("{}:{}:{}", self.name, self.version, self.form);
        let dir = files::dir_beside(&cached)?;
        Command::new("mvn")
            .args(["--batch-mode", "--quiet", COPY])
            .arg(format!("-Dartifact={coordinates}"))
            .arg(format!("-DoutputDirectory={}", dir.path().display()))
            .dir(dir.path())
            .output()?;
        let fetched = fs_err::read_dir(dir.path())?.next().context("Maven wrote no file")??.path();
        let found = stamp::sha256(&fetched)?;
        if found != hex {
            bail!(
                "{coordinates} has the checksum sha256:{found}, local-profile.toml expects {}",
                self.checksum
            );
        }
        fs_err::rename(&fetched, &cached)?;
        Ok(cached)
    }
}
