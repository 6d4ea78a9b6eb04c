//! Caches of tools: what the next build may find and no result may depend on.

use std::path::PathBuf;

use kouti_report::{Log, bytes};
use serde::Serialize;
use toml::Value;

use super::{
    CacheRule, Layer, LayerToml, Layers, Types, Uses, check_name, differences, size_of,
    wanted_metadata,
};
use crate::{LayerEnv, Problem};

/// Tells a cache from other layers when it comes back: what a layer is for is not kept between builds.
const MARK: &str = "cache";

impl Layers {
    /// A directory whose content the next build gets back: the cache of a tool.
    ///
    /// Emptied when `key` changes, and only that is shown. Whatever is in it afterwards must not
    /// matter for the result of a build. The entry empties it at the end of a build if it has
    /// grown too large.
    pub fn cache<K: Serialize>(
        &self,
        log: &mut Log,
        name: &'static str,
        key: K,
    ) -> Result<PathBuf, Problem> {
        check_name(name)?;
        let forget = self.cache_rule()?.forget;
        let title = name.replace('-', " ");
        let layer = Layer { name, title, uses: Uses::CACHE, key, env: LayerEnv::new(), sbom: None };
        let mut wanted = wanted_metadata(&layer, layer.uses)?;
        wanted.insert(MARK.to_owned(), Value::Boolean(true));
        let found = self.metadata(name);
        if forget || found.as_ref() != Some(&wanted) {
            if let Some(found) = found.filter(|_| !forget) {
                let reasons = differences(&found, &wanted).join(", ");
                log.step(&format!("Emptying {}: {reasons}", layer.title));
            }
            self.discard(name)?;
        }
        let dir = self.path(name);
        fs_err::create_dir_all(&dir)?;
        // The marker makes an empty cache a layer with content, which the lifecycle insists on.
        fs_err::write(dir.join(".kouti"), "")?;
        self.seal(&layer, layer.uses, wanted)?;
        Ok(dir)
    }

