//! `kouti-cf-driver`: Cloud Foundry as far as a classic buildpack and its app can tell, in one program.
//!
//! `builder`, `launcher` and `shell` take the arguments of the platform's programs of these names and do the same with the
//! same directories, so that a test, or somebody who looks for a mistake, needs no platform. What is different: the
//! directory of a buildpack is named by its key, not by a digest of it; and where `KOUTI_CF_ROOT` is set, it stands for
//! `/home/vcap`. There is no `CredHub`, and no `DATABASE_URL`.

mod builder;
mod flags;
mod launcher;
mod outputs;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use kouti_launch::Env;

/// Why a step ended, with the code that the platform knows it by.
#[derive(Debug)]
struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(1, error.to_string())
    }
}

fn main() -> ExitCode {
    let env = Env::of_process();
    let mut args = std::env::args().skip(1);
    let step = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    let outcome = match step.as_str() {
        "builder" => builder::run(&env, &args),
        "launcher" => launcher::launch(&env, &args),
        "shell" => launcher::shell(&env, &args),
        _ => Err(Failure::new(1, "usage: kouti-cf-driver builder|launcher|shell …")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, text }) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::from(code)
        }
    }
}

/// The home of the user of apps.
fn home(env: &Env) -> PathBuf {
    PathBuf::from(env.given("KOUTI_CF_ROOT").unwrap_or("/home/vcap"))
}
