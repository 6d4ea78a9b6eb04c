//! Runs the scripts when a container starts, and hands over the variables that they export.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use kouti_launch::Env;
use kouti_launch::helper::{self, Outcome};
use kouti_report::{Fault, Problem};

/// The argument with which the shell calls this program in the end.
const PRINT: &str = "print-environment";

/// `$0` is this program. What scripts print is no variable, so it goes to standard error; the launcher's
/// own descriptor 3 is none of their business.
const RUN: &str = r#"exec {kouti_out}>&1 1>&2 3>&-
for script in .profile.d/*.sh; do
  if [ -f "$script" ]; then . "./$script"; fi
done
if [ -f .profile ]; then . ./.profile; fi
"$0" print-environment >&"$kouti_out""#;

/// What a shell sets for itself.
const OF_THE_SHELL: [&str; 4] = ["_", "OLDPWD", "PWD", "SHLVL"];

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|arg| arg == PRINT) {
        return match print(std::env::vars_os()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    helper::main(&[("profile", profile)])
}

/// All variables; an empty one marks the end.
fn print(variables: impl Iterator<Item = (OsString, OsString)>) -> io::Result<()> {
    let mut text = Vec::new();
    for (name, value) in variables {
        text.extend([name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat());
    }
    text.push(0);
    io::stdout().write_all(&text)
}

fn profile(env: &Env) -> Outcome {
    let mut outcome = Outcome::nothing();
    if !std::path::Path::new(".profile").exists() && !std::path::Path::new(".profile.d").exists() {
        outcome.warn("the app has no .profile any more: does BP_INCLUDE_FILES leave it out?");
        return outcome;
    }
    match run() {
        Ok((status, _)) if !status.success() => outcome.refuse(failed(status)),
        Ok((_, Some(variables))) => hand_over(&variables, env, &mut outcome),
        Ok((_, None)) => outcome.warn(
            "a script of the profile ends with `exit`, so the variables of all scripts are lost; `return` ends a script",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            outcome.warn("this image has no bash, so .profile is left out");
        }
        Err(error) => outcome.refuse(not_run(&error)),
    }
    outcome
}

/// The status of the shell, and the variables in the end if it came so far.
fn run() -> io::Result<(ExitStatus, Option<Vec<Vec<u8>>>)> {
    let program = std::env::current_exe()?;
    let mut shell = Command::new("bash")
        .args(["-c", RUN])
        .arg(program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    // What a script has started in the background keeps the pipe open, so that its end is not waited for.
    let mut output = BufReader::new(shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
    let mut variables = Vec::new();
    let complete = loop {
        let mut variable = Vec::new();
        output.read_until(0, &mut variable)?;
        match variable.pop() {
            None => break false,
            Some(_) if variable.is_empty() => break true,
            Some(_) => variables.push(variable),
        }
    };
    Ok((shell.wait()?, complete.then_some(variables)))
}

/// Sets what is new or has another value.
fn hand_over(variables: &[Vec<u8>], env: &Env, outcome: &mut Outcome) {
    let mut changed = BTreeMap::new();
    for variable in variables {
        let Some(equals) = variable.iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = (&variable[..equals], &variable[equals + 1..]);
        let name = String::from_utf8_lossy(name).into_owned();
        if OF_THE_SHELL.contains(&name.as_str()) || name.starts_with("BASH_FUNC_") {
            continue;
        }
        match str::from_utf8(value) {
            Ok(value) if env.get(&name) != Some(value) => {
                changed.insert(name, value.to_owned());
            }
            Ok(_) => {}
            // One that was there before stays as it is.
            Err(_)
                if std::env::vars_os()
                    .any(|(known, old)| known == *name && old.as_bytes() == value) => {}
            Err(_) => outcome.warn(format!(
                "the profile sets {name} to something that is not UTF-8; it is left out"
            )),
        }
    }
    for (name, value) in changed {
        outcome.set(name, value);
    }
}

fn not_run(error: &io::Error) -> Problem {
    let summary = format!("bash cannot be run: {error}");
    Problem::new("profile-not-run", Fault::Surroundings, summary)
        .hint("let the user of the container run it, or leave .profile out of the image")
}

fn failed(status: ExitStatus) -> Problem {
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    };
    Problem::new(
        "profile-failed",
        Fault::App,
        format!("a script of the profile has ended with {how}"),
    )
    .hint("what it printed is above; `set -x` in its first line shows each command")
}
