//! `target/mirror/local-profile.lock`: what the archives were made from, and the catalogue written from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::workspace::Workspace;

/// Keys of records that only this catalogue has.
const EXTRA_KEYS: &[&str] = &["contains", "debian-version", "upstream-version"];

/// All archives that were made and are still wanted, by name.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    #[serde(default)]
    archives: Vec<Locked>,
}

/// One archive.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Locked {
    pub(super) name: String,
    /// Digest of what the repository says about it.
    pub(super) pin: String,
    /// Digest of `inputs`.
    pub(super) key: String,
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) inputs: Vec<Input>,
    /// Package URLs of what is in it.
    pub(super) contains: Vec<String>,
    /// Its record in the catalogue.
    pub(super) record: toml::Table,
}

/// One file, or program, that an archive was made from.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) version: String,
    /// The registry's digest, `sha512:…`; of a program its version.
    pub(super) digest: String,
}

impl Lock {
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let path = path(workspace);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs_err::read_to_string(&path)?;
        // One that another version of this program wrote is worth no error: everything in it can be made again.
        Ok(toml::from_str(&text).unwrap_or_default())
    }

    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
        files::write(&path(workspace), toml::to_string(self)?)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Locked> {
        self.archives.iter().find(|found| found.name == name)
    }

    pub(super) fn put(&mut self, locked: Locked) {
        self.archives.retain(|other| other.name != locked.name);
        self.archives.push(locked);
        self.archives.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Forgets what is not pinned any more; whether there was something.
    pub(super) fn keep(&mut self, known: &BTreeSet<String>) -> bool {
        let before = self.archives.len();
        self.archives.retain(|found| known.contains(&found.name));
        self.archives.len() < before
    }

    /// Deletes files that no archive here names.
    pub(super) fn sweep(&self, archives: &Path) -> Result<()> {
        let known: BTreeSet<&str> = self.archives.iter().map(|found| found.file.as_str()).collect();
        for file in fs_err::read_dir(archives)? {
            let file = file?;
            if !known.contains(file.file_name().to_string_lossy().as_ref()) {
                fs_err::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    /// The catalogue of all archives.
    pub(super) fn catalog(&self, default_versions: &toml::Table) -> Result<String> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Catalog<'a> {
            extra_keys: &'static [&'static str],
            default_versions: &'a toml::Table,
            dependencies: Vec<&'a toml::Table>,
        }
        let dependencies = self.archives.iter().map(|found| &found.record).collect();
        let catalog =
            toml::to_string(&Catalog { extra_keys: EXTRA_KEYS, default_versions, dependencies })?;
        Ok(format!("# Written by `cargo xtask mirror` from local-profile.lock.\n\n{catalog}"))
    }
}

impl Locked {
    pub(super) fn is_there(&self, archives: &Path) -> bool {
        fs_err::metadata(archives.join(&self.file)).is_ok_and(|found| found.len() == self.size)
    }
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.mirror().join("local-profile.lock")
}
