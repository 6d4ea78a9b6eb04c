//! Caches that a tool keeps for itself: downloads of npm, Composer, Maven.

use std::io;
use std::path::{Path, PathBuf};

use kouti_report::{Log, bytes};
use serde::Serialize;

use crate::{BuildContext, Layer, LayerEnv, Problem, Uses, settings};

impl BuildContext {
    /// A directory for a tool to fill, which the next build gets back.
    ///
    /// Begins empty when `key` has changed (put in what the tool cannot cope with itself:
    /// its major version, not a lockfile) and when it has grown beyond `BP_CACHE_MAX_MB`. With
    /// `BP_CACHE_DISABLED` it always begins empty and is not kept.
    pub fn tool_cache<K: Serialize>(
        &self,
        log: &mut Log,
        name: &'static str,
        title: &str,
        key: &K,
    ) -> Result<PathBuf, Problem> {
        let layers = &self.layers;
        if settings::CACHE_DISABLED.read(&self.env)? {
            layers.discard(name)?;
            let dir = layers.path(name);
            fs_err::create_dir_all(&dir)?;
            return Ok(dir);
        }
        let limit = settings::CACHE_MAX_MB.read(&self.env)?.saturating_mul(1_000_000);
        let size = size(&layers.path(name))?;
        if size > limit {
            log.step(&format!("Emptying {title}: {} are more than BP_CACHE_MAX_MB", bytes(size)));
            layers.discard(name)?;
        }
        let layer = Layer {
            name,
            title: title.to_owned(),
            uses: Uses::CACHE,
            key,
            env: LayerEnv::new(),
            sbom: None,
        };
        layers.keep(log, &layer)
    }
}

/// Size of all files below `dir`; nothing if there is no such directory.
fn size(dir: &Path) -> io::Result<u64> {
    let entries = match fs_err::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut sum = 0;
    for entry in entries {
        let metadata = entry?;
        let kind = metadata.file_type()?;
        sum += if kind.is_dir() { size(&metadata.path())? } else { metadata.metadata()?.len() };
    }
    Ok(sum)
}
