//! Lets open requests end when the container is stopped.
//!
//! Platforms stop containers with `SIGTERM`, on which web servers drop everything. An image built by
//! buildpacks cannot name another signal, so a program stays in front and passes on the one that drains.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use kouti::Problem;
use kouti_launch::Env;
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals;

/// How long they get, if anything.
#[must_use]
pub fn timeout(env: &Env) -> Option<Duration> {
    let text = env.given("BPL_WEB_SERVER_GRACEFUL_TIMEOUT")?;
    text.parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Runs a server to its end; `drain` is the signal on which it ends when its requests have ended.
pub fn run(mut command: Command, timeout: Duration, drain: Signal) -> Result<ExitCode, Problem> {
    let all = [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
    let mut signals = Signals::new(all)?;
    let mut child = command.spawn()?;
    let pid = Pid::from_child(&child);
    let (sender, received) = channel();
    std::thread::spawn(move || {
        signals.forever().take_while(|signal| sender.send(*signal).is_ok()).for_each(drop);
    });

    let mut deadline = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(code(status));
        }
        match (next(&received, deadline), deadline) {
            (Some(SIGCHLD), _) | (None, None) => {}
            (Some(SIGTERM), None) => {
                let _ = kill_process(pid, drain);
                deadline = Some(Instant::now() + timeout);
            }
            (None, Some(_)) => {
                // Time is up: now everything is dropped.
                let _ = kill_process(pid, Signal::TERM);
                return Ok(code(child.wait()?));
            }
            (Some(signal), _) => {
                if let Some(signal) = Signal::from_named_raw(signal) {
                    let _ = kill_process(pid, signal);
                }
            }
        }
    }
}

/// The next signal, or none when the time is up.
fn next(received: &Receiver<i32>, deadline: Option<Instant>) -> Option<i32> {
    match deadline {
        None => received.recv().ok(),
        Some(deadline) => {
            received.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
        }
    }
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
