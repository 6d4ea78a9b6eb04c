//! Which files of the app stay in the image.

mod build;
mod settings;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct SourceRemoval;

impl Buildpack for SourceRemoval {
    const NAME: &'static str = "Kouti Source Removal";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        // An empty list of what to keep is probably a mistake, which the build explains.
        let include = settings::INCLUDE.is_set(&context.env);
        let exclude = context.env.given(settings::EXCLUDE.declared.name).is_some();
        if !include && !exclude {
            return Detection::skip("neither BP_INCLUDE_FILES nor BP_EXCLUDE_FILES is set");
        }
        Ok(Detection::pass())
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<SourceRemoval>();
}
