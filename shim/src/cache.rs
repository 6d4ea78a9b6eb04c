//! What the next staging of the app gets back. The directory is also that of whatever buildpack was last before us: what
//! is there is looked at before it is believed, and what is not understood is dropped with a line.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use kouti_report::{Log, Notice, Problem, bytes};
use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::record::escaped;
use crate::{disk, moving};

/// The directory that is ours in the one of the platform.
const DIR: &str = "kouti-v1";

/// The endings of the bills of materials of a layer.
pub(crate) const BILLS: [&str; 3] = ["sbom.cdx.json", "sbom.spdx.json", "sbom.syft.json"];

#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    /// What has to be the same for a layer to be of use.
    terms: Terms,
    /// In bytes, before compression.
    limit: u64,
    enabled: bool,
    /// Whether others may still change files of the layers in place: then the cache needs files of its own.
    shared: bool,
}

/// What a cached layer depends on besides its own key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Terms {
    pub(crate) distro: String,
    pub(crate) arch: String,
    /// Layers know where they are.
    pub(crate) layers_dir: PathBuf,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Index {
    terms: Option<Terms>,
    /// By buildpack and layer, `kouti_nodejs/node`.
    layers: BTreeMap<String, Kept>,
}

/// What a layer was when it was kept.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    /// SHA-256 of its description.
    toml: String,
    /// Of all its files.
    bytes: u64,
}

#[derive(Deserialize)]
struct LayerToml {
    #[serde(default)]
    types: Types,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Types {
    #[serde(default)]
    pub(crate) launch: bool,
    #[serde(default)]
    pub(crate) build: bool,
    #[serde(default)]
    pub(crate) cache: bool,
}

/// A layer with a description that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// `kouti_nodejs/node`.
    pub(crate) name: String,
    /// Its content.
    pub(crate) dir: PathBuf,
    pub(crate) toml: PathBuf,
    pub(crate) types: Types,
}

impl Cache {
    pub(crate) fn new(cache_dir: &Path, terms: Terms, megabytes: u64, enabled: bool) -> Self {
        let limit = megabytes.saturating_mul(1_000_000);
        Self { dir: cache_dir.join(DIR), terms, limit, enabled, shared: false }
    }

    /// For layers in which buildpacks that follow may change files.
    pub(crate) fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    /// Puts the layers of these buildpacks back. A cache that cannot be used costs a line, never the staging.
    pub(crate) fn restore(
        &self,
        log: &mut Log,
        ids: &[String],
        layers_dir: &Path,
    ) -> Result<(), Problem> {
        if !self.enabled || !self.dir.is_dir() {
            return Ok(());
        }
        let index = match self.index() {
            Ok(index) if index.terms.as_ref() == Some(&self.terms) => index,
            Ok(_) => {
                log.step("Dropping the cache: it is of another stack, or of another position of this buildpack");
                return Ok(());
            }
            Err(error) => {
                log.step(&format!("Dropping the cache: {error}"));
                return Ok(());
            }
        };
        let (mut count, layers) = (0, self.dir.join("layers"));
        for id in ids {
            let id = escaped(id);
            for (name, kept) in &index.layers {
                let Some(layer) = name.strip_prefix(&format!("{id}/")) else { continue };
                if Self::restore_layer(&layers, layers_dir, name, kept)? {
                    count += 1;
                } else {
                    log.step(&format!("Dropping the layer {layer} of the cache: it is damaged"));
                }
            }
            let store = layers.join(&id).join("store.toml");
            if store.is_file() {
                fs_err::create_dir_all(layers_dir.join(&id))?;
                fs_err::copy(store, layers_dir.join(&id).join("store.toml"))?;
            }
        }
        if count > 0 {
            log.step(&format!("Restoring {count} cached layers"));
        }
        Ok(())
    }

    /// Moves a layer back: what is worth keeping is kept again after the build, and nothing is kept of a failed one.
    fn restore_layer(from: &Path, to: &Path, name: &str, kept: &Kept) -> io::Result<bool> {
        let (content, toml) = (from.join(name), from.join(format!("{name}.toml")));
        let text = fs_err::read_to_string(&toml).unwrap_or_default();
        let Ok(mut table) = text.parse::<toml::Table>() else { return Ok(false) };
        if !content.is_dir()
            || sha256(text.as_bytes()) != kept.toml
            || disk::size(&content)? != kept.bytes
        {
            return Ok(false);
        }
        // A layer that its buildpack does not ask for again is dropped.
        table.remove("types");
        let target = to.join(name);
        fs_err::create_dir_all(target.parent().unwrap_or(to))?;
        moving::move_dir(&content, &target)?;
        fs_err::write(to.join(format!("{name}.toml")), table.to_string())?;
        for bill in BILLS {
            let file = format!("{name}.{bill}");
            if from.join(&file).is_file() {
                fs_err::copy(from.join(&file), to.join(&file))?;
            }
        }
        Ok(true)
    }

