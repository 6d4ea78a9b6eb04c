//! A helper binary with one helper, called as `10-limits` from a layer's `exec.d`.

use std::path::Path;
use std::process::ExitCode;

use kouti_launch::helper::{self, Outcome};
use kouti_launch::{Env, memory};
use kouti_report::{Fault, Problem};

fn main() -> ExitCode {
    helper::main(&[("limits", limits)])
}

fn limits(env: &Env) -> Outcome {
    let mut outcome = Outcome::nothing();
    let percent = outcome.setting(env, "BPL_PERCENT", "a number up to 100", |text| {
        text.parse::<u64>().ok().filter(|percent| *percent <= 100)
    });
    if let Some(limit) = memory::limit(env, Path::new("/")) {
        outcome.set("MEMORY_AVAILABLE", (limit / memory::MIB).to_string());
    }
    if let Some(text) = env.get("BPL_TEXT") {
        outcome.set("TEXT", text);
    }
    if env.given("BPL_REFUSE").is_some() {
        let summary = "512 MiB are needed, 256 MiB are there";
        let problem = Problem::new("too-little-memory", Fault::Surroundings, summary);
        outcome.refuse(problem.hint("give the container more memory"));
    }
    outcome.say(format!("uses {} percent", percent.unwrap_or(75)));
    outcome.debug("looked at control groups");
    outcome
}
