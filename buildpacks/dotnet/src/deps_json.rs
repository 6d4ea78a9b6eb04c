//! `*.deps.json`: which file of the output comes from which package.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What an app is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DepsJson {
    /// By name.
    pub(crate) libraries: BTreeMap<String, Library>,
}

/// A package or project.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Library {
    pub(crate) version: String,
    pub(crate) kind: Kind,
    /// As NuGet writes it: `sha512-…`, or nothing.
    pub(crate) digest: String,
    /// Names of what it needs.
    pub(crate) needs: Vec<String>,
    /// Paths of its files, as the package has them.
    assets: Vec<Asset>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Kind {
    #[default]
    Package,
    Project,
    /// The runtime itself, in an app that brings it.
    RuntimePack,
}

#[derive(Clone, Debug, PartialEq)]
struct Asset {
    path: String,
    locale: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    runtime_target: Option<RuntimeTarget>,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Target>>,
    #[serde(default)]
    libraries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct RuntimeTarget {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    dependencies: Map<String, Value>,
    runtime: Map<String, Value>,
    native: Map<String, Value>,
    resources: Map<String, Value>,
    runtime_targets: Map<String, Value>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sha512: String,
}

impl DepsJson {
    /// Reads a file; one that cannot be read says nothing, and the host will complain if it needs it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut file: File = serde_json::from_str(text).ok()?;
        let name = file.runtime_target.map(|target| target.name).unwrap_or_default();
        let mut targets =
            file.targets.remove(&name).or_else(|| file.targets.into_values().next())?;
        let library = |(key, entry): (String, Entry)| {
            let target = targets.remove(&key).unwrap_or_default();
            let (name, version) = key.split_once('/')?;
            Some((name.to_owned(), Library::new(version, entry, target)))
        };
        Some(Self { libraries: file.libraries.into_iter().filter_map(library).collect() })
    }

    /// Files below `dir` that come from libraries which `fits` takes, relative to it.
    pub(crate) fn files(&self, dir: &Path, fits: impl Fn(&Library) -> bool) -> Vec<String> {
        let libraries = self.libraries.values().filter(|library| fits(library));
        let assets = libraries.flat_map(|library| &library.assets);
        let mut files: Vec<String> = assets.filter_map(|asset| asset.place(dir)).collect();
        files.sort();
        files.dedup();
        files
    }
}

impl Library {
    fn new(version: &str, entry: Entry, target: Target) -> Self {
        let paths = [target.runtime, target.native, target.resources, target.runtime_targets];
        let assets = paths.into_iter().flatten().filter(|(path, _)| !path.ends_with("_._"));
        Self {
            version: version.to_owned(),
            kind: match entry.kind.as_str() {
                "project" => Kind::Project,
                "runtimepack" => Kind::RuntimePack,
                _ => Kind::Package,
            },
            digest: entry.sha512,
            needs: target.dependencies.into_iter().map(|(name, _)| name).collect(),
            assets: assets
                .map(|(path, about)| Asset {
                    path,
                    locale: about["locale"].as_str().map(str::to_owned),
                })
                .collect(),
        }
    }

    /// Whether NuGet calls it a pre-release: it changes more often than others.
    pub(crate) fn is_prerelease(&self) -> bool {
        self.version.split('+').next().unwrap_or_default().contains('-')
    }
}

impl Asset {
    /// Where the file is in the output: as in the package, in the directory of its language, or at
    /// the top.
    fn place(&self, dir: &Path) -> Option<String> {
        let name = self.path.rsplit('/').next()?;
        let in_locale = self.locale.as_ref().map(|locale| format!("{locale}/{name}"));
        let places = [Some(self.path.clone()), in_locale, Some(name.to_owned())];
        places.into_iter().flatten().find(|place| dir.join(place).is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_package() {
        let deps = DepsJson::parse(
            r#"{ "runtimeTarget": { "name": ".NETCoreApp,Version=v10.0/linux-x64" },
              "targets": { ".NETCoreApp,Version=v10.0": {}, ".NETCoreApp,Version=v10.0/linux-x64": {
                "Shop/1.0.0": { "dependencies": { "Json": "13.0.1" }, "runtime": { "Shop.dll": {} } },
                "Json/13.0.1": {
                  "runtime": { "lib/net6.0/Json.dll": { "assemblyVersion": "13.0.0.0" } },
                  "resources": { "lib/net6.0/de/Json.resources.dll": { "locale": "de" } } },
                "Sql/2.0.0-rc.1": {
                  "runtimeTargets": { "runtimes/unix/native/libsql.so": { "rid": "unix" } },
                  "runtime": { "lib/net6.0/_._": {} } } } },
              "libraries": {
                "Shop/1.0.0": { "type": "project", "serviceable": false, "sha512": "" },
                "Json/13.0.1": { "type": "package", "sha512": "sha512-AAAA" },
                "Sql/2.0.0-rc.1": { "type": "package", "sha512": "" } } }"#,
        )
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        for file in
            ["Shop.dll", "Json.dll", "de/Json.resources.dll", "runtimes/unix/native/libsql.so"]
        {
            let path = dir.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let package = |library: &Library| library.kind == Kind::Package && !library.is_prerelease();
        assert_eq!(deps.files(dir.path(), package), ["Json.dll", "de/Json.resources.dll"]);
        assert_eq!(
            deps.files(dir.path(), Library::is_prerelease),
            ["runtimes/unix/native/libsql.so"]
        );
        assert_eq!(deps.libraries["Shop"].needs, ["Json"]);
        assert_eq!(DepsJson::parse("{"), None);
    }
}
