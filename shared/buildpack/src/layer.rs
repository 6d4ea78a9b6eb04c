//! Layers: what a build keeps, and when it is made anew.
//!
//! libcnb's own layer functions cannot take a launch-only layer over from the
//! previous image (they delete its metadata when its directory is missing), so
//! this module reads and writes the layer files itself. Rules: [specification][spec].
//!
//! [spec]: https://github.com/buildpacks/spec/blob/buildpack/v0.10/buildpack.md#layer-types

mod caches;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use kouti_report::{EventKind, Log};
use kouti_sbom::Document;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::layer_env::remove_directory;
use crate::setting::BadSetting;
use crate::{Env, LayerEnv, Problem, Sboms, is_secret, sha256};

/// When a layer is needed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Uses {
    /// By later buildpacks of this build.
    pub build: bool,
    /// By the app.
    pub launch: bool,
    /// By the next build, which gets its content back.
    pub cache: bool,
}

impl Uses {
    /// In the image only. The next build takes it over by its key alone: nothing
    /// is stored twice, restored, or read again.
    pub const LAUNCH: Self = Self { build: false, launch: true, cache: false };

    /// For this build only, made in each build that needs it: right for what is
    /// faster to unpack again than to be stored and restored by the platform.
    pub const BUILD: Self = Self { build: true, launch: false, cache: false };

    /// For the next build only: caches of tools.
    pub const CACHE: Self = Self { build: false, launch: false, cache: true };
}

/// A layer as a buildpack wants it.
#[derive(Clone, Debug)]
pub struct Layer<K> {
    /// Directory name: letters, digits, `-` and `_`.
    pub name: &'static str,
    /// Shown in the log: `Node.js 24.1.0`.
    pub title: String,
    /// When it is needed.
    pub uses: Uses,
    /// **Everything** its content depends on; never a time.
    pub key: K,
    /// Variables it sets.
    pub env: LayerEnv,
    /// What is in it; `None` where there is nothing to declare.
    pub sbom: Option<Document>,
}

/// A layer that is in place.
#[derive(Clone, Debug)]
pub struct Made {
    /// Where it is, or will be in the image: a launch-only layer that is reused
    /// has no content during the build.
    pub dir: PathBuf,
    /// Whether it was made in this build.
    pub outcome: Outcome,
    env: LayerEnv,
}

impl Made {
    /// Changes `env` as the lifecycle will for later buildpacks.
    pub fn apply(&self, env: &mut Env) {
        self.env.apply(&self.dir, env);
    }
}

/// What happened to a layer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The last build's layer is as wanted.
    Reused,
    /// It was made; the reasons are empty if there was none before.
    Made(Vec<String>),
}

/// The layers directory of one buildpack in one build.
#[derive(Clone, Debug)]
pub struct Layers {
    dir: PathBuf,
    sboms: Sboms,
    /// Classic Cloud Foundry has no previous image to take launch-only layers
    /// from: there they are cached.
    keep_launch: bool,
    /// An error is said only to who keeps caches.
    caches: Result<CacheRule, BadSetting>,
}

/// What the user wants of caches.
#[derive(Clone, Debug)]
pub(crate) struct CacheRule {
    /// `BP_CACHE_DISABLED`: caches start empty and are not kept.
    pub(crate) forget: bool,
    /// `BP_CACHE_MAX_MB`, in bytes.
    pub(crate) limit: u64,
}

/// Raised when the meaning of a layer's content changes without its key.
const FORMAT: i64 = 1;

/// Names the lifecycle uses for files of its own.
const RESERVED: [&str; 5] = ["build", "config", "launch", "sbom", "store"];

/// `<layers>/<name>.toml`.
#[derive(Deserialize, Serialize)]
pub(crate) struct LayerToml {
    #[serde(default)]
    pub(crate) types: Types,
    #[serde(default)]
    metadata: Table,
}

#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Types {
    #[serde(default)]
    pub(crate) launch: bool,
    #[serde(default)]
    pub(crate) build: bool,
    #[serde(default)]
    pub(crate) cache: bool,
}

impl Layers {
    pub(crate) fn new(dir: PathBuf, sboms: Sboms) -> Self {
        let caches = Ok(CacheRule { forget: false, limit: u64::MAX });
        Self { dir, sboms, keep_launch: false, caches }
    }

