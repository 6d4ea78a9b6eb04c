//! Node.js for the commands of a build, there as soon as the first of them runs.
//!
//! A build in which nothing has to run does not unpack it at all.

use std::path::{Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{BuildContext, Env, Layer, LayerEnv, Log, Problem, Scope, Uses};
use serde::Serialize;

use crate::environment::{self, Directories, system_trust};
use crate::failure::{Step, explain};

/// What runs npm and the scripts of the app.
pub struct Toolchain<'a> {
    context: &'a BuildContext,
    node: &'a Artifact,
    ready: Option<Ready>,
}

struct Ready {
    node_dir: PathBuf,
    env: Env,
}

#[derive(Serialize)]
struct Key<'a> {
    version: &'a str,
    checksum: String,
}

impl<'a> Toolchain<'a> {
    /// Nothing is installed yet.
    #[must_use]
    pub fn new(context: &'a BuildContext, node: &'a Artifact) -> Self {
        Self { context, node, ready: None }
    }

    /// Where Node.js is unpacked, if something needed it.
    #[must_use]
    pub fn node_dir(&self) -> Option<&Path> {
        self.ready.as_ref().map(|ready| ready.node_dir.as_path())
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
        command.run(log).map_err(|failed| explain(failed, step))
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
            },
            env: build_env(self.node, &context.layers.path("node-build")),
            sbom: None,
        };
        let node = context
            .layers
            .ensure(log, &layer, |dir, log| unpack(context, self.node, &Unpack::into(dir), log))?;
        // npm's cache has been readable by every npm so far, but nobody promises it.
        let npm_cache =
            context.layers.cache(log, "npm-cache", ToolKey { node: self.node.version.major() })?;

        let directories = Directories { npm_cache, node: node.dir.clone() };
        let mut env = environment::for_commands(&context.env, &directories);
        node.apply(&mut env);
        Ok(Ready { node_dir: node.dir, env })
    }
}

#[derive(Serialize)]
struct ToolKey {
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

/// Brings Node.js from wherever it is.
pub(crate) fn unpack(
    context: &BuildContext,
    node: &Artifact,
    unpack: &Unpack<'_>,
    log: &mut Log,
) -> Result<(), Problem> {
    // What comes with the buildpack is at hand in every build; what was downloaded is kept
    // as it came: a third of the size, and nothing to store again if nothing changed.
    let keep = if context.is_packaged(node) {
        None
    } else {
        let key = Key { version: &node.version.to_string(), checksum: node.checksum.to_string() };
        Some(context.layers.cache(log, "downloads", key)?)
    };
    context.fetcher(keep.as_deref(), log)?.archive(node, unpack, log)?;
    Ok(())
}
