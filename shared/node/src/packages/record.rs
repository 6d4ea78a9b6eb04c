//! `node_modules/.package-lock.json`, in which npm records what it installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Package, Packages, licenses};

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    packages: BTreeMap<String, Entry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own in npm's file")]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    license: Option<Value>,
    dev: bool,
    optional: bool,
    link: bool,
    has_install_script: bool,
    dependencies: BTreeMap<String, Value>,
    optional_dependencies: BTreeMap<String, Value>,
    peer_dependencies: BTreeMap<String, Value>,
}

impl Packages {
    /// Reads the record below `root`; nothing if npm left none.
    #[must_use]
    pub fn recorded(root: &Path) -> Option<Self> {
        let path = root.join("node_modules/.package-lock.json");
        Self::from_record(&fs_err::read_to_string(path).ok()?)
    }

    /// Reads `package-lock.json` of `root`; nothing if there is none, or one of an npm before 7.
    #[must_use]
    pub fn locked(root: &Path) -> Option<Self> {
        let text = fs_err::read_to_string(root.join("package-lock.json")).ok()?;
        let mut packages = Self::from_record(&text)?;
        // The app itself, and its workspaces, are none of its packages.
        packages.packages.retain(|path, _| path.contains("node_modules/"));
        (!packages.packages.is_empty()).then_some(packages)
    }

    /// The packages with a script that runs on install, as npm has recorded them below `root`.
    pub(crate) fn with_install_scripts(root: &Path) -> Vec<String> {
        let path = root.join("node_modules/.package-lock.json");
        let text = fs_err::read_to_string(path).unwrap_or_default();
        let Ok(record) = serde_json::from_str::<Record>(&text) else { return Vec::new() };
        let entries = record.packages.into_iter().filter(|(_, entry)| entry.has_install_script);
        let packages = entries.map(|(path, entry)| entry.package(&path));
        packages.map(|package| format!("{}@{}", package.name, package.version)).collect()
    }

    pub(super) fn from_record(text: &str) -> Option<Self> {
        let mut entries = serde_json::from_str::<Record>(text).ok()?.packages;
        entries.retain(|_, entry| !entry.link);
        let find = |path: &str, name: &str| {
            resolve(path, name, |candidate| {
                entries.contains_key(candidate).then(|| candidate.to_owned())
            })
        };
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, entry) in &entries {
            let found = entry.needs().filter_map(|name| find(path, name)).collect();
            needs.insert(path.clone(), found);
        }
        let packages = entries.into_iter().map(|(path, entry)| {
            let package = entry.package(&path);
            (path, package)
        });
        Some(Self { packages: packages.collect(), needs })
    }
}

impl Entry {
    fn needs(&self) -> impl Iterator<Item = &str> {
        [&self.dependencies, &self.optional_dependencies, &self.peer_dependencies]
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
    }

    fn package(self, path: &str) -> Package {
        // An alias is installed under another name than its own.
        let installed_as = path.rsplit_once("node_modules/").map_or(path, |(_, name)| name);
        Package {
            name: self.name.unwrap_or_else(|| installed_as.to_owned()),
            version: self.version.unwrap_or_default(),
            resolved: self.resolved,
            integrity: self.integrity,
            licenses: licenses(self.license.as_ref()),
            dev: self.dev,
            optional: self.optional,
        }
    }
}

/// The package that `require(name)` finds from a package at `path`: the nearest one on the
/// way up.
pub(super) fn resolve(
    path: &str,
    name: &str,
    find: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut from = path;
    loop {
        let candidate = if from.is_empty() {
            format!("node_modules/{name}")
        } else {
            format!("{from}/node_modules/{name}")
        };
        if let Some(found) = find(&candidate) {
            return Some(found);
        }
        if from.is_empty() {
            return None;
        }
        from = from.rfind("/node_modules/").map_or("", |at| &from[..at]);
    }
}
