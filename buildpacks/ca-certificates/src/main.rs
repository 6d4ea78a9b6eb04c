//! Certificate authorities from bindings, for the build and for the app.

mod build;
mod detect;
mod settings;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct CaCertificates;

impl Buildpack for CaCertificates {
    const NAME: &'static str = "Kouti CA Certificates";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        Ok(detect::detect(context))
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<CaCertificates>();
}
