//! Shows a user what the server reads.

use std::io::Write as _;
use std::path::Path;

use kouti::Masks;
use kouti::setting::Value as _;
use kouti_launch::Env;
use kouti_launch::binding::Bindings;

use crate::settings::DEBUG_CONFIG;

/// Prints a configuration file when the server starts, without secrets, if the container says so.
pub fn show_configuration(env: &Env, conf: &Path) {
    let is_asked_for = env.given(DEBUG_CONFIG.declared.name).and_then(bool::parse);
    if is_asked_for != Some(true) {
        return;
    }
    let text = fs_err::read_to_string(conf).unwrap_or_default();
    // Nobody is left to tell if this fails.
    let _ = writeln!(std::io::stderr(), "{}:\n{}", conf.display(), masks(env).mask(&text));
}

/// What variables and bindings keep secret: templates can have written both into the file.
fn masks(env: &Env) -> Masks {
    let variables = env.as_map().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut masks = Masks::from_env(&variables.collect());
    for binding in Bindings::for_launch(env.as_map()).iter().flat_map(Bindings::iter) {
        for secret in binding.secrets() {
            masks.add(&secret);
        }
    }
    masks
}
