//! What a build by the miniature lifecycle and one by the real lifecycle must have in common.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lifecycle::{Build, Detected, Process, Require, Types, escaped};
use crate::tree::{self, Kind};

/// The comparable part of a build; paths are as they were there, see [`Summary::map_text`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// Ids of the buildpacks that took part, in order.
    pub buildpacks: Vec<String>,
    /// What each requirer of a plan entry said, by `<name> of <providers>`; an image does not hold it.
    pub plan: Option<BTreeMap<String, Vec<Value>>>,
    /// Launch layers by `<buildpack>:<layer>`.
    pub layers: BTreeMap<String, LayerSummary>,
    /// Content of `store.toml` by buildpack.
    pub stores: BTreeMap<String, Value>,
    /// Processes, by type.
    pub processes: Vec<Process>,
    /// Type of the process that starts by default; empty if there is none.
    pub default_process: String,
    /// Labels that buildpacks set.
    pub labels: BTreeMap<String, String>,
    /// Number of layers the app directory is divided into.
    pub slices: usize,
}

/// The comparable part of a layer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LayerSummary {
    /// When it is needed.
    #[serde(flatten)]
    pub types: Types,
    /// Its metadata.
    pub metadata: Value,
    /// Its environment files and what they hold; labels alone do not tell.
    pub env: Option<BTreeMap<String, String>>,
}

