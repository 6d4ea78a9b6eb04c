//! Whether this buildpack takes part.

use kouti::{Context, Detection, Problem};

use crate::app::{App, FILE};

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    if App::read(&context.app_dir)?.is_none() {
        return Detection::skip(format!("no {FILE}"));
    }
    Ok(Detection::pass())
}
