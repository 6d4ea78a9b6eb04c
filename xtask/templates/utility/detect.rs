//! Whether this buildpack takes part.

use kouti::{Context, Detection, Problem};

use crate::app::{self, FILE};

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    if app::read(&context.app_dir)?.is_none() {
        return Detection::skip(format!("no {FILE}"));
    }
    Ok(Detection::pass())
}