/// The labels of an image do not read as those of an app image.
#[derive(Debug, thiserror::Error)]
pub enum BadLabels {
    /// A label that every app image has is missing.
    #[error("the image has no label `{0}`")]
    Missing(&'static str),
    /// A label holds something else than expected.
    #[error("label `{0}`: {1}")]
    Unreadable(&'static str, serde_json::Error),
}

const BUILD_LABEL: &str = "io.buildpacks.build.metadata";
const LIFECYCLE_LABEL: &str = "io.buildpacks.lifecycle.metadata";

/// What we read of [`BUILD_LABEL`].
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct BuildLabel {
    buildpacks: Vec<BuildpackOfLabel>,
    #[serde(default)]
    processes: Option<Vec<Process>>,
    buildpack_default_process_type: Option<String>,
}

#[derive(Deserialize)]
struct BuildpackOfLabel {
    id: String,
}

/// What we read of [`LIFECYCLE_LABEL`].
#[derive(Deserialize)]
struct LifecycleLabel {
    app: Vec<Value>,
    buildpacks: Vec<LayersOfLabel>,
}

#[derive(Deserialize)]
struct LayersOfLabel {
    key: String,
    #[serde(default)]
    layers: BTreeMap<String, LayerOfLabel>,
    store: Option<StoreOfLabel>,
}

#[derive(Deserialize)]
struct LayerOfLabel {
    #[serde(flatten)]
    types: Types,
    data: Value,
}

#[derive(Deserialize)]
struct StoreOfLabel {
    metadata: Value,
}

/// A `plan.toml` as the real detector writes it.
#[derive(Deserialize)]
struct PlanFile {
    #[serde(default)]
    entries: Vec<PlanFileEntry>,
}

#[derive(Deserialize)]
struct PlanFileEntry {
    providers: Vec<BuildpackOfLabel>,
    requires: Vec<Require>,
}

impl Summary {
    /// The summary of a build by the miniature lifecycle.
    pub fn of(detected: &Detected, build: &Build) -> io::Result<Self> {
        let mut layers = BTreeMap::new();
        for layer in build.layers.iter().filter(|layer| layer.types.launch) {
            let summary = LayerSummary {
                types: layer.types,
                metadata: layer.metadata_json(),
                env: Some(env_files(&layer.dir)?),
            };
            layers.insert(format!("{}:{}", layer.buildpack, layer.name), summary);
        }
        let image = &build.image;
        let store = |store: &Value| store.clone();
        let plan = detected.plan.entries.iter();
        let plan = plan.map(|entry| plan_entry(&entry.providers, &entry.requires));
        Ok(Self {
            buildpacks: image.buildpacks.iter().map(|record| record.id.clone()).collect(),
            plan: Some(plan.collect()),
            layers,
            stores: image
                .buildpacks
                .iter()
                .filter_map(|record| Some((record.id.clone(), record.store.as_ref().map(store)?)))
                .collect(),
            processes: image.processes.clone(),
            default_process: image.default_process.clone().unwrap_or_default(),
            labels: image.labels.clone(),
            slices: image.app.len(),
        })
    }

    /// The summary of a build by the real lifecycle, from the labels of the app image and of its run image.
    ///
    /// It lacks what only files tell; see [`Summary::add_layers`] and [`Summary::add_plan`].
    pub fn from_image_labels(
        labels: &BTreeMap<String, String>,
        run_image_labels: &BTreeMap<String, String>,
    ) -> Result<Self, BadLabels> {
        let build: BuildLabel = read_label(labels, BUILD_LABEL)?;
        let lifecycle: LifecycleLabel = read_label(labels, LIFECYCLE_LABEL)?;
        let mut summary = Self {
            buildpacks: build.buildpacks.into_iter().map(|buildpack| buildpack.id).collect(),
            processes: build.processes.unwrap_or_default(),
            default_process: build.buildpack_default_process_type.unwrap_or_default(),
            slices: lifecycle.app.len(),
            ..Self::default()
        };
        for LayersOfLabel { key, layers, store } in lifecycle.buildpacks {
            for (name, LayerOfLabel { types, data }) in layers {
                let metadata =
                    if data.is_null() { Value::Object(serde_json::Map::new()) } else { data };
                let layer = LayerSummary { types, metadata, env: None };
                summary.layers.insert(format!("{key}:{name}"), layer);
            }
            if let Some(store) = store {
                summary.stores.insert(key, store.metadata);
            }
        }
        let own = |name: &str| {
            ["build", "lifecycle", "project"]
                .iter()
                .any(|part| name == format!("io.buildpacks.{part}.metadata"))
                || ["io.buildpacks.rebasable", "io.buildpacks.exec-env"].contains(&name)
        };
        let from_buildpacks = labels
            .iter()
            .filter(|(name, value)| !own(name) && run_image_labels.get(*name) != Some(value));
        summary.labels =
            from_buildpacks.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(summary)
    }

    /// Adds the environment files of the layers, from a copy of the image's layers directory.
    pub fn add_layers(&mut self, layers_dir: &Path) -> io::Result<()> {
        for (name, layer) in &mut self.layers {
            let (buildpack, layer_name) = name.rsplit_once(':').unwrap_or_default();
            let dir = layers_dir.join(escaped(buildpack)).join(layer_name);
            layer.env = Some(env_files(&dir)?);
        }
        Ok(())
    }

    /// Adds the plan, from the `plan.toml` that the real detector has written.
    pub fn add_plan(&mut self, text: &str) -> Result<(), toml::de::Error> {
        let plan: PlanFile = toml::from_str(text)?;
        let entry = |entry: PlanFileEntry| {
            let providers: Vec<_> =
                entry.providers.into_iter().map(|provider| provider.id).collect();
            plan_entry(&providers, &entry.requires)
        };
        self.plan = Some(plan.entries.into_iter().map(entry).collect());
        Ok(())
    }

    /// The same with every text changed, `/layers` to `<layers>` for example.
    ///
    /// # Panics
    ///
    /// Never: a summary is plain data.
    #[must_use]
    pub fn map_text(&self, change: impl Fn(&str) -> String) -> Self {
        let mut value = serde_json::to_value(self).expect("a summary is plain data");
        map_strings(&mut value, &change);
        serde_json::from_value(value).expect("only texts have changed")
    }

    /// Where two builds differ, one line each; what only one of them knows is not compared.
    ///
    /// # Panics
    ///
    /// Never: a summary is plain data.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let value =
            |summary: &Self| serde_json::to_value(summary).expect("a summary is plain data");
        let mut found = Vec::new();
        compare("", &value(self), &value(other), &mut found);
        found
    }
}

fn read_label<T: for<'de> Deserialize<'de>>(
    labels: &BTreeMap<String, String>,
    name: &'static str,
) -> Result<T, BadLabels> {
    let text = labels.get(name).ok_or(BadLabels::Missing(name))?;
    serde_json::from_str(text).map_err(|error| BadLabels::Unreadable(name, error))
}

fn plan_entry(providers: &[String], requires: &[Require]) -> (String, Vec<Value>) {
    let name = requires.first().map_or("", |require| require.name.as_str());
    (
        format!("{name} of {}", providers.join(", ")),
        requires.iter().map(Require::metadata_json).collect(),
    )
}

/// Files in `env`, `env.build` and `env.launch` of a layer, with what they hold.
pub(crate) fn env_files(layer_dir: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for dir in ["env", "env.build", "env.launch"] {
        let path = layer_dir.join(dir);
        if path.is_dir() {
            for entry in tree::entries(&path)? {
                if entry.kind == Kind::File {
                    let value = String::from_utf8_lossy(&fs_err::read(&entry.path)?).into_owned();
                    files.insert(format!("{dir}/{}", entry.name), value);
                }
            }
        }
    }
    Ok(files)
}

fn map_strings(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| map_strings(value, change)),
        Value::Object(object) => object.values_mut().for_each(|value| map_strings(value, change)),
        _ => {}
    }
}

