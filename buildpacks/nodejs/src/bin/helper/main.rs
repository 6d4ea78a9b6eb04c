//! What runs in the container: `node` sets variables before the app starts,
//! `node-launch` starts it and looks after it.

mod concurrency;
mod inspector;
mod memory;
mod start;

use std::process::ExitCode;

use kouti_launch::Env;
use kouti_launch::helper::{self, Outcome};

/// The app's environment, made in one run: a program for each part would cost
/// every start of a container a few milliseconds.
fn environment(env: &Env) -> Outcome {
    let mut outcome = Outcome::nothing();
    memory::set(env, &mut outcome);
    inspector::set(env, &mut outcome);
    concurrency::set(env, &mut outcome);
    for cache in env.get("KOUTI_NODE_CACHES").unwrap_or_default().split_terminator(':') {
        // The app may do without: where even this directory is read-only, nothing is cached.
        let _ = fs_err::create_dir_all(cache);
    }
    outcome
}

fn main() -> ExitCode {
    if helper::called_as() == start::NAME {
        return start::start(std::env::args().skip(1));
    }
    helper::main(&[("node", environment)])
}

/// A variable as it is after what has been set so far.
fn value<'a>(env: &'a Env, outcome: &'a Outcome, name: &str) -> Option<&'a str> {
    outcome.variables().get(name).map(String::as_str).or_else(|| env.given(name))
}

/// Adds an option to `NODE_OPTIONS`; what the user has put there comes first.
fn add_node_option(env: &Env, outcome: &mut Outcome, option: &str) {
    let options = match value(env, outcome, "NODE_OPTIONS") {
        Some(options) => format!("{options} {option}"),
        None => option.to_owned(),
    };
    outcome.set("NODE_OPTIONS", options);
}
