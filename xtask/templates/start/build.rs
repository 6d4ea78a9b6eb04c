//! Actions: carries a recipe out.

use kouti::{BuildContext, Launch, Log, Problem};

use crate::app::App;
use crate::recipe::Recipe;

pub(crate) fn build(context: &BuildContext, _: &mut Log) -> Result<Launch, Problem> {
    let app = App::read(&context.app_dir)?.unwrap_or_default();
    let recipe = Recipe::decide(&app)?;
    Ok(Launch { processes: recipe.processes, ..Launch::default() })
}
