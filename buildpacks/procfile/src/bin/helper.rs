//! Starts a command in an image without a shell, with the variables of the container.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use kouti_launch::Env;
use kouti_procfile::words;

/// Arguments: the command, then what the user adds to it.
fn main() -> ExitCode {
    let env = Env::of_process();
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_default().to_string_lossy().into_owned();
    let reason = match words(&command, |name| env.get(name).map(str::to_owned)) {
        Some(words) => Command::new(&words[0]).args(&words[1..]).args(args).exec().to_string(),
        None => "it names no program, or a quote in it is not closed".to_owned(),
    };
    // Nobody is left to tell if this fails.
    let _ = writeln!(std::io::stderr(), "error: cannot start `{command}`: {reason}");
    // As a shell does.
    ExitCode::from(127)
}
