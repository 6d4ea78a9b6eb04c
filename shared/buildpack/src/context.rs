//! What a phase of a buildpack has to work with.

use std::path::{Path, PathBuf};

use kouti_catalog::{Catalog, Date, Target};
use kouti_launch::binding::Bindings;

use crate::{Command, Env, Layers, Masks, Plan, Sboms};

/// Surroundings of one phase. Everything a buildpack knows of the world comes from here.
#[derive(Clone, Debug)]
pub struct Context {
    /// `kouti/nodejs`.
    pub id: String,
    /// Version of this buildpack.
    pub version: String,
    /// The user's source.
    pub app_dir: PathBuf,
    /// Where this buildpack is unpacked; read-only.
    pub buildpack_dir: PathBuf,
    /// Variables of the user, the operator and earlier buildpacks.
    pub env: Env,
    /// What the image is built for.
    pub target: Target,
    /// What this buildpack can install.
    pub catalog: Catalog,
    /// Secrets and settings bound to this build.
    pub bindings: Bindings,
    /// The day of the build, for the end of support only: it must not reach a layer.
    pub today: Date,
}

/// [`Context`] of the build phase.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// What both phases have.
    pub context: Context,
    /// Entries that reached this buildpack.
    pub plan: Plan,
    /// Its layers.
    pub layers: Layers,
    /// How SBOMs are written.
    pub sboms: Sboms,
}

impl std::ops::Deref for BuildContext {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Context {
    /// `kouti/nodejs 0.1.0`, for messages and as user agent `kouti/nodejs/0.1.0`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.id, self.version)
    }

    /// The same surroundings with other variables, such as those that a foreign file stands for.
    #[must_use]
    pub fn with_env(&self, env: Env) -> Self {
        Self { env, ..self.clone() }
    }

    /// A command whose output and echo show no secret of this build.
    #[must_use]
    pub fn command(&self, program: &str, dir: &Path, env: &Env) -> Command {
        Command::new(program, dir, env).masks(self.masks())
    }

    /// The texts that must never be shown: values of secret variables and of bindings.
    #[must_use]
    pub fn masks(&self) -> Masks {
        let mut masks = Masks::from_env(&self.env);
        for binding in self.bindings.iter() {
            for secret in binding.secrets() {
                masks.add(&secret);
            }
        }
        masks
    }
}