    /// Caches launch layers too, for platforms that have no previous image.
    #[must_use]
    pub(crate) fn keep_launch_layers(mut self, keep: bool) -> Self {
        self.keep_launch = keep;
        self
    }

    /// What the user wants of caches.
    #[must_use]
    pub(crate) fn caches(mut self, rule: Result<CacheRule, BadSetting>) -> Self {
        self.caches = rule;
        self
    }

    /// Where the layers are.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the layer called `name` is or will be.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Runs `make` on an empty directory unless the last build left the same layer.
    ///
    /// Afterwards the layer is complete: content, environment, SBOM, and last its
    /// metadata. If anything fails, or the process is killed, there is no
    /// metadata, and the next build starts over.
    pub fn ensure<K: Serialize>(
        &self,
        log: &mut Log,
        layer: &Layer<K>,
        make: impl FnOnce(&Path, &mut Log) -> Result<(), Problem>,
    ) -> Result<Made, Problem> {
        check_name(layer.name)?;
        if layer.uses == Uses::CACHE {
            self.cache_rule()?;
        }
        let started = Instant::now();
        let uses = self.effective(layer.uses);
        let dir = self.path(layer.name);
        let wanted = wanted_metadata(layer, uses)?;
        let found = self.metadata(layer.name);
        log.debug(&format!("layer {} wants {wanted}", layer.name));

        let result = Made { dir, outcome: Outcome::Reused, env: layer.env.clone() };
        let has_content = is_filled(&result.dir);
        let reasons = match &found {
            Some(found) if *found == wanted && (has_content || !needs_content(uses)) => {
                log.step(&format!("Reusing {}", layer.title));
                if has_content {
                    layer.env.write(&result.dir)?;
                }
                self.seal(layer, uses, wanted)?;
                log.event(EventKind::Layer, layer.title.as_str(), "reused", started);
                return Ok(result);
            }
            Some(found) => differences(found, &wanted),
            None => Vec::new(),
        };

        match reasons.as_slice() {
            [] => log.step(&format!("Installing {}", layer.title)),
            reasons => log.step(&format!("Rebuilding {}: {}", layer.title, reasons.join(", "))),
        }
        self.discard(layer.name)?;
        fs_err::create_dir_all(&result.dir)?;
        if let Err(problem) = make(&result.dir, log) {
            // Best effort: without metadata nobody takes it for a layer anyway.
            let _ = self.discard(layer.name);
            return Err(problem);
        }
        layer.env.write(&result.dir)?;
        self.seal(layer, uses, wanted)?;
        log.event(EventKind::Layer, layer.title.as_str(), "made", started)
            .reasons
            .clone_from(&reasons);
        Ok(Made { outcome: Outcome::Made(reasons), ..result })
    }

    /// Whether [`Layers::ensure`] would take over what the last build left, for those who
    /// prepare something only if it is needed.
    pub fn is_current<K: Serialize>(&self, layer: &Layer<K>) -> Result<bool, Problem> {
        let uses = self.effective(layer.uses);
        let has_content = is_filled(&self.path(layer.name));
        Ok(self.metadata(layer.name) == Some(wanted_metadata(layer, uses)?)
            && (has_content || !needs_content(uses)))
    }

    /// Removes the layer called `name` and everything the last build left of it.
    pub fn discard(&self, name: &str) -> io::Result<()> {
        // The metadata first: what remains after a crash must not look complete.
        remove_file(&self.toml(name))?;
        self.sboms.remove(&self.path(name))?;
        remove_directory(&self.path(name))
    }

    /// Metadata the last build left; a file nobody can read is as good as none.
    fn metadata(&self, name: &str) -> Option<Table> {
        let text = fs_err::read_to_string(self.toml(name)).ok()?;
        let parsed: LayerToml = toml::from_str(&text).ok()?;
        (!parsed.metadata.is_empty()).then_some(parsed.metadata)
    }

    fn seal<K>(&self, layer: &Layer<K>, uses: Uses, metadata: Table) -> Result<(), Problem> {
        self.sboms.write(&self.path(layer.name), layer.sbom.as_ref())?;
        let types = Types { launch: uses.launch, build: uses.build, cache: uses.cache };
        let text = toml::to_string(&LayerToml { types, metadata }).map_err(anyhow::Error::from)?;
        fs_err::write(self.toml(layer.name), text)?;
        Ok(())
    }

