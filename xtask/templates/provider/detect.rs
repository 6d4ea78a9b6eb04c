//! The build plan: what this buildpack provides, and what an app requires of it.

use kouti::{Alternative, Context, Detection, Entry, Problem};

use crate::app::{App, FILE};
use crate::recipe::RUNTIME;

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    if App::read(&context.app_dir)?.is_none() {
        return Detection::skip(format!("no {FILE}"));
    }
    let entry = Entry::new(RUNTIME).with("launch", true);
    Ok(Detection::Pass(vec![Alternative::new().provides(RUNTIME).requires(entry)]))
}
