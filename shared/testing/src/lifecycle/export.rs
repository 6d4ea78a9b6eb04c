//! The exporter: makes the image and the cache from what the buildpacks left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Env;
use super::build::Products;
use super::buildpack::Buildpack;
use super::failure::Failure;
use super::files::{LayerFile, StoreFile, Types};
use super::image::{BuildpackRecord, Cache, Image, LayerRecord, layers_of};
use super::metadata::to_json;
use super::slices::{Slice, slice};
use super::{Lifecycle, Result};
use crate::tree;

/// A finished build.
#[derive(Clone, Debug)]
pub struct Build {
    /// The image.
    pub image: Image,
    /// Every layer that a buildpack claimed, whatever it is for.
    pub layers: Vec<Layer>,
    /// The app directory, one slice after the other.
    pub slices: Vec<Slice>,
    /// The environment that a buildpack after the last one would have seen.
    pub env: Env,
    /// Remarks of the lifecycle itself.
    pub warnings: Vec<String>,
}

/// One layer after the build.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Id of the buildpack that made it.
    pub buildpack: String,
    /// Its name.
    pub name: String,
    /// When it is needed.
    pub types: Types,
    /// Its metadata, as written.
    pub metadata: toml::Table,
    /// Where its content is now: in the layers directory if it is part of the image, else aside.
    pub dir: PathBuf,
    /// Digest of its content; empty if it is only for this build.
    pub digest: String,
    /// Bytes of its files.
    pub size: u64,
    /// What became of it.
    pub outcome: Outcome,
}

impl Layer {
    /// Its metadata as JSON, the form in which the image's label holds it.
    pub(crate) fn metadata_json(&self) -> serde_json::Value {
        to_json(toml::Value::Table(self.metadata.clone()))
    }
}

/// How a layer compares with the build before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is new or has changed, or it is kept nowhere.
    Added,
    /// It has the same content as before.
    Reused,
    /// It had no content at all: the one in the previous image stays.
    Kept,
}

impl Lifecycle {
    pub(crate) fn export(&mut self, group: &[Buildpack], products: Products) -> Result<Build> {
        for r#type in products.processes.keys() {
            check_process_type(r#type)?;
        }
        let mut layers = Vec::new();
        let mut warnings = products.warnings;
        let (mut in_image, mut in_cache) = (Vec::new(), Vec::new());
        for buildpack in group {
            let (mut image, mut cache) = (record_of(buildpack), record_of(buildpack));
            let dir = buildpack.layers_dir(&self.layers_dir());
            let store = StoreFile::read(&dir.join("store.toml"));
            let store = store.map_err(Failure::Export)?;
            image.store = store.map(|store| to_json(toml::Value::Table(store.metadata)));

            for (name, file) in &products.layers[&buildpack.id] {
                let Some(layer) = self.export_layer(buildpack, name, file)? else {
                    if file.types.cache {
                        let layer = format!("{}:{name}", buildpack.id);
                        warnings.push(format!("{layer} is not cached because it has no content"));
                    }
                    continue;
                };
                let record = LayerRecord {
                    types: layer.types,
                    metadata: layer.metadata_json(),
                    digest: layer.digest.clone(),
                };
                if layer.types.launch {
                    image.layers.insert(name.clone(), record.clone());
                }
                if layer.types.cache {
                    cache.layers.insert(name.clone(), record);
                }
                layers.push(layer);
            }
            in_image.push(image);
            in_cache.push(cache);
        }

        let slices = slice(&self.app_dir(), &products.slices)?;
        let sbom_dir = self.layers_dir().join("sbom/launch");
        let sbom =
            if sbom_dir.is_dir() { Some(tree::digest(&tree::entries(&sbom_dir)?)?) } else { None };
        let image = Image {
            buildpacks: in_image,
            app: slices.iter().map(|slice| slice.digest.clone()).collect(),
            sbom,
            processes: products.processes.into_values().collect(),
            default_process: products.default_process,
            labels: products.labels,
        };

        self.take_over_kept_layers(&layers)?;
        self.write_cache(&Cache { buildpacks: in_cache }, &layers)?;
        self.set_aside_what_is_not_in_the_image(&mut layers)?;
        self.state.image = Some(image.clone());
        self.state.exported = true;
        self.save_state()?;
        Ok(Build { image, layers, slices, env: products.env, warnings })
    }

