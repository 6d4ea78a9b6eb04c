//! Node.js for the commands of a build, there as soon as the first of them runs.
//!
//! A build in which nothing has to run does not unpack it at all.

use std::path::{Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{BuildContext, Env, Layer, LayerEnv, Log, Problem, Scope, Uses};
use serde::Serialize;

use crate::environment::{self, system_trust};
use crate::failure::{Step, explain};
use crate::manager::Places;
use crate::project::Project;
use crate::rc_files::RcFiles;
use crate::steps::Steps;

/// What runs the package manager and the scripts of the app.
pub struct Toolchain<'a> {
    context: &'a BuildContext,
    node: &'a Artifact,
    steps: &'a Steps,
    project: &'a Project,
    headers: bool,
    ready: Option<Ready>,
}

struct Ready {
    node_dir: PathBuf,
    manager_dir: Option<PathBuf>,
    env: Env,
    // Its files are gone with it.
    _rc_files: RcFiles,
}

#[derive(Serialize)]
struct Key<'a> {
    version: &'a str,
    checksum: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    headers: bool,
}

impl<'a> Toolchain<'a> {
    /// Nothing is installed yet.
    #[must_use]
    pub fn new(
        context: &'a BuildContext,
        node: &'a Artifact,
        steps: &'a Steps,
        project: &'a Project,
    ) -> Self {
        Self { context, node, steps, project, headers: steps.may_compile(), ready: None }
    }

    /// With what compilers need of Node.js, even if nothing here compiles.
    #[must_use]
    pub fn with_headers(self) -> Self {
        Self { headers: true, ..self }
    }

    /// Where Node.js is unpacked, if something needed it.
    #[must_use]
    pub fn node_dir(&self) -> Option<&Path> {
        self.ready.as_ref().map(|ready| ready.node_dir.as_path())
    }

    /// Where the package manager is, if something needed it and it is not part of Node.js.
    #[must_use]
    pub fn manager_dir(&self) -> Option<&Path> {
        self.ready.as_ref().and_then(|ready| ready.manager_dir.as_deref())
    }

    /// What an install makes, as far as it is there.
    pub(crate) fn trees(&self) -> Vec<PathBuf> {
        self.steps.manager.kind.manager().trees(self.project, &self.steps.sources)
    }

    /// Whether scripts of the app follow once its packages are there.
    pub(crate) fn runs_scripts(&self) -> bool {
        !(self.steps.scripts.root.is_empty() && self.steps.scripts.build.is_empty())
    }

    /// Runs a command in `dir`; its program is looked for in Node.js first.
    pub fn run(
        &mut self,
        log: &mut Log,
        dir: &Path,
        words: &[&str],
        step: Step<'_>,
    ) -> Result<(), Problem> {
        let (program, args) = words.split_first().unwrap_or((&"node", &[]));
        let context = self.context;
        let env = &self.ready(log)?.env;
        let command = context.command(program, dir, env).args(args.iter().copied());
        command.run(log).map_err(|failed| explain(failed, step, self.steps.manager.kind))
    }

    /// Runs a script of `package.json` in `dir`.
    pub fn run_script(&mut self, log: &mut Log, dir: &Path, script: &str) -> Result<(), Problem> {
        let words = self.steps.manager.kind.manager().run(script);
        self.run(log, dir, &words, Step::Script(script))
    }

    /// Installs Node.js, for the commands of this buildpack and of later ones.
    pub fn install(&mut self, log: &mut Log) -> Result<(), Problem> {
        self.ready(log).map(|_| ())
    }

    fn ready(&mut self, log: &mut Log) -> Result<&Ready, Problem> {
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => self.prepare(log)?,
        };
        Ok(self.ready.insert(ready))
    }

    fn prepare(&self, log: &mut Log) -> Result<Ready, Problem> {
        let context = self.context;
        let layer = Layer {
            name: "node-build",
            title: format!("{} for the build", self.node.title()),
            uses: Uses::BUILD,
            key: Key {
                version: &self.node.version.to_string(),
                checksum: self.node.checksum.to_string(),
                headers: self.headers,
            },
            env: build_env(self.node, &context.layers.path("node-build")),
            sbom: None,
        };
        let node = context.layers.ensure(log, &layer, |dir, log| {
            // Headers are more than half of the files, and a third of the bytes.
            let wanted = |path: &Path| self.headers || !path.starts_with("include");
            unpack(context, NODE_DOWNLOAD, self.node, &Unpack::into(dir).keep(wanted), log)
        })?;
        let manager = self.steps.manager.kind.manager();
        // Such caches have been readable by every version so far, but nobody promises it.
        let line = self.steps.manager.version.as_ref().unwrap_or(&self.node.version).major();
        let cache = context.layers.cache(log, manager.cache(), CacheKey { node: line })?;

        let rc_files = RcFiles::read(context)?;
        if let Some(remark) = rc_files.remark(self.steps.manager.kind) {
            log.warn(remark);
        }
        let mut env = context.env.clone();
        rc_files.apply(&mut env);
        let mut env = environment::for_commands(&env, &node.dir, &self.node.version);
        let places = Places { cache, node: node.dir.clone() };
        manager.environment(&mut env, &places, &self.steps.order(self.project));
        node.apply(&mut env);
        // Modules are compiled with the node-gyp of npm: others would download one.
        env.append("PATH", node.dir.join("lib/node_modules/npm/bin/node-gyp-bin"), ":");
        let made = self.steps.manager.install(context, log, self.project, self.node, &env)?;
        if let Some(made) = &made {
            made.apply(&mut env);
        }
        let manager_dir = made.map(|made| made.dir);
        Ok(Ready { node_dir: node.dir, manager_dir, env, _rc_files: rc_files })
    }
}

#[derive(Serialize)]
struct CacheKey {
    node: u64,
}

/// What later buildpacks see.
fn build_env(node: &Artifact, dir: &Path) -> LayerEnv {
    let (trust, value) = system_trust(&node.version);
    LayerEnv::new()
        .default_value(Scope::Build, "NODE_HOME", dir.to_string_lossy())
        .default_value(Scope::Build, "NODE_ENV", "production")
        .default_value(Scope::Build, "NODE_VERBOSE", "false")
        .default_value(Scope::Build, trust, value)
        .default_value(Scope::Build, "SSL_CERT_DIR", "/etc/ssl/certs")
}

/// The layer that keeps the archive of Node.js.
pub(crate) const NODE_DOWNLOAD: &str = "downloads";

/// Brings an archive from wherever it is; a download is kept in the layer `kept`.
pub(crate) fn unpack(
    context: &BuildContext,
    kept: &'static str,
    artifact: &Artifact,
    unpack: &Unpack<'_>,
    log: &mut Log,
) -> Result<(), Problem> {
    let keep = keep(context, kept, artifact, log)?;
    context.fetcher(keep.as_deref(), log)?.archive(artifact, unpack, log)?;
    Ok(())
}

/// Where an artifact is kept as it came: a third of the size, and nothing to store again if
/// nothing changed. What comes with the buildpack is at hand in every build anyway.
pub(crate) fn keep(
    context: &BuildContext,
    layer: &'static str,
    artifact: &Artifact,
    log: &mut Log,
) -> Result<Option<PathBuf>, Problem> {
    if context.is_packaged(artifact) {
        return Ok(None);
    }
    let version = artifact.version.to_string();
    let checksum = artifact.checksum.to_string();
    let key = Key { version: &version, checksum, headers: false };
    context.layers.cache(log, layer, key).map(Some)
}