    /// Bounds the caches, and hands those on that this build did not need.
    pub(crate) fn settle_caches(&self, log: &mut Log) -> Result<(), Problem> {
        let found = self.found_caches()?;
        if found.is_empty() {
            return Ok(());
        }
        let CacheRule { forget, limit } = *self.cache_rule()?;
        let (kept, untouched): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|cache| cache.layer.types.cache);
        for Cache { name, .. } in &kept {
            let size = size_of(&self.path(name));
            if forget {
                self.discard(name)?;
            } else if size > limit {
                log.step(&format!(
                    "Emptying {}: {} is more than BP_CACHE_MAX_MB allows",
                    name.replace('-', " "),
                    bytes(size)
                ));
                self.discard(name)?;
            }
        }
        let tool_ran = kept.iter().any(Cache::is_of_a_tool);
        // Where nothing had to be installed no tool ran, and the next change should still find what they have kept.
        // Where one ran, the others are those of a tool that the app has given up.
        if !tool_ran && !forget {
            for Cache { name, layer } in untouched {
                let types = Types { cache: true, ..Types::default() };
                let layer = LayerToml { types, ..layer };
                let text = toml::to_string(&layer).map_err(anyhow::Error::from)?;
                fs_err::write(self.toml(&name), text)?;
            }
        }
        Ok(())
    }

    /// All that this build keeps for the next one alone, and caches of tools that the last one has left.
    fn found_caches(&self) -> Result<Vec<Cache>, Problem> {
        let mut found = Vec::new();
        for entry in fs_err::read_dir(self.dir())? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            let (Some(name), true) = (name, path.extension().is_some_and(|e| e == "toml")) else {
                continue;
            };
            // Files of the lifecycle are there too.
            let Ok(layer) = toml::from_str::<LayerToml>(&fs_err::read_to_string(&path)?) else {
                continue;
            };
            let Types { build, launch, cache } = layer.types;
            let found_here = Cache { name: name.to_owned(), layer };
            let is_left = !cache && found_here.is_of_a_tool() && self.path(name).is_dir();
            if !build && !launch && (cache || is_left) {
                found.push(found_here);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}

struct Cache {
    name: String,
    layer: LayerToml,
}

impl Cache {
    /// Made by [`Layers::cache`], and not by [`Layers::ensure`].
    fn is_of_a_tool(&self) -> bool {
        self.layer.metadata.contains_key(MARK)
    }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::super::tests::*;
    use super::*;
    use crate::{Env, settings};

    fn settle(layers: &Layers, forget: bool, limit: u64) {
        let rule = Ok(CacheRule { forget, limit });
        layers.clone().caches(rule).settle_caches(&mut silent()).unwrap();
    }

    #[test]
    fn a_cache_survives_until_its_key_changes() {
        let (_dir, layers) = in_temp_dir(false);
        let cache = |version: &str| {
            let key = std::collections::BTreeMap::from([("npm", version.to_owned())]);
            layers.cache(&mut silent(), "npm-cache", key).unwrap()
        };
        fs_err::write(cache("10").join("package"), "").unwrap();
        assert!(cache("10").join("package").exists());
        assert!(!cache("11").join("package").exists());
    }

    #[test]
    fn a_cache_that_has_grown_too_large_is_emptied() {
        let (_dir, layers) = in_temp_dir(false);
        let dir = layers.cache(&mut silent(), "npm-cache", Table::new()).unwrap();
        fs_err::create_dir(dir.join("deep")).unwrap();
        fs_err::write(dir.join("deep/package"), [0; 100]).unwrap();
        ensure(&layers, &layer("22", Uses::LAUNCH));

        settle(&layers, false, 100);
        assert!(dir.exists());
        settle(&layers, false, 99);
        assert!(!dir.exists() && !layers.toml("npm-cache").exists());
        assert!(layers.toml("node").exists(), "what the app needs is no cache");
    }

    #[test]
    fn caches_can_be_switched_off() {
        let (_dir, layers) = in_temp_dir(false);
        let layers = layers.caches(Ok(CacheRule { forget: true, limit: u64::MAX }));
        let dir = layers.cache(&mut silent(), "npm-cache", Table::new()).unwrap();
        fs_err::write(dir.join("package"), "").unwrap();
        let dir = layers.cache(&mut silent(), "npm-cache", Table::new()).unwrap();
        assert!(!dir.join("package").exists());
        settle(&layers, true, u64::MAX);
        assert!(!dir.exists());
    }

    #[test]
    fn results_that_are_kept_for_the_next_build_are_bounded_too_and_no_sign_of_a_tool() {
        let (_dir, layers) = in_temp_dir(false);
        layers.cache(&mut silent(), "maven-cache", Table::new()).unwrap();
        restored(&layers, "maven-cache");
        ensure(&layers, &layer("22", Uses::CACHE));
        settle(&layers, false, u64::MAX);
        assert!(types_of(&layers, "maven-cache").2, "no tool has run");
        assert!(types_of(&layers, "node").2);

        settle(&layers, true, u64::MAX);
        assert!(!layers.path("node").exists());
    }

    #[test]
    fn caches_that_a_build_did_not_need_are_there_for_the_next_one() {
        let (_dir, layers) = in_temp_dir(false);
        let made = |name| layers.cache(&mut silent(), name, Table::new()).unwrap();
        let settle = || settle(&layers, false, u64::MAX);
        for name in ["npm-cache", "downloads"] {
            fs_err::write(made(name).join("package"), "").unwrap();
        }
        settle();

        // Nothing had to be installed.
        for name in ["npm-cache", "downloads"] {
            restored(&layers, name);
        }
        settle();
        assert_eq!(["npm-cache", "downloads"].map(|name| types_of(&layers, name).2), [true; 2]);

        // Another tool is used.
        for name in ["npm-cache", "downloads"] {
            restored(&layers, name);
        }
        made("yarn-cache");
        settle();
        assert_eq!(
            ["npm-cache", "yarn-cache"].map(|name| types_of(&layers, name).2),
            [false, true]
        );
        assert!(made("npm-cache").join("package").exists(), "it was restored, and may be used");
    }

    #[test]
    fn a_wrong_size_is_said_before_the_work_and_only_to_who_keeps_caches() {
        let (_dir, layers) = in_temp_dir(false);
        let env: Env = [("BP_CACHE_MAX_MB", "2 GB")].into_iter().collect();
        let layers = layers.caches(settings::caches(&env));
        ensure(&layers, &layer("22", Uses::LAUNCH));
        layers.settle_caches(&mut silent()).unwrap();
        let problem = layers.cache(&mut silent(), "npm-cache", Table::new()).unwrap_err();
        assert_eq!(
            problem.summary,
            "BP_CACHE_MAX_MB is set to `2 GB`, which is not a whole number"
        );
        assert!(!layers.path("npm-cache").exists());
    }
}