    fn index(&self) -> Result<Index, String> {
        let text = fs_err::read_to_string(self.dir.join("index.json"))
            .map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|_| "its index cannot be read".to_owned())
    }

    /// Keeps the layers that want to be kept, in place of all that was there.
    pub(crate) fn save(
        &self,
        log: &mut Log,
        ids: &[String],
        layers_dir: &Path,
    ) -> Result<(), Problem> {
        let parent = self.dir.parent().unwrap_or(Path::new("."));
        fs_err::create_dir_all(parent)?;
        // What others left is of no use to us, and counts against the limit of the platform.
        for entry in fs_err::read_dir(parent)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                moving::remove_dir(&path)?;
            } else {
                fs_err::remove_file(&path)?;
            }
        }
        if !self.enabled {
            return Ok(());
        }
        let new = parent.join(format!("{DIR}.new"));
        let mut index = Index { terms: Some(self.terms.clone()), ..Index::default() };
        for (bytes, layer) in self.within_limit(log, layers(layers_dir, ids)?)? {
            let text = fs_err::read_to_string(&layer.toml)?;
            let target = new.join("layers").join(&layer.name);
            fs_err::create_dir_all(target.parent().unwrap_or(&new))?;
            if !layer.types.launch && !layer.types.build {
                // Nobody looks for it any more.
                moving::move_dir(&layer.dir, &target)?;
            } else if self.shared {
                moving::copy(&layer.dir, &target)?;
            } else {
                link(&layer.dir, &target)?;
            }
            let beside = |file: &str| new.join("layers").join(format!("{}.{file}", layer.name));
            fs_err::write(beside("toml"), &text)?;
            for bill in BILLS {
                let file = layers_dir.join(format!("{}.{bill}", layer.name));
                if file.is_file() {
                    fs_err::copy(file, beside(bill))?;
                }
            }
            index.layers.insert(layer.name, Kept { toml: sha256(text.as_bytes()), bytes });
        }
        for id in ids.iter().map(|id| escaped(id)) {
            let store = layers_dir.join(&id).join("store.toml");
            if store.is_file() {
                fs_err::create_dir_all(new.join("layers").join(&id))?;
                fs_err::copy(store, new.join("layers").join(&id).join("store.toml"))?;
            }
        }
        fs_err::create_dir_all(&new)?;
        let text = serde_json::to_string(&index).map_err(anyhow::Error::from)?;
        fs_err::write(new.join("index.json"), text)?;
        Ok(fs_err::rename(new, &self.dir)?)
    }

    /// The platform refuses a cache that is too large, and the staging with it: the largest go first, and of those the
    /// ones that only builds use.
    fn within_limit(&self, log: &mut Log, layers: Vec<Found>) -> io::Result<Vec<(u64, Found)>> {
        let mut sized = Vec::new();
        for layer in layers.into_iter().filter(|layer| layer.types.cache && layer.dir.is_dir()) {
            sized.push((disk::size(&layer.dir)?, layer));
        }
        sized.sort_by_key(|(size, layer)| (layer.types.launch, u64::MAX - size));
        let mut total: u64 = sized.iter().map(|(size, _)| size).sum();
        let mut kept = Vec::new();
        for (size, layer) in sized {
            if total > self.limit {
                total -= size;
                log.warn(
                    Notice::new(format!(
                        "the layer {} ({}) is not cached",
                        layer.name,
                        bytes(size)
                    ))
                    .hint("allow more with BP_CF_CACHE_MAX_MB"),
                );
            } else {
                kept.push((size, layer));
            }
        }
        Ok(kept)
    }
}

