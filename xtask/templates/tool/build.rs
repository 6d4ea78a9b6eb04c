//! Actions: carries a recipe out.

use kouti::{BuildContext, Launch, Log, Problem};
use serde::Serialize;

use crate::app::App;
use crate::recipe::Recipe;

/// Everything that empties the cache when it changes.
#[derive(Serialize)]
struct Key {
    distro: String,
}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let app = App::read(&context.app_dir)?.unwrap_or_default();
    let recipe = Recipe::decide(&app)?;

    let key = Key { distro: context.target.distro_name.clone() };
    let cache = context.layers.cache(log, "tool-cache", key)?;
    // The tool comes from the build image, or from a buildpack before this one.
    context
        .command("make", &context.app_dir, &context.env)
        .args(["install"])
        .env("CACHE", cache)
        .run(log)?;
    Ok(Launch { processes: recipe.processes, ..Launch::default() })
}
