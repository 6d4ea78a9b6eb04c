//! watchexec, for languages that restart an app when its files change.

mod build;
mod settings;

use kouti::setting::Declared;
use kouti::{Alternative, BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

const WATCHEXEC: &str = "watchexec";

struct Watchexec;

impl Buildpack for Watchexec {
    const NAME: &'static str = "Kouti watchexec";
    const SETTINGS: &'static [Declared] = settings::ALL;

    /// Offers it; where nobody requires it, the platform leaves this buildpack out.
    fn detect(_: &Context) -> Result<Detection, Problem> {
        Ok(Detection::Pass(vec![Alternative::new().provides(WATCHEXEC)]))
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Watchexec>();
}