/// All layers of these buildpacks whose description can be read.
pub(crate) fn layers(layers_dir: &Path, ids: &[String]) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for id in ids.iter().map(|id| escaped(id)) {
        let dir = layers_dir.join(&id);
        if !dir.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(&dir)? {
            let toml = entry?.path();
            let Some(name) = toml.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml"))
            else {
                continue;
            };
            if ["launch", "build", "store"].contains(&name) {
                continue;
            }
            let text = fs_err::read_to_string(&toml)?;
            let types =
                toml::from_str::<LayerToml>(&text).map(|read| read.types).unwrap_or_default();
            found.push(Found { name: format!("{id}/{name}"), dir: dir.join(name), types, toml });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// A copy whose files are the same on the disk: nobody changes them in place after the build.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let mut dirs = Vec::new();
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.map_err(io::Error::from)?;
        let inner = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let target = if inner.as_os_str().is_empty() { to.to_owned() } else { to.join(inner) };
        if entry.file_type().is_dir() {
            fs_err::create_dir(&target)?;
            dirs.push((target, fs_err::metadata(entry.path())?.permissions()));
        } else if entry.file_type().is_symlink()
            || fs_err::hard_link(entry.path(), &target).is_err()
        {
            moving::copy(entry.path(), &target)?;
        }
    }
    for (dir, permissions) in dirs.into_iter().rev() {
        fs_err::set_permissions(dir, permissions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kouti_report::{Colour, Level};

    use super::*;

    fn silent() -> Log {
        Log::new(Box::new(io::sink()), Box::new(io::sink()), Level::Info, Colour::Off)
    }

    struct Scene {
        root: tempfile::TempDir,
        ids: Vec<String>,
    }

    impl Scene {
        fn new() -> Self {
            Self { root: tempfile::tempdir().unwrap(), ids: vec!["kouti/a".to_owned()] }
        }

        fn layers(&self, name: &str) -> PathBuf {
            self.root.path().join(name)
        }

        fn layer(&self, name: &str, types: &str, size: usize) {
            let dir = self.layers("one").join("kouti_a");
            fs_err::create_dir_all(dir.join(name)).unwrap();
            fs_err::write(dir.join(name).join("file"), vec![b'x'; size]).unwrap();
            let text = format!("[types]\n{types}\n[metadata]\nkey = \"{name}\"\n");
            fs_err::write(dir.join(format!("{name}.toml")), text).unwrap();
        }

        fn cache(&self, distro: &str, megabytes: u64) -> Cache {
            let terms = Terms {
                distro: distro.to_owned(),
                arch: "amd64".to_owned(),
                layers_dir: "/home/vcap/deps/0/layers".into(),
            };
            Cache::new(&self.root.path().join("cache"), terms, megabytes, true)
        }

        /// The layers that a next staging gets back.
        fn restored(&self, cache: &Cache) -> Vec<String> {
            let to = tempfile::tempdir_in(self.root.path()).unwrap();
            cache.restore(&mut silent(), &self.ids, to.path()).unwrap();
            let found = layers(to.path(), &self.ids).unwrap();
            found
                .into_iter()
                .filter(|layer| layer.dir.join("file").is_file())
                .map(|layer| layer.name)
                .collect()
        }
    }

    #[test]
    fn only_layers_that_want_to_be_kept_come_back() {
        let scene = Scene::new();
        scene.layer("kept", "cache = true", 1);
        scene.layer("both", "launch = true\ncache = true", 1);
        scene.layer("launch", "launch = true", 1);
        scene.layer("build", "build = true", 1);
        fs_err::write(scene.layers("one").join("kouti_a/store.toml"), "x = 1").unwrap();
        let cache = scene.cache("ubuntu 22.04", 1000);
        cache.save(&mut silent(), &scene.ids, &scene.layers("one")).unwrap();
        let to = scene.layers("two");
        cache.restore(&mut silent(), &scene.ids, &to).unwrap();
        let found = layers(&to, &scene.ids).unwrap();
        let names: Vec<_> = found.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["kouti_a/both", "kouti_a/kept"]);
        let text = fs_err::read_to_string(to.join("kouti_a/kept.toml")).unwrap();
        assert!(text.contains("kept") && !text.contains("types"), "{text}");
        assert!(to.join("kouti_a/store.toml").is_file());
    }

    #[test]
    fn what_is_of_another_system_or_damaged_does_not_come_back() {
        let scene = Scene::new();
        scene.layer("kept", "cache = true", 1);
        let cache = scene.cache("ubuntu 22.04", 1000);
        cache.save(&mut silent(), &scene.ids, &scene.layers("one")).unwrap();
        assert!(scene.restored(&scene.cache("ubuntu 24.04", 1000)).is_empty());
        let ours = scene.root.path().join("cache").join(DIR);
        fs_err::write(ours.join("layers/kouti_a/kept/file"), "longer").unwrap();
        assert!(scene.restored(&cache).is_empty());
        fs_err::write(ours.join("layers/kouti_a/kept/file"), "x").unwrap();
        fs_err::write(ours.join("layers/kouti_a/kept.toml"), "[metadata]\nkey = \"other\"\n")
            .unwrap();
        assert!(scene.restored(&cache).is_empty());
        fs_err::write(ours.join("index.json"), "{").unwrap();
        assert!(scene.restored(&cache).is_empty());
    }

    #[test]
    fn the_largest_layer_gives_way_and_strangers_are_removed() {
        let scene = Scene::new();
        scene.layer("large", "cache = true", 900_000);
        scene.layer("small", "cache = true", 600_000);
        let stranger = scene.root.path().join("cache/npm/x");
        fs_err::create_dir_all(&stranger).unwrap();
        let cache = scene.cache("ubuntu 22.04", 1);
        cache.save(&mut silent(), &scene.ids, &scene.layers("one")).unwrap();
        assert_eq!(scene.restored(&cache), ["kouti_a/small"]);
        assert!(!stranger.exists());
    }
}
