//! Known ways in which the tools of a language fail, in words the user can act on.
//!
//! What a tool printed is in the log already; what is added here is what it means for a build, and
//! what to do.

use kouti_report::{Fault, Problem};

use crate::CommandFailed;

/// One known way to fail.
#[derive(Clone, Copy, Debug)]
pub struct KnownFailure {
    /// Id of the error.
    pub id: &'static str,
    /// Who has to act.
    pub fault: Fault,
    /// Any of these in the output tells it.
    pub traces: &'static [&'static str],
    /// What stands in the output before and after the name of the thing in question.
    pub subject: &'static [(&'static str, &'static str)],
    /// The message; `{}` is the subject.
    pub summary: &'static str,
    /// The message where the output names no subject.
    pub plain: &'static str,
    /// What to do.
    pub hints: &'static [&'static str],
}

impl KnownFailure {
    /// The first of `known` whose trace is in `output`.
    #[must_use]
    pub fn find<'a>(known: &'a [Self], output: &str) -> Option<&'a Self> {
        known.iter().find(|known| known.traces.iter().any(|trace| output.contains(trace)))
    }

    /// What to tell about a command that printed `output`.
    #[must_use]
    pub fn problem(&self, output: &str, failed: CommandFailed) -> Problem {
        let found = self.subject.iter().find_map(|(before, after)| between(output, before, after));
        let summary = match found {
            Some(subject) => self.summary.replace("{}", subject),
            None => self.plain.to_owned(),
        };
        let mut problem = Problem::new(self.id, self.fault, summary);
        problem.hints = self.hints.iter().map(ToString::to_string).collect();
        problem.cause = Some(failed.into());
        problem
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    Some(found.trim()).filter(|found| !found.is_empty() && !found.contains('\n'))
}
