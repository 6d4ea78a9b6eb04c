//! The buildpack `kouti/node-engine`: Node.js for buildpacks of other languages.
//!
//! It installs what others require, builds the assets of their app if that is asked for,
//! and starts nothing.

mod build;
mod detect;
mod recipe;
mod settings;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct NodeEngine;

impl Buildpack for NodeEngine {
    const NAME: &'static str = "Kouti Node Engine";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<NodeEngine>();
}
