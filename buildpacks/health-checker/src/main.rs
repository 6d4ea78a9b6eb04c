//! A small program in the image that tells whether the app answers.

mod build;
mod settings;

use kouti::setting::Declared;
use kouti::{
    Alternative, BuildContext, Buildpack, Context, Detection, Entry, Launch, Log, Problem,
};

/// Name of the plan entry, as other buildpacks know it.
const HEALTH_CHECKER: &str = "hc";

struct HealthChecker;

impl Buildpack for HealthChecker {
    const NAME: &'static str = "Kouti Health Checker";
    const SETTINGS: &'static [Declared] = settings::ALL;

    /// Offers it; where nobody requires it, the platform leaves this buildpack out.
    fn detect(context: &Context) -> Result<Detection, Problem> {
        let mut plan = Alternative::new().provides(HEALTH_CHECKER);
        if settings::ENABLED.read(&context.env)? {
            plan = plan.requires(Entry::new(HEALTH_CHECKER).with("launch", true));
        }
        Ok(Detection::Pass(vec![plan]))
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<HealthChecker>();
}
