//! The restorer: what of the last build a new one starts with.
//!
//! Metadata comes back for launch layers from the image and for cached layers
//! from the cache, contents from the cache only, types never.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::buildpack::{Buildpack, escaped};
use super::files::{StoreFile, write_toml};
use super::image::{LayerRecord, layers_of};
use super::metadata::table_from_json;
use super::{Lifecycle, Result};
use crate::tree;

/// A restored `<layer>.toml`: without types, so that a buildpack has to claim the layer again.
#[derive(Serialize)]
struct RestoredLayer {
    metadata: toml::Table,
}

impl Lifecycle {
    pub(crate) fn restore(&self, group: &[Buildpack]) -> Result<()> {
        for buildpack in group {
            self.restore_store(buildpack)?;
            self.restore_layers(buildpack)?;
        }
        // Cache first: where both have a file, the image's wins.
        for sbom_dir in [self.cache_dir().join("sbom"), self.previous_dir().join("sbom/launch")] {
            self.restore_sboms(&sbom_dir, group)?;
        }
        Ok(())
    }

    fn restore_store(&self, buildpack: &Buildpack) -> Result<()> {
        let image = self.state.image.iter().flat_map(|image| &image.buildpacks);
        let store = image.filter(|record| record.id == buildpack.id).find_map(|r| r.store.as_ref());
        if let Some(store) = store {
            let path = buildpack.layers_dir(&self.layers_dir()).join("store.toml");
            write_toml(&path, &StoreFile { metadata: table_from_json(store) })?;
        }
        Ok(())
    }

    fn restore_layers(&self, buildpack: &Buildpack) -> Result<()> {
        let image = self.state.image.as_ref();
        let in_image = image.and_then(|image| layers_of(&image.buildpacks, &buildpack.id));
        let in_cache = layers_of(&self.state.cache.buildpacks, &buildpack.id);
        let cached = |name: &str| in_cache.and_then(|layers| layers.get(name));

        let mut restored: BTreeMap<&str, &LayerRecord> = BTreeMap::new();
        for (name, layer) in in_image.into_iter().flatten() {
            // What is needed in the build container has to be there, not only its metadata.
            let made_anew = layer.types.build && !layer.types.cache;
            let cache_lost = layer.types.cache && cached(name).is_none();
            if !made_anew && !cache_lost {
                restored.insert(name, layer);
            }
        }
        for (name, layer) in in_cache.into_iter().flatten() {
            let decided_above =
                layer.types.launch && in_image.is_some_and(|layers| layers.contains_key(name));
            if !decided_above {
                restored.insert(name, layer);
            }
        }

        let layers_dir = buildpack.layers_dir(&self.layers_dir());
        for (name, layer) in restored {
            match cached(name) {
                None => restore_metadata(&layers_dir, name, layer)?,
                Some(cached) if cached.digest == layer.digest => {
                    restore_metadata(&layers_dir, name, layer)?;
                    let content = self.cache_dir().join(&cached.digest);
                    tree::copy(&content, &layers_dir.join(name))?;
                }
                // The cache is of another build than the image: neither can be trusted alone.
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Puts `<sbom dir>/<buildpack>/<layer>/sbom.*` back beside the layers, whether those came back or not.
    fn restore_sboms(&self, sbom_dir: &Path, group: &[Buildpack]) -> Result<()> {
        for buildpack in tree::names(sbom_dir)? {
            let layers_dir = self.layers_dir().join(&buildpack);
            if !layers_dir.is_dir() || group.iter().all(|known| escaped(&known.id) != buildpack) {
                continue;
            }
            for layer in tree::names(&sbom_dir.join(&buildpack))? {
                let files = sbom_dir.join(&buildpack).join(&layer);
                for file in tree::names(&files)? {
                    let target = layers_dir.join(format!("{layer}.{file}"));
                    fs_err::copy(files.join(&file), target)?;
                }
            }
        }
        Ok(())
    }
}

fn restore_metadata(layers_dir: &Path, name: &str, layer: &LayerRecord) -> Result<()> {
    let metadata = table_from_json(&layer.metadata);
    write_toml(&layers_dir.join(format!("{name}.toml")), &RestoredLayer { metadata })
}
