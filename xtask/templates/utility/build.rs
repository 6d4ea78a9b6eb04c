//! Actions: carries a recipe out.

use kouti::{BuildContext, Launch, Layer, Log, Problem, Uses};
use serde::Serialize;

use crate::app;
use crate::recipe::Recipe;

/// The variables of a layer are part of what it depends on anyway.
#[derive(Serialize)]
struct Key {}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let text = app::read(&context.app_dir)?.unwrap_or_default();
    let recipe = Recipe::decide(&text)?;
    let layer = Layer {
        name: "variables",
        title: "variables of the app".to_owned(),
        uses: Uses::LAUNCH,
        key: Key {},
        env: recipe.env,
        sbom: None,
    };
    context.layers.ensure(log, &layer, |_, _| Ok(()))?;
    Ok(Launch::default())
}
