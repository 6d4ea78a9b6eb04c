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
    hostname(env, &mut outcome);
    for cache in env.get("KOUTI_NODE_CACHES").unwrap_or_default().split_terminator(':') {
        // The app may do without: where even this directory is read-only, nothing is cached.
        let _ = fs_err::create_dir_all(cache);
    }
    outcome
}

/// A server that takes `HOSTNAME` for the address to listen at finds the name of the container
/// there, and could not be reached from inside. What a user has set stays.
fn hostname(env: &Env, outcome: &mut Outcome) {
    let Some(address) = env.given("KOUTI_NODE_HOSTNAME") else { return };
    let own = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if env.given("HOSTNAME").is_none_or(|name| name == own.trim()) {
        outcome.set("HOSTNAME", address);
    }
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
