//! Installs the program.

use std::path::Path;

use kouti::fetch::Unpack;
use kouti::{BuildContext, Explain, Fault, Launch, Layer, LayerEnv, Log, Problem, Uses, settings};
use serde::Serialize;

use crate::WATCHEXEC;

#[derive(Serialize)]
struct Key {
    checksum: String,
}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    if !context.catalog.artifacts.iter().any(|artifact| artifact.id == WATCHEXEC) {
        return Err(NoWatchexec.into());
    }
    let choice = context.choose(WATCHEXEC, WATCHEXEC, &[])?;
    context.explain_choice(log, &choice, settings::EOL_POLICY.read(&context.env)?)?;

    let artifact = &choice.artifact;
    let layer = Layer {
        name: WATCHEXEC,
        title: artifact.title(),
        // Who only says that it is needed means the app.
        uses: Uses { build: context.plan.any(WATCHEXEC, "build"), ..Uses::LAUNCH },
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new(),
        sbom: Some(context.document(artifact)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        // The program and its licence; what is in `bin` is on the PATH.
        let unpack = Unpack::split([dir.join("bin"), dir.join("licence")], |path| {
            let names = ["watchexec", "LICENSE"];
            names.iter().position(|name| path == Path::new(name))
        });
        context.fetcher(None, log)?.archive(artifact, &unpack, log)?;
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
