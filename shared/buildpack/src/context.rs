//! What a phase of a buildpack has to work with.

use std::path::{Path, PathBuf};

use kouti_catalog::{Catalog, Date, Target};
use kouti_launch::binding::Bindings;

use crate::setting::BadSetting;
use crate::{Command, Env, Layers, Masks, Plan, Sboms, settings};

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

    /// Whether the run image is known to have no shell: by what the user says of it, or else by the id
    /// of its stack, where it has one. Nothing else of an image tells.
    pub fn lacks_shell(&self) -> Result<bool, BadSetting> {
        lacks_shell(&self.env)
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

fn lacks_shell(env: &Env) -> Result<bool, BadSetting> {
    let kind = settings::RUN_IMAGE_KIND.read(env)?;
    let stack = env.given("CNB_STACK_ID").unwrap_or_default();
    Ok(match kind.as_deref() {
        Some(kind) => ["tiny", "static"].contains(&kind),
        None => [".tiny", ".static"].iter().any(|end| stack.ends_with(end)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_image_counts_more_than_its_stack() {
        let lacks = |kind: &str, stack: &str| {
            let env: Env =
                [("BP_RUN_IMAGE_KIND", kind), ("CNB_STACK_ID", stack)].into_iter().collect();
            lacks_shell(&env).unwrap()
        };
        let (noble, tiny) = ("io.buildpacks.stacks.noble", "io.buildpacks.stacks.noble.tiny");
        assert!(lacks("tiny", "") && lacks("static", noble));
        assert!(lacks("", tiny) && lacks("", "io.buildpacks.stacks.noble.static"));
        assert!(!lacks("", "") && !lacks("", noble) && !lacks("full", tiny));
    }
}
