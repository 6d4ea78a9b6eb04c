//! A fetcher set up from the settings and bindings of a build.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kouti_catalog::Artifact;
use kouti_fetch::{
    BindingEntry, Credentials, Fetcher, Limits, Mappings, Mirrors, Obstacle, Options, Proxies,
    Trust,
};
use kouti_report::Log;

use crate::setting::{BadSetting, Setting};
use crate::{BuildContext, Context, Problem, settings};

impl BuildContext {
    /// A fetcher for these artifacts that keeps what it downloads in the cached layer `downloads`.
    ///
    /// What comes with the buildpack is at hand in every build; what was downloaded is kept as it
    /// came: smaller than what it unpacks to, and nothing to store again if nothing changed.
    pub fn keeping_fetcher(
        &self,
        artifacts: &[&Artifact],
        log: &mut Log,
    ) -> Result<Fetcher, Problem> {
        let downloaded = artifacts.iter().filter(|artifact| !self.is_packaged(artifact));
        let key: BTreeMap<String, String> = downloaded
            .map(|artifact| (artifact.id.clone(), artifact.checksum.to_string()))
            .collect();
        let keep =
            if key.is_empty() { None } else { Some(self.layers.cache(log, "downloads", key)?) };
        self.fetcher(keep.as_deref(), log)
    }
}

impl Context {
    /// What downloads, verifies and unpacks artifacts for this build.
    ///
    /// `keep` is a directory in which downloads are kept for the next build, usually a layer
    /// with [`crate::Uses::CACHE`]; the user's own `BP_DEPENDENCY_CACHE` takes its place.
    pub fn fetcher(&self, keep: Option<&Path>, log: &mut Log) -> Result<Fetcher, Problem> {
        let env = &self.env;
        let entries = |kind| self.binding_entries(kind);
        let (mirrors, notices) = Mirrors::parse(env.texts(), entries("dependency-mirror"))?;
        let (mappings, more_notices) = Mappings::parse(entries("dependency-mapping"))?;
        for notice in notices.into_iter().chain(more_notices) {
            log.warn(notice);
        }
        let cache = settings::DEPENDENCY_CACHE.read(env)?.map(Into::into);
        // Where all is at hand, nobody is stopped by what says how to download.
        let (limits, limits_error) = either(self.limits());
        let (proxies, proxies_error) = either(Proxies::parse(env.texts()));
        Ok(Fetcher::new(Options {
            user_agent: format!("{}/{}", self.id, self.version),
            offline_store: Some(self.buildpack_dir.join("dependencies")),
            cache: cache.or_else(|| keep.map(Path::to_owned)),
            offline: settings::OFFLINE.read(env)?,
            mirrors,
            mappings,
            credentials: Credentials::parse(entries("dependency-auth"))?,
            proxies,
            trust: self.trust()?,
            limits,
            obstacle: limits_error.or(proxies_error),
        }))
    }

    /// Whether an artifact came with the buildpack, so that getting it costs next to nothing.
    #[must_use]
    pub fn is_packaged(&self, artifact: &Artifact) -> bool {
        let checksum = &artifact.checksum;
        let store = self.buildpack_dir.join("dependencies");
        store.join(checksum.algorithm.name()).join(&checksum.hex).is_file()
    }

    /// All entries of all bindings of one type whose value is text.
    fn binding_entries(&self, kind: &str) -> Vec<BindingEntry<'_>> {
        self.bindings
            .find(kind)
            .into_iter()
            .flat_map(|binding| {
                binding.keys().filter_map(|key| {
                    let value = binding.text(key)?;
                    Some(BindingEntry { binding: &binding.name, key, value })
                })
            })
            .collect()
    }

    fn trust(&self) -> Result<Trust, Problem> {
        let mut files = Vec::new();
        for binding in self.bindings.find("ca-certificates") {
            for key in binding.keys() {
                if let Some(file) = binding.file(key)? {
                    files.push(file.keep());
                }
            }
        }
        Ok(Trust::new(self.env.get("SSL_CERT_FILE"), self.env.get("SSL_CERT_DIR"), files))
    }

    fn limits(&self) -> Result<Limits, BadSetting> {
        // Zero is no limit.
        let seconds = |setting: Setting<u64>| {
            let count = setting.read(&self.env)?;
            Ok((count > 0).then(|| Duration::from_secs(count)))
        };
        let count = |setting: Setting<u64>| Ok(setting.read(&self.env)?.max(1));
        Ok(Limits {
            connect: seconds(settings::DIALER_TIMEOUT)?,
            keep_alive: seconds(settings::DIALER_KEEP_ALIVE)?,
            tls_handshake: seconds(settings::TLS_HANDSHAKE_TIMEOUT)?,
            response_header: seconds(settings::RESPONSE_HEADER_TIMEOUT)?,
            stall: seconds(settings::DOWNLOAD_STALL_TIMEOUT)?,
            attempts: u32::try_from(count(settings::DOWNLOAD_ATTEMPTS)?).unwrap_or(u32::MAX),
            concurrency: usize::try_from(count(settings::DOWNLOAD_CONCURRENCY)?)
                .unwrap_or(usize::MAX),
            ..Limits::default()
        })
    }
}

/// A value to go on with, and the error in place of it.
fn either<T: Default, E: Into<Obstacle>>(result: Result<T, E>) -> (T, Option<Obstacle>) {
    match result {
        Ok(value) => (value, None),
        Err(error) => (T::default(), Some(error.into())),
    }
}
