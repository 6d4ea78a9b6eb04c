//! The buildpack `kouti/nginx`: nginx for the app's own configuration, for a generated one, or for
//! another buildpack.
//!
//! One build as data sees it: `app` reads facts, `recipe` decides, `site_conf` writes down what a
//! generated configuration says, `build` acts.

mod app;
mod build;
mod check;
mod processes;
mod recipe;
mod settings;
mod site_conf;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct Nginx;

impl Buildpack for Nginx {
    const NAME: &'static str = "Kouti nginx";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        settings::NGINX.detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Nginx>();
}
