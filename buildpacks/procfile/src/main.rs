//! Process types from a `Procfile`, a binding or a variable.

mod build;
mod detect;
mod procfile;
mod recipe;
mod settings;
mod shell;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct Procfile;

impl Buildpack for Procfile {
    const NAME: &'static str = "Kouti Procfile";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Procfile>();
}
