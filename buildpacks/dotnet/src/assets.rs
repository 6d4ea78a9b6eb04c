//! `obj/project.assets.json`: what NuGet has restored for a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::project::Project;
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
    /// Reads that of a project; nothing if it is not where projects usually have it.
    pub(crate) fn of(app_dir: &Path, project: &Project) -> Option<Self> {
        let own = app_dir.join(project.dir()).join("obj");
        let shared = app_dir.join("artifacts/obj").join(stem_of(&project.path));
        let read = |dir: PathBuf| fs_err::read_to_string(dir.join("project.assets.json")).ok();
        serde_json::from_str(&read(own).or_else(|| read(shared))?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

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
