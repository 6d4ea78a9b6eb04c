//! Writes the variables into a layer.

use kouti::{BuildContext, Launch, Layer, Log, Problem, Uses};
use serde::Serialize;

use crate::ENVIRONMENT_VARIABLES;
use crate::recipe::Recipe;

/// The variables themselves are part of what every layer depends on.
#[derive(Serialize)]
struct Key {}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let recipe = Recipe::decide(&context.env)?;

    log.step("Setting variables of the image");
    let masks = context.masks();
    let row = |row: &[String; 3]| {
        let [name, action, value] = row;
        [name.clone(), action.clone(), masks.mask(value).replace('\n', "\\n")]
    };
    log.table(&recipe.rows.iter().map(row).collect::<Vec<_>>());
    if recipe.overrides {
        log.detail("`docker run --env` can change defaults only");
    }
    for notice in recipe.notices {
        log.warn(notice);
    }

    let layer = Layer {
        name: ENVIRONMENT_VARIABLES,
        title: "environment of the app".to_owned(),
        uses: Uses::LAUNCH,
        key: Key {},
        env: recipe.env,
        sbom: None,
    };
    context.layers.ensure(log, &layer, |_, _| Ok(()))?;
    Ok(Launch::default())
}
