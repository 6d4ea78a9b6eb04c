//! PHP for the commands of a build, there as soon as something needs it.
//!
//! A build in which nothing has to run does not unpack it at all.

use std::path::{Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{BuildContext, Env, Layer, LayerEnv, Log, Problem, Scope, Uses};
use serde::Serialize;

use crate::ini::ConfigFiles;
use crate::inventory::Inventory;
use crate::library_links;

/// Directory of the archive within a layer. The platform itself puts `lib` of a layer before the
/// libraries of the system, for every program, so the archive must not lie at the top.
pub(crate) const DIST: &str = "dist";

const LAYER: &str = "php-build";

/// What runs PHP in a build.
pub(crate) struct Toolchain<'a> {
    context: &'a BuildContext,
    php: &'a Artifact,
    downloads: Vec<&'a Artifact>,
    unpacked: Option<PathBuf>,
}

#[derive(Serialize)]
pub(crate) struct Key {
    pub(crate) version: String,
    pub(crate) checksum: String,
}

impl Key {
    pub(crate) fn of(artifact: &Artifact) -> Self {
        Self { version: artifact.version.to_string(), checksum: artifact.checksum.to_string() }
    }
}

impl<'a> Toolchain<'a> {
    /// Nothing is unpacked yet. `downloads` is everything that this build may download.
    pub(crate) fn new(
        context: &'a BuildContext,
        php: &'a Artifact,
        downloads: Vec<&'a Artifact>,
    ) -> Self {
        Self { context, php, downloads, unpacked: None }
    }

    pub(crate) fn php(&self) -> &'a Artifact {
        self.php
    }

    /// Where PHP is unpacked, if something needed it.
    pub(crate) fn unpacked_dir(&self) -> Option<&Path> {
        self.unpacked.as_deref()
    }

    /// Unpacks PHP unless that has happened already.
    pub(crate) fn unpacked(&mut self, log: &mut Log) -> Result<PathBuf, Problem> {
        if let Some(dir) = &self.unpacked {
            return Ok(dir.clone());
        }
        let layer = Layer {
            name: LAYER,
            title: format!("{} for the build", self.php.title()),
            uses: Uses::BUILD,
            key: Key::of(self.php),
            env: LayerEnv::new(),
            sbom: None,
        };
        let made = self.context.layers.ensure(log, &layer, |dir, log| self.unpack(dir, log))?;
        Ok(self.unpacked.insert(made.dir.join(DIST)).clone())
    }

    /// Brings the archive from wherever it is into a layer.
    pub(crate) fn unpack(&self, layer: &Path, log: &mut Log) -> Result<(), Problem> {
        let fetcher = self.context.keeping_fetcher(&self.downloads, log)?;
        fetcher.archive(self.php, &Unpack::into(layer.join(DIST)), log)?;
        Ok(library_links::restore(&layer.join(DIST).join("lib"))?)
    }

    /// Puts a single file of the catalogue to `path`.
    pub(crate) fn file(
        &self,
        artifact: &Artifact,
        path: &Path,
        log: &mut Log,
    ) -> Result<(), Problem> {
        self.context.keeping_fetcher(&self.downloads, log)?.file(artifact, path, true, log)?;
        Ok(())
    }

    /// The variables with which PHP runs here as it will in the image, and the directory of its
    /// configuration. Later buildpacks get them too.
    pub(crate) fn configure(
        &mut self,
        log: &mut Log,
        inventory: &Inventory,
        config: &ConfigFiles,
    ) -> Result<Env, Problem> {
        self.unpacked(log)?;
        let layer = self.context.layers.path(LAYER);
        let config_dir = layer.join("config");
        config.write(&config_dir)?;
        let variables = variables(&layer, inventory, Scope::Build)
            .default_value(Scope::Build, "PHPRC", config_dir.join("etc").to_string_lossy())
            .append(
                Scope::Build,
                "PHP_INI_SCAN_DIR",
                config.scan_dirs(&config_dir, &self.context.app_dir),
                ":",
            )
            .default_value(Scope::Build, "APP_ROOT", self.context.app_dir.to_string_lossy());
        variables.write(&layer)?;
        let mut env = self.context.env.clone();
        variables.apply(&layer, &mut env);
        Ok(env)
    }
}

/// The variables of a layer that holds PHP below [`DIST`].
pub(crate) fn variables(layer: &Path, inventory: &Inventory, scope: Scope) -> LayerEnv {
    let dist = layer.join(DIST);
    let path = |below: &str| dist.join(below).to_string_lossy().into_owned();
    let mut env = LayerEnv::new()
        .prepend(scope, "PATH", format!("{}:{}", path("sbin"), path("bin")), ":")
        .default_value(scope, "PHP_HOME", dist.to_string_lossy())
        .default_value(scope, "PHP_EXTENSION_DIR", path(&inventory.extension_dir));
    if !inventory.api.is_empty() {
        env = env.default_value(scope, "PHP_API", &inventory.api);
    }
    if !inventory.libraries.is_empty() {
        // At the end: in front, they would take the place of the system's for every program.
        env = env.append(scope, "LD_LIBRARY_PATH", path("lib"), ":");
    }
    env
}
