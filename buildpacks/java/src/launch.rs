//! What runs before every process of an image: composes the options of the JVM from the memory of the
//! container, the settings of the user, and what the build noted.
//!
//! One pass: `<ours> <the user's JAVA_TOOL_OPTIONS> <the user's JAVA_OPTS>`. Of two options for the
//! same thing the JVM takes the last one, so that the user always wins.

mod agents;
mod certificates;
mod database;
mod diagnosis;
mod framework;
mod memory;
mod memory_flags;
mod memory_report;
mod options;
mod processors;
mod security;
mod start;
mod total_memory;

use std::path::Path;

use kouti::Problem;
use kouti_launch::Env;
use kouti_launch::helper::Outcome;

use options::Composed;
use start::Start;

/// The helper `java`.
#[must_use]
pub fn java(env: &Env) -> Outcome {
    java_at(env, Path::new("/"))
}

/// The same with the system below `root`, for tests.
fn java_at(env: &Env, root: &Path) -> Outcome {
    let composed = Composed::take_apart(env);
    let mut start = match Start::new(env, root, &composed) {
        Ok(start) => start,
        Err(refusal) => {
            let mut outcome = Outcome::nothing();
            outcome.refuse(refusal);
            return outcome;
        }
    };
    if let Err(refusal) = fill(&mut start) {
        start.outcome.refuse(refusal);
        return start.outcome;
    }
    let Start { mut outcome, flags, java, .. } = start;
    composed.hand_over(env, &flags, &mut outcome);
    if java <= 8 {
        options::warn_of_limits(&mut outcome);
    }
    outcome
}

/// In the order in which the options are shown.
fn fill(start: &mut Start<'_>) -> Result<(), Problem> {
    security::properties(start);
    start.flag_unless("-XX:+ExitOnOutOfMemoryError", "ExitOnOutOfMemoryError");
    processors::active(start);
    memory::regions(start)?;
    diagnosis::heap_dump(start);
    diagnosis::native_memory(start)?;
    diagnosis::flight_recorder(start)?;
    diagnosis::jmx(start)?;
    diagnosis::debug(start)?;
    certificates::trust_store(start)?;
    framework::options(start)?;
    agents::options(start)?;
    framework::port(start)?;
    database::variables(start)
}

#[cfg(test)]
mod tests;