    fn cache_rule(&self) -> Result<&CacheRule, BadSetting> {
        self.caches.as_ref().map_err(Clone::clone)
    }

    fn effective(&self, uses: Uses) -> Uses {
        Uses { cache: uses.cache || (uses.launch && self.keep_launch), ..uses }
    }

    fn toml(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.toml"))
    }
}

/// The key, and whatever else must be equal for the content to be taken over.
fn wanted_metadata<K: Serialize>(layer: &Layer<K>, uses: Uses) -> Result<Table, Problem> {
    let mut metadata = Table::new();
    let key = Table::try_from(&layer.key).map_err(anyhow::Error::from)?;
    metadata.insert("key".to_owned(), Value::Table(key));
    metadata.insert("format".to_owned(), Value::Integer(FORMAT));
    // A layer cached for builds must not be taken for one that has the launch part too.
    metadata.insert("launch".to_owned(), Value::Boolean(uses.launch));
    if uses == Uses::LAUNCH && !layer.env.is_empty() {
        // Nothing can be written into a layer without content, so a change of
        // its environment has to make it anew.
        // Everybody can read the metadata, in a label of the image and in the log.
        let shown = |name: &str, value: &str| {
            if is_secret(name) { sha256(value) } else { value.to_owned() }
        };
        let env = layer.env.files();
        let env: Table =
            env.map(|(name, value)| (name.to_owned(), shown(name, value).into())).collect();
        metadata.insert("env".to_owned(), Value::Table(env));
    }
    Ok(metadata.into_iter().map(|(name, value)| (name, as_it_comes_back(value))).collect())
}

/// The lifecycle keeps metadata as JSON between two builds: an integer comes back as a float, a date as a
/// string. Written as text, both are the same before and after.
fn as_it_comes_back(value: Value) -> Value {
    match value {
        Value::Integer(_) | Value::Datetime(_) => Value::String(value.to_string()),
        Value::Array(values) => Value::Array(values.into_iter().map(as_it_comes_back).collect()),
        Value::Table(table) => table
            .into_iter()
            .map(|(name, value)| (name, as_it_comes_back(value)))
            .collect::<Table>()
            .into(),
        value => value,
    }
}

/// What differs, as `version was 20.1.0, is 22.11.0`.
fn differences(found: &Table, wanted: &Table) -> Vec<String> {
    let mut changes = Vec::new();
    compare("", found, wanted, &mut changes);
    if changes.is_empty() {
        changes.push("its content was lost".to_owned());
    }
    changes
}