    /// What becomes of one layer; nothing for one without types, or that is only cached and has no content.
    fn export_layer(
        &self,
        buildpack: &Buildpack,
        name: &str,
        file: &LayerFile,
    ) -> Result<Option<Layer>> {
        let types = file.types;
        let dir = buildpack.layers_dir(&self.layers_dir()).join(name);
        let image = self.state.image.as_ref();
        let before = |records: &[BuildpackRecord]| {
            layers_of(records, &buildpack.id).and_then(|layers| layers.get(name)).cloned()
        };
        let in_image = image.and_then(|image| before(&image.buildpacks));
        let in_cache = before(&self.state.cache.buildpacks);

        let (digest, size, outcome) = if dir.is_dir() {
            let entries = tree::entries(&dir)?;
            let before = if types.launch { in_image } else { in_cache };
            // Nobody would ever look at the digest of a layer that is kept nowhere.
            let is_kept = types.launch || types.cache;
            let digest = if is_kept { tree::digest(&entries)? } else { String::new() };
            let same = before.is_some_and(|before| before.digest == digest);
            let outcome = if same { Outcome::Reused } else { Outcome::Added };
            (digest, entries.iter().map(|entry| entry.size).sum(), outcome)
        } else if !types.launch {
            return Ok(None);
        } else if types.cache {
            let reason = "is to be cached but has no content";
            return Err(Failure::Export(format!("{}:{name} {reason}", buildpack.id)));
        } else if let Some(before) = in_image {
            (before.digest, 0, Outcome::Kept)
        } else {
            let reason = "has no content and the previous image does not have it either";
            return Err(Failure::Export(format!("{}:{name} {reason}", buildpack.id)));
        };
        Ok(Some(Layer {
            buildpack: buildpack.id.clone(),
            name: name.to_owned(),
            types,
            metadata: file.metadata.clone(),
            dir,
            digest,
            size,
            outcome,
        }))
    }

    /// Fills in the content of layers that stay as they were in the previous image.
    fn take_over_kept_layers(&self, layers: &[Layer]) -> Result<()> {
        for layer in layers.iter().filter(|layer| layer.outcome == Outcome::Kept) {
            let place = layer.dir.strip_prefix(self.layers_dir()).unwrap_or(&layer.dir);
            fs_err::rename(self.previous_dir().join(place), &layer.dir)?;
        }
        Ok(())
    }

    fn write_cache(&mut self, cache: &Cache, layers: &[Layer]) -> Result<()> {
        let cache_dir = self.cache_dir();
        fs_err::create_dir_all(&cache_dir)?;
        let mut wanted: BTreeMap<String, &Path> = BTreeMap::new();
        for layer in layers.iter().filter(|layer| layer.types.cache) {
            wanted.insert(layer.digest.clone(), &layer.dir);
        }
        for old in tree::names(&cache_dir)? {
            if !wanted.contains_key(&old) {
                tree::remove(&cache_dir.join(old))?;
            }
        }
        for (digest, dir) in wanted {
            let target = cache_dir.join(digest);
            if !target.exists() {
                // Half a copy must not look like a layer.
                let partial = target.with_extension("partial");
                tree::copy(dir, &partial)?;
                fs_err::rename(partial, target)?;
            }
        }
        let sbom_dir = self.layers_dir().join("sbom/cache");
        if sbom_dir.is_dir() {
            tree::copy(&sbom_dir, &cache_dir.join("sbom"))?;
        }
        self.state.cache = cache.clone();
        Ok(())
    }

    /// Leaves in the layers directory what a container would find there.
    fn set_aside_what_is_not_in_the_image(&self, layers: &mut [Layer]) -> Result<()> {
        let aside = self.aside_dir();
        tree::remove(&aside)?;
        for buildpack in tree::names(&self.layers_dir())? {
            let dir = self.layers_dir().join(&buildpack);
            for name in tree::names(&dir)? {
                let path = dir.join(&name);
                let is_launch_sbom = buildpack == "sbom" && name == "launch";
                let of_layer = layers.iter_mut().find(|layer| layer.dir == path);
                let is_launch = of_layer.as_ref().is_some_and(|layer| layer.types.launch);
                if !is_launch_sbom && !is_launch {
                    let target = aside.join(&buildpack).join(&name);
                    fs_err::create_dir_all(aside.join(&buildpack))?;
                    tree::relocate(&path, &target)?;
                    if let Some(layer) = of_layer {
                        layer.dir = target;
                    }
                }
            }
        }
        Ok(())
    }
}

fn record_of(buildpack: &Buildpack) -> BuildpackRecord {
    let (id, version) = (buildpack.id.clone(), buildpack.version.clone());
    BuildpackRecord { id, version, layers: BTreeMap::new(), store: None }
}

fn check_process_type(r#type: &str) -> Result<()> {
    if r#type.is_empty() {
        return Err(Failure::Export("a process has no type".to_owned()));
    }
    match r#type.find(['/', '>', '<', ':', '|', '&', '\\']) {
        Some(_) => Err(Failure::Export(format!("process type `{type}` may not contain /><:|&\\"))),
        None => Ok(()),
    }
}
