//! How many workers fit into the memory, for apps that ask `WEB_CONCURRENCY`.

use kouti_launch::Env;
use kouti_launch::helper::Outcome;

use crate::{memory, value};

/// Memory of one worker and of all of them, in mebibytes.
const WORKER: u64 = 512;
const WORKER_OF_A_LARGE_APP: u64 = 2048;
const LARGE: u64 = 16_384;
const LARGEST: u64 = 129_024;

pub(crate) fn set(env: &Env, outcome: &mut Outcome) {
    if !outcome.flag(env, "BPL_WEB_CONCURRENCY_ENABLED") {
        return;
    }
    let available = value(env, outcome, "MEMORY_AVAILABLE").and_then(memory::available);
    let available = available.unwrap_or(WORKER).min(LARGEST);
    let worker = env.given("WEB_MEMORY").and_then(|text| text.parse().ok()).filter(|one| *one > 0);
    let default = if available > LARGE { WORKER_OF_A_LARGE_APP } else { WORKER };
    let worker = worker.unwrap_or_else(|| {
        outcome.set("WEB_MEMORY", default.to_string());
        default
    });
    if env.given("WEB_CONCURRENCY").is_none() {
        outcome.set("WEB_CONCURRENCY", (available / worker).max(1).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_follow_from_the_memory() {
        for (memory, workers, each) in [
            ("256", "1", "512"),
            ("2048", "4", "512"),
            ("32768", "16", "2048"),
            ("", "1", "512"),
            // What a user sets may have a unit, or be in bytes as with Paketo.
            ("2g", "4", "512"),
            ("2147483648", "4", "512"),
        ] {
            let variables = [("BPL_WEB_CONCURRENCY_ENABLED", "true"), ("MEMORY_AVAILABLE", memory)];
            let mut outcome = Outcome::nothing();
            set(&variables.into_iter().collect(), &mut outcome);
            assert_eq!(outcome.variables()["WEB_CONCURRENCY"], workers, "{memory}");
            assert_eq!(outcome.variables()["WEB_MEMORY"], each, "{memory}");
        }
    }
}
