//! The program `watchexec` of the image: calls the real one with what the container says besides.
//!
//! Which files are watched is written into the processes of an image; whether their changes are
//! noticed at all depends on how a container gets its files.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use kouti_launch::Env;
use kouti_launch::supervisor::CannotStart;
use kouti_report::{Colour, Problem};

/// The real program, beside the directory of this one.
pub const REAL: &str = "libexec/watchexec";

/// Variables of the container.
pub const POLL: &str = "BPL_LIVE_RELOAD_POLL";
/// See [`POLL`].
pub const IGNORE: &str = "BPL_LIVE_RELOAD_IGNORE";
/// Variable by which the build passes on what is to be watched in place of the app.
pub const PATHS: &str = "KOUTI_LIVE_RELOAD_PATHS";

/// Runs as `bin/watchexec`; only comes back if the real one cannot be started.
#[must_use]
pub fn main() -> ExitCode {
    let env = Env::of_process();
    let args = arguments(&env, std::env::args_os().skip(1).collect());
    let own = fs_err::read_link("/proc/self/exe").unwrap_or_default();
    let real = own.ancestors().nth(2).unwrap_or(Path::new("/")).join(REAL);
    let error = Command::new(&real).args(args).exec();
    let cannot = CannotStart { program: real.display().to_string(), error };
    let code = cannot.exit_code();
    let page = Problem::from(cannot).page("kouti/watchexec", Colour::Off);
    // Nobody is left to tell if this fails.
    let _ = io::stderr().write_all(page.as_bytes());
    ExitCode::from(code)
}

/// The arguments of the real program.
fn arguments(env: &Env, given: Vec<OsString>) -> Vec<OsString> {
    let mut args = Vec::new();
    if let Some(text) = env.given(POLL) {
        if text.trim().parse::<u32>().is_ok_and(|interval| interval > 0) {
            args.push(format!("--poll={}ms", text.trim()).into());
        } else {
            let warning = format!(
                "warning: {POLL} is `{text}`, not a number of milliseconds; it has no effect\n"
            );
            // Nobody is left to tell if this fails.
            let _ = io::stderr().write_all(warning.as_bytes());
        }
    }
    args.extend(list(env, IGNORE).map(|glob| format!("--ignore={glob}").into()));
    // Only where the app is started anew: others watch files of their own.
    if list(env, PATHS).next().is_none() || !given.iter().any(|arg| arg == "--restart") {
        args.extend(given);
        return args;
    }
    args.extend(list(env, PATHS).map(|path| format!("--watch={path}").into()));
    let mut given = given.into_iter();
    while let Some(arg) = given.next() {
        if arg == "--watch" {
            let _ = given.next();
        } else if arg == "--" {
            args.push(arg);
            break;
        } else {
            args.push(arg);
        }
    }
    args.extend(given);
    args
}

fn list<'a>(env: &'a Env, name: &str) -> impl Iterator<Item = &'a str> {
    let text = env.given(name).unwrap_or_default();
    text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: &str = "--restart --watch /workspace --shell none -- serve --watch x";

    fn shown(variables: &[(&str, &str)], given: &str) -> String {
        let env: Env = variables.iter().copied().collect();
        let given = given.split(' ').map(OsString::from).collect();
        arguments(&env, given).join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn a_container_without_wishes_changes_nothing() {
        assert_eq!(shown(&[], PROCESS), PROCESS);
        for wrong in ["0", "fast", "-1"] {
            assert_eq!(shown(&[(POLL, wrong)], PROCESS), PROCESS, "{wrong}");
        }
    }

    #[test]
    fn changes_are_looked_for_and_left_out() {
        let variables = [(POLL, "500"), (IGNORE, "*.tmp, /workspace/log/**")];
        let more = "--poll=500ms --ignore=*.tmp --ignore=/workspace/log/** ";
        assert_eq!(shown(&variables, PROCESS), format!("{more}{PROCESS}"));
    }

    #[test]
    fn other_directories_are_watched_in_place_of_the_app() {
        let shown_with = |given| shown(&[(PATHS, "src,views")], given);
        let own = "--watch=src --watch=views --restart --shell none -- serve --watch x";
        assert_eq!(shown_with(PROCESS), own);
        let snippets = "--postpone --watch .php.fpm.d -- sh -c x";
        assert_eq!(shown_with(snippets), snippets);
    }
}