fn compare(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for name in names {
                let path = format!("{path}/{name}");
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => compare(&path, one, other, found),
                    (Some(one), None) => found.push(format!("{path}: {one} here only")),
                    (_, Some(other)) => found.push(format!("{path}: {other} there only")),
                    (None, None) => {}
                }
            }
        }
        // What one of them does not know; nothing within metadata is ever null.
        (Value::Null, _) | (_, Value::Null) => {}
        _ if one == other => {}
        _ => found.push(format!("{path}: {one} here, {other} there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(build: &str, lifecycle: &str) -> BTreeMap<String, String> {
        [
            (BUILD_LABEL, build),
            (LIFECYCLE_LABEL, lifecycle),
            ("io.buildpacks.project.metadata", "{}"),
            ("org.example.part", "app"),
            ("org.example.base", "debian"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// As lifecycle 0.21 writes them, shortened.
    fn real() -> BTreeMap<String, String> {
        labels(
            r#"{"buildpacks":[{"id":"kouti/nodejs","version":"0.1.0","api":"0.10"}],
                "launcher":{"version":"0.21.14","source":{"git":{"repository":"","commit":""}}},
                "processes":[{"type":"web","command":["node","server.js"],"args":null,"direct":true,
                    "buildpackID":"kouti/nodejs"}],
                "buildpack-default-process-type":"web"}"#,
            r#"{"app":[{"sha":"sha256:1"}],"buildpacks":[{"key":"kouti/nodejs","version":"0.1.0","layers":
                {"node":{"sha":"sha256:2","data":{"version":"22.11.0"},"build":true,"launch":true,"cache":true},
                 "bare":{"sha":"sha256:3","data":null,"build":false,"launch":true,"cache":false}}}],
                "config":{"sha":"sha256:4"},"launcher":{"sha":"sha256:5"}}"#,
        )
    }

    #[test]
    fn labels_of_a_real_image_are_read() {
        let base = BTreeMap::from([("org.example.base".to_owned(), "debian".to_owned())]);
        let summary = Summary::from_image_labels(&real(), &base).unwrap();
        assert_eq!(summary.buildpacks, ["kouti/nodejs"]);
        assert_eq!(summary.layers["kouti/nodejs:node"].types, Types::ALL);
        assert_eq!(summary.layers["kouti/nodejs:node"].metadata["version"], "22.11.0");
        assert_eq!(summary.layers["kouti/nodejs:bare"].types, Types::LAUNCH);
        assert_eq!(summary.processes[0].command, ["node", "server.js"]);
        assert_eq!(summary.default_process, "web");
        assert_eq!(
            summary.labels,
            BTreeMap::from([("org.example.part".to_owned(), "app".to_owned())])
        );
        assert_eq!(summary.slices, 1);
    }

    #[test]
    fn an_image_without_the_labels_is_no_app_image() {
        let error = Summary::from_image_labels(&BTreeMap::new(), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "the image has no label `io.buildpacks.build.metadata`");
    }

    #[test]
    fn differences_name_the_place_and_both_sides() {
        let one = Summary::from_image_labels(&real(), &BTreeMap::new()).unwrap();
        let mut other = one.clone();
        assert_eq!(one.differences(&other), Vec::<String>::new());
        other.layers.get_mut("kouti/nodejs:node").unwrap().types = Types::LAUNCH;
        other.layers.remove("kouti/nodejs:bare");
        other.default_process = String::new();
        other.plan = Some(BTreeMap::new());
        insta::assert_snapshot!(one.differences(&other).join("\n"), @r#"
        /default_process: "web" here, "" there
        /layers/kouti/nodejs:bare: {"build":false,"cache":false,"launch":true,"metadata":{},"env":null} here only
        /layers/kouti/nodejs:node/build: true here, false there
        /layers/kouti/nodejs:node/cache: true here, false there
        "#);
    }

    #[test]
    fn a_plan_of_the_real_detector_is_read() {
        let mut summary = Summary::default();
        summary
            .add_plan(
                r#"
                [[entries]]
                [[entries.providers]]
                id = "kouti/nodejs"
                version = "0.1.0"
                [[entries.requires]]
                name = "node"
                [entries.requires.metadata]
                build = true
                "#,
            )
            .unwrap();
        let plan = summary.plan.unwrap();
        assert_eq!(plan["node of kouti/nodejs"], [serde_json::json!({ "build": true })]);
    }
}
