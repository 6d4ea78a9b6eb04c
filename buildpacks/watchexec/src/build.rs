//! Installs the program.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kouti::fetch::Unpack;
use kouti::{
    BuildContext, Explain, Fault, Launch, Layer, LayerEnv, Log, Problem, Scope, Uses, sha256,
};
use kouti_watchexec::{PATHS, REAL};
use serde::Serialize;

use crate::{WATCHEXEC, settings};

#[derive(Serialize)]
struct Key {
    checksum: String,
    front: String,
}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    if !context.catalog.artifacts.iter().any(|artifact| artifact.id == WATCHEXEC) {
        return Err(NoWatchexec.into());
    }
    let choice = context.choose(WATCHEXEC, WATCHEXEC, &[])?;
    context.explain_choice(log, &choice, kouti::settings::EOL_POLICY.read(&context.env)?)?;

    let artifact = &choice.artifact;
    let front = fs_err::read(context.buildpack_dir.join("bin/helper"))?;
    let paths = settings::PATHS.read(&context.env)?;
    let env = paths
        .into_iter()
        .fold(LayerEnv::new(), |env, paths| env.default_value(Scope::Launch, PATHS, paths));
    let layer = Layer {
        name: WATCHEXEC,
        title: artifact.title(),
        // Who only says that it is needed means the app.
        uses: Uses { build: context.plan.any(WATCHEXEC, "build"), ..Uses::LAUNCH },
        key: Key { checksum: artifact.checksum.to_string(), front: sha256(&front) },
        env,
        sbom: Some(context.document(artifact)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        // What is in `bin` is on the PATH: a program that calls the real one.
        let libexec = dir.join(Path::new(REAL).parent().unwrap_or(Path::new("")));
        let unpack = Unpack::split([libexec, dir.join("licence")], |path| {
            let names = ["watchexec", "LICENSE"];
            names.iter().position(|name| path == Path::new(name))
        });
        context.fetcher(None, log)?.archive(artifact, &unpack, log)?;
        let bin = dir.join("bin");
        fs_err::create_dir(&bin)?;
        fs_err::write(bin.join(WATCHEXEC), &front)?;
        fs_err::set_permissions(bin.join(WATCHEXEC), Permissions::from_mode(0o755))?;
        Ok(())
    })?;
    Ok(Launch::default())
}

/// This package was made without the program.
#[derive(Debug, thiserror::Error)]
#[error("this builder has no watchexec, which live reload needs")]
struct NoWatchexec;

impl Explain for NoWatchexec {
    fn id(&self) -> &'static str {
        "no-watchexec"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "leave BP_LIVE_RELOAD_ENABLED out".to_owned(),
            "use a builder whose kouti/watchexec has its program: one for the public profile"
                .to_owned(),
        ]
    }
}
