//! The packages of an app without `node_modules`: what `.pnp.cjs` knows, and the archives it
//! points at.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::Value;
use zip::ZipArchive;

use super::{Package, Packages, walk};
use crate::project::Project;

impl Packages {
    /// Reads `.pnp.cjs` in the root; nothing if there is none or it is in a form of its own.
    pub(crate) fn plug_and_play(project: &Project) -> io::Result<Self> {
        let separate = project.root.join(".pnp.data.json");
        let data = if separate.is_file() {
            serde_json::from_slice(&fs_err::read(separate)?).ok()
        } else {
            let path = project.root.join(".pnp.cjs");
            if !path.is_file() {
                return Ok(Self::default());
            }
            state(&fs_err::read_to_string(path)?)
        };
        Ok(data.map(|data| from_state(project, &data)).unwrap_or_default())
    }
}

/// The text of JSON inside, which is a string of JavaScript over many lines.
fn state(script: &str) -> Option<Value> {
    let (_, rest) = script.split_once("RAW_RUNTIME_STATE =")?;
    let (_, rest) = rest.split_once('\'')?;
    let (text, _) = rest.split_once("';")?;
    let text = text.replace("\\\n", "").replace("\\'", "'").replace("\\\\", "\\");
    serde_json::from_str(&text).ok()
}

fn from_state(project: &Project, data: &Value) -> Packages {
    let mut packages = BTreeMap::new();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut roots = Vec::new();
    for (name, reference, info) in entries(data) {
        let needed: BTreeSet<String> = pairs(&info["packageDependencies"])
            .filter_map(|(wanted, found)| id(wanted, found))
            .collect();
        let location = info["packageLocation"].as_str().unwrap_or_default();
        if info["linkType"] == "SOFT" {
            // A package of the app itself.
            roots.extend(production(project, location, info));
            continue;
        }
        let Some(id) = id(name, reference) else { continue };
        let package = package(&project.root, name, location).unwrap_or_else(|| Package {
            name: name.as_str().unwrap_or_default().to_owned(),
            version: version(reference.as_str().unwrap_or_default()).to_owned(),
            ..Package::default()
        });
        packages.insert(id.clone(), package);
        needs.entry(id).or_default().extend(needed);
    }
    let mut packages = Packages { packages, needs };
    packages.mark_development(roots);
    packages
}

/// Name, reference and properties of every package.
fn entries(data: &Value) -> impl Iterator<Item = (&Value, &Value, &Value)> {
    pairs(&data["packageRegistryData"])
        .flat_map(|(name, versions)| pairs(versions).map(move |(r, info)| (name, r, info)))
}

/// The pairs of a list of pairs.
fn pairs(list: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|pair| Some((pair.get(0)?, pair.get(1)?)))
}

/// What the package of the app at `location` needs when it runs.
fn production(project: &Project, location: &str, info: &Value) -> Vec<String> {
    let dir = project.root.join(location.trim_start_matches("./"));
    let Ok(text) = fs_err::read_to_string(dir.join("package.json")) else { return Vec::new() };
    let Ok(manifest) = serde_json::from_str::<Value>(&text) else { return Vec::new() };
    let (_, names) = walk::read(&manifest, "");
    let all = pairs(&info["packageDependencies"]);
    let wanted = all.filter(|(name, _)| names.iter().any(|wanted| *name == wanted));
    wanted.filter_map(|(name, reference)| id(name, reference)).collect()
}

/// `ms@2.1.3`: what is several times in `.pnp.cjs` because of its peers is one package.
fn id(name: &Value, reference: &Value) -> Option<String> {
    // Of an alias, the reference is a pair of real name and reference.
    let (name, reference) = match reference {
        Value::Array(pair) => (pair.first()?, pair.get(1)?),
        reference => (name, reference),
    };
    Some(format!("{}@{}", name.as_str()?, version(reference.as_str()?)))
}

/// `2.1.3` of `virtual:0123#npm:2.1.3`.
fn version(reference: &str) -> &str {
    reference.rsplit_once("npm:").map_or(reference, |(_, version)| version)
}

/// Reads `package.json` where it lies, which is in an archive nearly always.
fn package(root: &Path, name: &Value, location: &str) -> Option<Package> {
    // A virtual path stands for `.yarn/` and what comes behind the number.
    let location = location.trim_start_matches("./").trim_end_matches('/');
    let location = match location.split_once("__virtual__/") {
        Some((yarn, rest)) => format!("{yarn}{}", rest.splitn(3, '/').nth(2)?),
        None => location.to_owned(),
    };
    let text = match location.split_once(".zip/") {
        Some((archive, inner)) => {
            let file = fs_err::File::open(root.join(format!("{archive}.zip"))).ok()?;
            let mut archive = ZipArchive::new(file).ok()?;
            let mut text = String::new();
            let mut entry = archive.by_name(&format!("{inner}/package.json")).ok()?;
            entry.read_to_string(&mut text).ok()?;
            text
        }
        None => fs_err::read_to_string(root.join(&location).join("package.json")).ok()?,
    };
    let manifest = serde_json::from_str(&text).ok()?;
    Some(walk::read(&manifest, name.as_str()?).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_a_string_over_many_lines() {
        let script = "const RAW_RUNTIME_STATE =\n'{\\\n  \"packageRegistryData\": [\\\n    [\"it\\'s\", [\\\n      \
                      [\"virtual:0#npm:2.1.3\", {\"packageLocation\": \"./x/\"}]\\\n    ]]\\\n  ]\\\n}';\n";
        let data = state(script).unwrap();
        let ids: Vec<_> = entries(&data).filter_map(|(name, r, _)| id(name, r)).collect();
        assert_eq!(ids, ["it's@2.1.3"]);
    }
}
