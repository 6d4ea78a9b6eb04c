//! The buildpack `kouti/nodejs`: makes an image of a Node.js app.
//!
//! One build as data sees it: `app` reads facts, `settings` what the user wants,
//! `recipe` decides, `build` acts.

mod app;
mod build;
mod detect;
mod framework;
mod frontend;
mod next;
mod package_managers;
mod processes;
mod recipe;
mod script;
mod security;
mod settings;
mod start;
mod web_root;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct Nodejs;

impl Buildpack for Nodejs {
    const NAME: &'static str = "Kouti Node.js";
    const SETTINGS: &'static [Declared] = settings::ALL;
    const LANGUAGE: Option<&'static str> = Some("nodejs");

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Nodejs>();
}
