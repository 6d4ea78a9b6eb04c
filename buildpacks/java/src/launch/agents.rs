//! Java agents that the build has put into the image.

use std::collections::BTreeSet;
use std::path::Path;

use kouti::Problem;
use kouti_launch::Env;
use kouti_launch::binding::Bindings;

use super::start::Start;
use crate::classes;
use crate::runtime::Facts;

/// Names of the variables that say where an agent of the image is.
const OPENTELEMETRY: &str = "BPI_OPENTELEMETRY_AGENT_PATH";
const APPLICATION_INSIGHTS: &str = "BPI_APPLICATION_INSIGHTS_AGENT_PATH";

/// How the JVM is told to load one.
const OPTION: &str = "-javaagent:";

/// An agent, and the binding that configures it.
const AGENTS: [(&str, &str, &str); 2] = [
    (OPENTELEMETRY, "opentelemetry", ""),
    (APPLICATION_INSIGHTS, "ApplicationInsights", "APPLICATIONINSIGHTS_"),
];

/// Adds the agents and hands their bindings over.
pub(super) fn options(start: &mut Start<'_>) -> Result<(), Problem> {
    let bindings = Bindings::for_launch(start.env.as_map())?;
    for (variable, kind, prefix) in AGENTS {
        let path = start.env.given(variable);
        if let Some(path) = path {
            start.flag_unless(&format!("{OPTION}{path}"), path);
        }
        for binding in bindings.find(kind) {
            if path.is_none() {
                start.outcome.warn(format!(
                    "the binding `{}` is for an agent that is not in the image: build it again \
                     with the binding, or with its BP_…_ENABLED=true",
                    binding.name
                ));
                continue;
            }
            for key in binding.keys() {
                let name = key.to_ascii_uppercase().replace(['-', '.'], "_");
                if let Some(value) = binding.text(key) {
                    start.outcome.set(format!("{prefix}{name}"), value);
                }
            }
        }
    }
    Ok(())
}

/// The agents of the image.
fn own(env: &Env) -> impl Iterator<Item = &str> {
    AGENTS.iter().filter_map(|(variable, ..)| env.given(variable))
}

/// Whether any agent is loaded.
pub(super) fn are_loaded(start: &Start<'_>) -> bool {
    own(start.env).next().is_some() || start.user.mention(OPTION)
}

/// How many classes the agents have: of the image, and those that the user names.
pub(super) fn classes(start: &mut Start<'_>) -> u64 {
    let mut agents: BTreeSet<String> = own(start.env).map(str::to_owned).collect();
    let given = start.user.iter().filter_map(|word| word.strip_prefix(OPTION));
    agents.extend(given.map(|agent| agent.split('=').next().unwrap_or(agent).to_owned()));
    let mut count = 0;
    for agent in agents {
        let path = Path::new(&agent);
        let noted = path.parent().and_then(Facts::read).map(|facts| facts.classes);
        if let Some(classes) = noted {
            count += classes;
        } else if path.is_file() {
            count += classes::count_jar(path);
        } else {
            start.outcome.warn(format!("the agent {agent} is not there"));
        }
    }
    count
}
