//! Programs that their authors publish as crates, compiled here by Cargo.
//!
//! Quickly and not well: nobody gains from an optimised program that waits for files to change.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use sha2::Sha256;

use super::lock::Input;
use super::pins::{self, Pins};
use super::{Made, Recipe, Resolved, Sources, public};
use crate::command::Command;
use crate::stamp;
use crate::workspace::Workspace;

pub(super) const IDS: &[&str] = &["watchexec"];

/// What keeps `cargo install` short: a fifth of the time that the crate's own profile takes.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
];

pub(super) fn recipes(workspace: &Workspace, pins: &Pins) -> Result<Vec<Box<dyn Recipe>>> {
    let recipe = |pin: &pins::Crate| -> Result<Box<dyn Recipe>> {
        let catalog = workspace.root.join("buildpacks").join(&pin.id).join("catalog.toml");
        let record = public::record(&catalog, &pin.id, &pin.version)?;
        Ok(Box::new(Program { pin: pin.clone(), record }))
    };
    pins.krate.iter().map(recipe).collect()
}

struct Program {
    pin: pins::Crate,
    record: toml::Table,
}

impl Program {
    /// The crate's file, once Cargo has fetched it.
    fn fetched(&self, workspace: &Workspace) -> Result<PathBuf> {
        let name = format!("{}-{}.crate", self.pin.package, self.pin.version);
        for registry in fs_err::read_dir(workspace.cargo_home.join("registry/cache"))? {
            let file = registry?.path().join(&name);
            if file.is_file() {
                return Ok(file);
            }
        }
        bail!("Cargo keeps no {name}")
    }
}

impl Recipe for Program {
    fn name(&self) -> String {
        format!("{}-{}", self.pin.id, self.pin.version)
    }

    fn pin(&self) -> String {
        format!("{:?} {}", self.pin, self.record)
    }

    fn resolve(&self, _: &Sources) -> Result<Resolved> {
        let mut record = self.record.clone();
        record.insert("strip-components".into(), 0.into());
        Ok(Resolved {
            file: format!("{}-linux-amd64.tar.gz", self.name()),
            record,
            inputs: vec![Input {
                name: self.pin.package.clone(),
                version: self.pin.version.clone(),
                digest: self.pin.checksum.clone(),
            }],
            debs: Vec::new(),
        })
    }

    fn make(&self, sources: &Sources, _: &Resolved, work: &std::path::Path) -> Result<Made> {
        let (installed, tree) = (work.join("installed"), work.join("tree"));
        let spec = format!("{}@{}", self.pin.package, self.pin.version);
        let mut cargo = Command::cargo(sources.workspace).args(["install", &spec, "--locked"]);
        for (name, value) in PROFILE {
            cargo = cargo.env(name, value);
        }
        cargo
            // Wherever the programs of this workspace are compiled for, this one is for here.
            .env("CARGO_ENCODED_RUSTFLAGS", "")
            .arg("--root")
            .arg(&installed)
            .arg("--target-dir")
            .arg(work.join("target"))
            .quiet(sources.workspace, &format!("mirror-{}", self.pin.id))
            .with_context(|| format!("cannot compile {spec}"))?;
        let digest =
            format!("sha256:{}", stamp::digest::<Sha256>(&self.fetched(sources.workspace)?)?);
        if digest != self.pin.checksum {
            let expected = &self.pin.checksum;
            bail!("{spec} has the checksum {digest}, local-profile.toml expects {expected}");
        }
        fs_err::create_dir(&tree)?;
        fs_err::rename(installed.join("bin").join(&self.pin.id), tree.join(&self.pin.id))?;
        Ok(Made::Tree { dir: tree, contains: Vec::new() })
    }
}
