//! Variables of the image from `BPE_*` variables of the build.

mod build;
mod recipe;

use kouti::setting::Declared;
use kouti::{
    Alternative, BuildContext, Buildpack, Context, Detection, Entry, Launch, Log, Problem,
};

const ENVIRONMENT_VARIABLES: &str = "environment-variables";

struct EnvironmentVariables;

impl Buildpack for EnvironmentVariables {
    const NAME: &'static str = "Kouti Environment Variables";
    /// Every name that starts with `BPE_` is one, so they cannot be listed.
    const SETTINGS: &'static [Declared] = &[];

    fn detect(context: &Context) -> Result<Detection, Problem> {
        if recipe::asked(&context.env).next().is_none() {
            return Detection::skip("no variable starts with BPE_");
        }
        let plan = Alternative::new()
            .provides(ENVIRONMENT_VARIABLES)
            .requires(Entry::new(ENVIRONMENT_VARIABLES));
        Ok(Detection::Pass(vec![plan]))
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<EnvironmentVariables>();
}
