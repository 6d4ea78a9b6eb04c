//! The buildpack `kouti/{{name}}`.
//!
//! Read it in this order: `app` has the facts, `recipe` decides, `build` acts.

mod app;
mod build;
mod detect;
mod recipe;
mod settings;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct {{Type}};

impl Buildpack for {{Type}} {
    const NAME: &'static str = "Kouti {{title}}";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<{{Type}}>();
}
