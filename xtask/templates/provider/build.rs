//! Actions: carries a recipe out.

use kouti::fetch::Unpack;
use kouti::{BuildContext, Launch, Layer, LayerEnv, Log, Problem, Uses, settings};
use serde::Serialize;

use crate::app::App;
use crate::recipe::Recipe;

/// Everything that the content of the layer depends on.
#[derive(Serialize)]
struct Key {
    checksum: String,
}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let app = App::read(&context.app_dir)?.unwrap_or_default();
    let recipe = Recipe::decide(&app, &context.catalog, &context.target)?;
    context.explain_choice(log, &recipe.runtime, settings::EOL_POLICY.read(&context.env)?)?;

    let artifact = &recipe.runtime.artifact;
    let layer = Layer {
        name: "runtime",
        title: artifact.title(),
        uses: Uses::LAUNCH,
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new(),
        sbom: Some(context.document(artifact)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        // What is in `bin` is on the PATH of the app.
        context.fetcher(None, log)?.archive(artifact, &Unpack::into(dir), log)?;
        Ok(())
    })?;
    Ok(Launch { processes: recipe.processes, ..Launch::default() })
}
