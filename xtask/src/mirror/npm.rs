//! Packages of an npm registry, fetched by npm itself and so from wherever npm is configured to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::Sha512;

use super::Sources;
use super::lock::Input;
use crate::command::Command;
use crate::{files, host, stamp};

/// One package, pinned by the digest that the registry publishes for it.
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// `sha512:…`
    pub(super) checksum: &'a str,
}

impl Package<'_> {
    pub(super) fn input(&self) -> Input {
        Input {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            digest: self.checksum.to_owned(),
        }
    }

    /// The package's file, from the cache if it was fetched before.
    pub(super) fn fetch(&self, sources: &Sources) -> Result<PathBuf> {
        let (_, hex) =
            self.checksum.split_once("sha512:").context("npm packages are pinned by sha512")?;
        let cached = sources.cache.join("npm").join(format!("{hex}.tgz"));
        if cached.exists() {
            return Ok(cached);
        }
        host::need(sources.workspace, &[("npm", &["npm"])])?;
        let spec = format!("{}@{}", self.name, self.version);
        // Elsewhere a `package.json` or `.npmrc` in the current directory would take part.
        let dir = files::dir_beside(&cached)?;
        let output = Command::new("npm")
            .args(["pack", "--silent", "--ignore-scripts", "--pack-destination"])
            .arg(dir.path())
            .arg(&spec)
            .dir(dir.path())
            .output()?;
        let fetched = dir.path().join(output.lines().last().unwrap_or_default().trim());
        let found = stamp::digest::<Sha512>(&fetched)?;
        if found != hex {
            bail!(
                "{spec} has the checksum sha512:{found}, local-profile.toml expects {}",
                self.checksum
            );
        }
        fs_err::rename(&fetched, &cached)?;
        Ok(cached)
    }

    /// Unpacks the package's content into `dir`.
    pub(super) fn unpack(&self, sources: &Sources, dir: &Path) -> Result<()> {
        fs_err::create_dir_all(dir)?;
        Command::new("tar")
            .args(["-xzf"])
            .arg(self.fetch(sources)?)
            .args(["--no-same-owner", "--strip-components=1", "-C"])
            .arg(dir)
            .output()?;
        Ok(())
    }
}