fn compare(prefix: &str, found: &Table, wanted: &Table, changes: &mut Vec<String>) {
    let names: std::collections::BTreeSet<_> = found.keys().chain(wanted.keys()).collect();
    for name in names {
        // The key is the layer's own business; its name would only be in the way.
        let path = match prefix {
            "" | "key" => name.clone(),
            prefix => format!("{prefix}.{name}"),
        };
        match (found.get(name), wanted.get(name)) {
            (Some(found), Some(wanted)) if found == wanted => {}
            (Some(Value::Table(found)), Some(Value::Table(wanted))) => {
                compare(&path, found, wanted, changes);
            }
            (Some(found), Some(wanted)) => {
                let (found, wanted) = (shown(found), shown(wanted));
                // Two digests tell a reader no more than that they differ.
                changes.push(if is_digest(&found) && is_digest(&wanted) {
                    format!("{path} changed")
                } else {
                    format!("{path} was {found}, is {wanted}")
                });
            }
            (Some(_), None) => changes.push(format!("{path} is no longer needed")),
            (None, _) => changes.push(format!("{path} is new")),
        }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_digest(text: &str) -> bool {
    let hex = text.rsplit(':').next().unwrap_or_default();
    hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn check_name(name: &str) -> Result<(), Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || !name.bytes().all(allowed) || RESERVED.contains(&name) {
        return Err(anyhow::anyhow!("`{name}` cannot be the name of a layer").into());
    }
    Ok(())
}

/// Bytes in all files below `dir`; what cannot be read counts nothing.
#[must_use]
pub fn size_of(dir: &Path) -> u64 {
    let Ok(entries) = fs_err::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size_of(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// A layer for the image alone is taken over by its metadata.
fn needs_content(uses: Uses) -> bool {
    uses.build || uses.cache
}

fn is_filled(dir: &Path) -> bool {
    fs_err::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some())
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use kouti_report::{Colour, Fault, Level};

    use super::*;
    use crate::Scope;

    #[derive(Clone, Serialize)]
    pub(super) struct Key {
        version: &'static str,
        checksum: String,
    }

    pub(super) fn layer(version: &'static str, uses: Uses) -> Layer<Key> {
        let checksum = format!("sha256:{}", version.bytes().next().unwrap_or(b'0') as char)
            .replace(':', &format!(":{}", "a".repeat(63)));
        Layer {
            name: "node",
            title: format!("Node.js {version}"),
            uses,
            key: Key { version, checksum },
            env: LayerEnv::new().default_value(Scope::Both, "NODE_ENV", "production"),
            sbom: None,
        }
    }

    pub(super) fn silent() -> Log {
        Log::new(Box::new(io::sink()), Box::new(io::sink()), Level::Info, Colour::Off)
    }

    pub(super) fn in_temp_dir(keep_launch_layers: bool) -> (tempfile::TempDir, Layers) {
        let dir = tempfile::tempdir().unwrap();
        let layers = Layers::new(dir.path().to_owned(), Sboms::default())
            .keep_launch_layers(keep_launch_layers);
        (dir, layers)
    }

    pub(super) fn ensure(layers: &Layers, layer: &Layer<Key>) -> Outcome {
        layers
            .ensure(&mut silent(), layer, |dir, _| {
                fs_err::write(dir.join("content"), layer.key.version)?;
                Ok(())
            })
            .unwrap()
            .outcome
    }

    /// What the lifecycle does between two builds: the types go, the rest stays.
    fn restore(layers: &Layers, content: bool) {
        restored(layers, "node");
        if !content {
            fs_err::remove_dir_all(layers.path("node")).unwrap();
        }
    }

    pub(super) fn restored(layers: &Layers, name: &str) {
        let toml = layers.toml(name);
        let text = fs_err::read_to_string(&toml).unwrap();
        let mut parsed: LayerToml = toml::from_str(&text).unwrap();
        parsed.types = Types::default();
        fs_err::write(&toml, toml::to_string(&parsed).unwrap()).unwrap();
    }

    #[test]
    fn metadata_holds_nothing_that_would_come_back_otherwise() {
        #[derive(Clone, Serialize)]
        struct Numbers {
            limit: u32,
            list: Vec<i64>,
        }
        let key = Numbers { limit: 3, list: vec![1, 2] };
        let Layer { name, title, uses, env, sbom, .. } = layer("1.0.0", Uses::LAUNCH);
        let layer = Layer { name, title, uses, key, env, sbom };
        let metadata = wanted_metadata(&layer, Uses::LAUNCH).unwrap();
        assert_eq!(metadata["format"].as_str(), Some("1"));
        assert_eq!(metadata["key"].to_string(), r#"{ limit = "3", list = ["1", "2"] }"#);
    }

    fn types(layers: &Layers) -> (bool, bool, bool) {
        types_of(layers, "node")
    }

    pub(super) fn types_of(layers: &Layers, name: &str) -> (bool, bool, bool) {
        let text = fs_err::read_to_string(layers.toml(name)).unwrap();
        let types = toml::from_str::<LayerToml>(&text).unwrap().types;
        (types.build, types.launch, types.cache)
    }

    #[test]
    fn a_launch_layer_is_taken_over_without_its_content() {
        let (_dir, layers) = in_temp_dir(false);
        let wanted = layer("22", Uses::LAUNCH);
        assert!(!layers.is_current(&wanted).unwrap());
        assert_eq!(ensure(&layers, &wanted), Outcome::Made(vec![]));
        restore(&layers, false);
        assert!(layers.is_current(&wanted).unwrap());
        assert_eq!(ensure(&layers, &wanted), Outcome::Reused);
        assert!(!layers.path("node").exists(), "a directory would replace the old layer");
        assert_eq!(types(&layers), (false, true, false));
    }

    #[test]
    fn a_cached_layer_without_content_is_made_again() {
        let (_dir, layers) = in_temp_dir(false);
        let wanted = layer("22", Uses { build: true, launch: false, cache: true });
        ensure(&layers, &wanted);
        restore(&layers, false);
        assert_eq!(
            ensure(&layers, &wanted),
            Outcome::Made(vec!["its content was lost".to_owned()])
        );
    }

    #[test]
    fn every_changed_part_of_the_key_is_a_reason() {
        let (_dir, layers) = in_temp_dir(false);
        ensure(&layers, &layer("20", Uses::LAUNCH));
        assert_eq!(
            ensure(&layers, &layer("32", Uses::LAUNCH)),
            Outcome::Made(vec!["checksum changed".to_owned(), "version was 20, is 32".to_owned()])
        );
    }

    #[test]
    fn a_changed_environment_makes_a_launch_layer_anew() {
        let (_dir, layers) = in_temp_dir(false);
        let mut wanted = layer("22", Uses::LAUNCH);
        ensure(&layers, &wanted);
        restore(&layers, false);
        wanted.env = LayerEnv::new().default_value(Scope::Both, "NODE_ENV", "test");
        assert_eq!(
            ensure(&layers, &wanted),
            Outcome::Made(vec!["env.env/NODE_ENV.default was production, is test".to_owned()])
        );
    }

    #[test]
    fn launch_layers_are_cached_where_no_previous_image_exists() {
        let (_dir, layers) = in_temp_dir(true);
        let wanted = layer("22", Uses::LAUNCH);
        ensure(&layers, &wanted);
        assert_eq!(types(&layers), (false, true, true));
        restore(&layers, false);
        assert!(matches!(ensure(&layers, &wanted), Outcome::Made(_)));
    }

    #[test]
    fn what_was_kept_for_builds_is_not_taken_for_a_part_of_the_image() {
        let (_dir, layers) = in_temp_dir(false);
        let for_builds = Uses { build: true, launch: false, cache: true };
        ensure(&layers, &layer("22", for_builds));
        restore(&layers, true);
        let wanted = layer("22", Uses { launch: true, ..for_builds });
        assert_eq!(
            ensure(&layers, &wanted),
            Outcome::Made(vec!["launch was false, is true".to_owned()])
        );
        assert_eq!(types(&layers), (true, true, true));
        // What was in the image alone is not there for a build.
        ensure(&layers, &layer("22", Uses::LAUNCH));
        restore(&layers, false);
        assert_eq!(
            ensure(&layers, &layer("22", Uses { build: true, ..Uses::LAUNCH })),
            Outcome::Made(vec!["env is no longer needed".to_owned()])
        );
    }

    #[test]
    fn a_failure_leaves_nothing_that_looks_complete() {
        let (_dir, layers) = in_temp_dir(false);
        let wanted = layer("22", Uses::LAUNCH);
        ensure(&layers, &wanted);
        let failed = layers.ensure(&mut silent(), &layer("24", Uses::LAUNCH), |dir, _| {
            fs_err::write(dir.join("half"), "")?;
            Err(Problem::new("broken", Fault::Surroundings, "the network is gone"))
        });
        assert_eq!(failed.unwrap_err().id, "broken");
        assert!(!layers.path("node").exists() && !layers.toml("node").exists());
        assert_eq!(ensure(&layers, &wanted), Outcome::Made(vec![]));
    }

    #[test]
    fn metadata_nobody_can_read_is_as_good_as_none() {
        let (_dir, layers) = in_temp_dir(false);
        let wanted = layer("22", Uses::LAUNCH);
        ensure(&layers, &wanted);
        for text in ["", "= = =", "[metadata]\nkey = 1\n", "types = 1"] {
            fs_err::write(layers.toml("node"), text).unwrap();
            assert!(matches!(ensure(&layers, &wanted), Outcome::Made(_)), "{text:?}");
        }
    }

    #[test]
    fn names_the_lifecycle_would_misread_are_refused() {
        let (_dir, layers) = in_temp_dir(false);
        for name in ["", "a.b", "a/b", "launch", "store"] {
            let wanted = Layer { name, ..layer("22", Uses::LAUNCH) };
            let result = layers.ensure(&mut silent(), &wanted, |_, _| Ok(()));
            assert!(result.is_err(), "{name}");
        }
    }
}
