//! Exec.d helpers: programs that set variables right before the app starts.
//!
//! One binary holds all helpers of a buildpack; the name it is called by chooses one.
//! A helper is optional by nature: whatever it meets, the app starts, unless the helper
//! [refuses](Outcome::refuse) because starting would be wrong.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use kouti_report::{Colour, Problem};

use crate::{Env, exec_d};

/// Looks at the environment and says what to set.
pub type Helper = fn(&Env) -> Outcome;

/// What a helper found: variables to set, and what to say about it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    variables: BTreeMap<String, String>,
    line: Option<String>,
    warnings: Vec<String>,
    details: Vec<String>,
    /// The page that says why.
    refusal: Option<String>,
}

impl Outcome {
    /// Nothing to set, nothing to say.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Sets a variable of the app, whatever it was before.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.variables.insert(name.into(), value.into());
    }

    /// The one line that every start of the app shows. A later one replaces it.
    pub fn say(&mut self, line: impl Into<String>) {
        self.line = Some(line.into());
    }

    /// A line about something that is wrong but does not keep the app from starting.
    pub fn warn(&mut self, line: impl Into<String>) {
        self.warnings.push(line.into());
    }

    /// A line for `BPL_LOG_LEVEL=debug`.
    pub fn debug(&mut self, line: impl Into<String>) {
        self.details.push(line.into());
    }

    /// Keeps the app from starting, because it could only go wrong.
    pub fn refuse(&mut self, reason: impl Into<Problem>) {
        let version = concat!("Kouti ", env!("CARGO_PKG_VERSION"));
        self.refusal = Some(reason.into().page(version, Colour::Off));
    }

    /// Reads a `BPL_*` setting. A bad value is warned about and counts as unset;
    /// `form` says what a good one looks like: `a number from 10 to 95`.
    pub fn setting<T>(
        &mut self,
        env: &Env,
        name: &str,
        form: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = env.given(name)?;
        let value = parse(text);
        if value.is_none() {
            self.warn(format!("{name} is `{text}`, not {form}; the default is used"));
        }
        value
    }

    /// Reads a `BPL_*` setting that is on or off; off if it is unset or bad.
    pub fn flag(&mut self, env: &Env, name: &str) -> bool {
        let parse = |text: &str| match text {
            "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
            "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
            _ => None,
        };
        self.setting(env, name, "`true` or `false`", parse).unwrap_or(false)
    }

    /// What is to be set.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// What the helper says, as it is printed.
    #[must_use]
    pub fn lines(&self, debug: bool) -> Vec<String> {
        let details = self.details.iter().map(|line| format!("[debug] {line}"));
        let warnings = self.warnings.iter().map(|line| format!("warning: {line}"));
        let refusal = self.refusal.iter().flat_map(|page| page.lines()).map(str::to_owned);
        let mut lines: Vec<_> = warnings.chain(self.line.clone()).chain(refusal).collect();
        if debug {
            // Names only: a value may come from a binding.
            let set = self.variables.keys().map(|name| format!("[debug] sets {name}"));
            lines.extend(details.chain(set));
        }
        lines
    }
}

/// The whole of a helper binary's `main`: runs the helper it was called as.
///
/// ```no_run
/// use kouti_launch::Env;
/// use kouti_launch::helper::{self, Outcome};
///
/// fn greeting(env: &Env) -> Outcome {
///     let mut outcome = Outcome::nothing();
///     outcome.set("GREETING", env.given("BPL_GREETING").unwrap_or("hello"));
///     outcome
/// }
///
/// fn main() -> std::process::ExitCode {
///     helper::main(&[("greeting", greeting)])
/// }
/// ```
#[must_use]
pub fn main(helpers: &[(&str, Helper)]) -> ExitCode {
    let called = called_as();
    let Some((_, helper)) = helpers.iter().find(|(name, _)| *name == called) else {
        let names: Vec<_> = helpers.iter().map(|(name, _)| *name).collect();
        say(&[format!("error: there is no helper `{called}`, only: {}", names.join(", "))]);
        return ExitCode::FAILURE;
    };
    let env = Env::of_process();
    let mut outcome = helper(&env);
    if outcome.refusal.is_none()
        && let Err(error) = exec_d::hand_over(&outcome.variables)
    {
        outcome.warn(format!("what `{called}` found cannot be handed to the launcher: {error}"));
    }
    let debug = env.given("BPL_LOG_LEVEL").is_some_and(|level| level.eq_ignore_ascii_case("debug"));
    say(&outcome.lines(debug));
    if outcome.refusal.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The name this program was called by: the base name of `argv[0]` without the number
/// that orders exec.d programs, `memory` for `/layers/…/exec.d/10-memory`.
#[must_use]
pub fn called_as() -> String {
    name_of(&std::env::args_os().next().unwrap_or_default())
}

fn name_of(program: &OsStr) -> String {
    let base = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    match base.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('-') {
        Some(name) if !base.starts_with('-') => name.to_owned(),
        _ => base.into_owned(),
    }
}

/// To standard error: a task's own output, piped into a file, must stay clean.
fn say(lines: &[String]) {
    for line in lines {
        // Nobody is left to tell if this fails.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn the_ordering_number_is_no_part_of_the_name() {
        for (program, name) in [
            ("/layers/x/exec.d/10-memory", "memory"),
            ("0-web-concurrency", "web-concurrency"),
            ("memory", "memory"),
            ("node-launch", "node-launch"),
            ("-memory", "-memory"),
            ("10memory", "10memory"),
            ("", ""),
        ] {
            assert_eq!(name_of(OsStr::new(program)), name);
        }
    }

    #[test]
    fn bad_settings_are_warned_about_and_count_as_unset() {
        let env: Env = [("ON", " TRUE "), ("BAD", "yes"), ("EMPTY", ""), ("PORT", "70000")]
            .into_iter()
            .collect();
        let mut outcome = Outcome::nothing();
        assert!(outcome.flag(&env, "ON"));
        assert!(!outcome.flag(&env, "BAD"));
        assert!(!outcome.flag(&env, "EMPTY"));
        let port = outcome.setting(&env, "PORT", "a port", |text| text.parse::<u16>().ok());
        assert_eq!(port, None);
        assert_snapshot!(outcome.lines(false).join("\n"), @"
        warning: BAD is `yes`, not `true` or `false`; the default is used
        warning: PORT is `70000`, not a port; the default is used
        ");
    }

    #[test]
    fn one_line_is_shown_and_details_only_when_asked_for() {
        let mut outcome = Outcome::nothing();
        outcome.set("TOKEN", "canary");
        outcome.say("first");
        outcome.say("heap 384 MiB of 512 MiB");
        outcome.debug("limit from cgroup v2");
        assert_snapshot!(outcome.lines(false).join("\n"), @"heap 384 MiB of 512 MiB");
        assert_snapshot!(outcome.lines(true).join("\n"), @"
        heap 384 MiB of 512 MiB
        [debug] limit from cgroup v2
        [debug] sets TOKEN
        ");
    }
}
