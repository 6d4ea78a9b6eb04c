//! `obj/project.assets.json`: what NuGet has restored for a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::project::{Project, directories_above, join};
use crate::source_text::stem_of;

/// What was restored.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Assets {
    #[serde(default)]
    pub(crate) libraries: BTreeMap<String, Library>,
    #[serde(default)]
    project: Restored,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Library {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) sha512: String,
    /// Below the folder of packages.
    #[serde(default)]
    path: String,
}

#[derive(Debug, Default, Deserialize)]
struct Restored {
    #[serde(default)]
    frameworks: BTreeMap<String, RestoredFramework>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RestoredFramework {
    download_dependencies: Vec<Download>,
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dependency {
    /// `[13.0.1, )`, or `[13.*, )` where the newest is taken.
    version: String,
}

#[derive(Debug, Deserialize)]
struct Download {
    name: String,
    /// `[10.0.1, 10.0.1]`.
    version: String,
}

impl Assets {
    /// Reads that of a project; nothing if it is not where projects usually have it. `runfiles` is
    /// where the SDK builds single files.
    pub(crate) fn of(app_dir: &Path, runfiles: &Path, project: &Project) -> Option<Self> {
        let places = if project.is_file_app {
            of_run_file(runfiles, stem_of(&project.path))
        } else {
            let own = app_dir.join(project.dir()).join("obj");
            let shared = shared_places(project).map(|place| app_dir.join(place));
            std::iter::once(own).chain(shared).collect()
        };
        let read = |dir: &PathBuf| fs_err::read_to_string(dir.join("project.assets.json")).ok();
        serde_json::from_str(&places.iter().find_map(read)?).ok()
    }

    /// Packages, as name and version.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&str, &str, &Library)> {
        let packages = self.libraries.iter().filter(|(_, library)| library.kind == "package");
        packages.filter_map(|(key, library)| {
            let (name, version) = key.split_once('/')?;
            Some((name, version, library))
        })
    }

    /// Whether another restore of the same source could bring other versions.
    pub(crate) fn floats(&self) -> bool {
        let frameworks = self.project.frameworks.values();
        let mut asked = frameworks.flat_map(|framework| framework.dependencies.values());
        asked.any(|dependency| dependency.version.contains('*'))
    }

    /// Directories below the folder of packages that it needs, in lower case.
    pub(crate) fn directories(&self) -> impl Iterator<Item = String> {
        let packages = self.packages().map(|(_, _, library)| library.path.to_lowercase());
        let downloads = self.project.frameworks.values().flat_map(|framework| {
            framework.download_dependencies.iter().map(|download| {
                let version = download.version.trim_start_matches('[').split([',', ']']).next();
                format!("{}/{}", download.name, version.unwrap_or_default().trim()).to_lowercase()
            })
        });
        packages.chain(downloads)
    }
}

/// Where a project may have its `obj` with `UseArtifactsOutput`, relative to the app: beside the
/// `Directory.Build.props` that says so, wherever that is.
pub(crate) fn shared_places(project: &Project) -> impl Iterator<Item = String> {
    let name = stem_of(&project.path);
    let beside = directories_above(project.dir())
        .map(move |dir| join(dir, &format!("artifacts/obj/{name}")));
    // Said by the project itself, there is no other one to tell it from.
    beside.chain([join(project.dir(), "artifacts/obj")])
}

/// Directories of the builds of `<name>.cs`: the SDK adds a digest of its path.
fn of_run_file(runfiles: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(runfiles).into_iter().flatten().flatten();
    let is_of_file = |dir: &PathBuf| {
        let found = dir.file_name().unwrap_or_default().to_string_lossy();
        found.rsplit_once('-').is_some_and(|(found, _)| found == name)
    };
    entries.map(|entry| entry.path()).filter(is_of_file).map(|dir| dir.join("obj")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_wherever_the_sdk_puts_them() {
        let of = |path: &str, is_file_app: bool, place: &str| {
            let dir = tempfile::tempdir().unwrap();
            let obj = dir.path().join(place);
            fs_err::create_dir_all(&obj).unwrap();
            fs_err::write(obj.join("project.assets.json"), "{}").unwrap();
            let project = Project { path: path.to_owned(), is_file_app, ..Project::default() };
            Assets::of(dir.path(), &dir.path().join("runfile"), &project).is_some()
        };
        assert!(of("src/Shop/Shop.csproj", false, "src/Shop/obj"));
        assert!(of("src/Shop/Shop.csproj", false, "artifacts/obj/Shop"));
        assert!(of("src/Shop/Shop.csproj", false, "src/artifacts/obj/Shop"));
        assert!(of("src/Shop/Shop.csproj", false, "src/Shop/artifacts/obj"));
        assert!(!of("src/Shop/Shop.csproj", false, "artifacts/obj/Other"));
        assert!(of("tools/my-tool.cs", true, "runfile/my-tool-0a1b2c/obj"));
        assert!(!of("tools/tool.cs", true, "runfile/my-tool-0a1b2c/obj"));
    }

    #[test]
    fn versions_that_float_are_told() {
        let asks = |version: &str| {
            let text = format!(
                r#"{{ "project": {{ "frameworks": {{ "net10.0": {{
                    "dependencies": {{ "Json": {{ "target": "Package", "version": "{version}" }} }} }} }} }} }}"#
            );
            serde_json::from_str::<Assets>(&text).unwrap().floats()
        };
        assert!(asks("[13.*, )"));
        assert!(!asks("[13.0.1, )"));
        assert!(!Assets::default().floats());
    }
}
