//! Runs an app that is more than one process, and gets signals and exit codes right.
//!
//! A container's first process ignores `SIGTERM` unless it handles it, must reap orphans, and
//! a shell in that place forwards nothing. [`Script::run`] is that first process: children run in a
//! process group of their own, every signal goes to the whole group, and the group's end is ours.
//!
//! There is no kill timer (the platform has one), no restart and no rewriting of logs.

mod processes;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use kouti_report::{Colour, Explain, Fault, Problem};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpgrp, getpid, kill_process,
    kill_process_group, set_child_subreaper, test_kill_process_group, waitid, waitpgid, waitpid,
};
use rustix::termios::{tcgetpgrp, tcsetpgrp};

use processes::Process;

use crate::signals::Signals;

/// What makes the app stop for good.
const STOPPING: [Signal; 2] = [Signal::TERM, Signal::INT];

/// After what there is no point in going on with the next command.
const ENDING: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP];

/// How long a process may run unseen while the app is being stopped.
const GLANCE: Duration = Duration::from_millis(20);

/// Commands that run one after the other; `main` is the app.
#[derive(Debug)]
pub struct Script {
    /// Run first, each to its end. The first that fails ends the script with its code.
    pub before: Vec<Command>,
    /// The app. Its end is the end of the script, its code that of the script.
    pub main: Command,
    /// Run when `main` has ended with 0 and nobody has asked for an end.
    pub after: Vec<Command>,
    /// Whether `main` is one program, not a shell with children. Such a program needs
    /// no supervisor where another process is the container's first.
    pub is_simple: bool,
}

/// A program that cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("`{program}` cannot be started")]
pub struct CannotStart {
    /// As it was asked for.
    pub program: String,
    /// Why not.
    #[source]
    pub error: io::Error,
}

impl CannotStart {
    /// What a shell would exit with: 127 if there is no such program, otherwise 126.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.error.kind() == ErrorKind::NotFound { 127 } else { 126 }
    }

    fn of(command: &Command, error: io::Error) -> Self {
        Self { program: command.get_program().to_string_lossy().into_owned(), error }
    }
}

impl Explain for CannotStart {
    fn id(&self) -> &'static str {
        "cannot-start"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match (self.error.kind(), self.program.as_str()) {
            (ErrorKind::NotFound, "sh" | "bash") => {
                "the run image has no shell: choose one that has, or a start command without one"
            }
            (ErrorKind::NotFound, _) => {
                "check that the image contains it and that PATH leads to it"
            }
            _ => "check that it is a program for this machine and that everybody may execute it",
        };
        vec![hint.to_owned()]
    }
}

impl Script {
    /// [`run`](Self::run) as the end of `main`: a program that cannot be started is explained on
    /// standard error. `version` is who explains: `kouti/nodejs 0.1.0`.
    #[must_use]
    pub fn exit(self, version: &str) -> ExitCode {
        let code = self.run().unwrap_or_else(|error| {
            let code = error.exit_code();
            let page = Problem::from(error).page(version, Colour::Off);
            // Nobody is left to tell if this fails.
            let _ = io::stderr().write_all(page.as_bytes());
            code
        });
        ExitCode::from(code)
    }

    /// Runs the script and returns the code to exit with.
    ///
    /// A process that died of signal *n* counts as 128 + *n*. Replaces this program where
    /// nothing needs supervising, and then returns only if that fails.
    pub fn run(mut self) -> Result<u8, CannotStart> {
        let is_first = std::process::id() == 1;
        if self.is_simple && self.before.is_empty() && self.after.is_empty() && !is_first {
            let error = self.main.exec();
            return Err(CannotStart::of(&self.main, error));
        }
        // Orphans come to us, not to whoever started us. Older kernels just do not do it.
        let _ = set_child_subreaper(Some(getpid()));
        let unusable = |error| CannotStart::of(&self.main, error);
        let mut group = Group::new().map_err(unusable)?;

        for command in &mut self.before {
            let code = group.run(command)?;
            if code != 0 {
                return Ok(code);
            }
            if let Some(signal) = group.stopped_by {
                return Ok(code_of(signal));
            }
        }
        let mut code = group.run(&mut self.main)?;
        for command in &mut self.after {
            // What came while the app was ending counts as well.
            group.forward_pending();
            if code != 0 || ENDING.iter().any(|signal| group.forwarded.contains(&signal.as_raw())) {
                break;
            }
            code = group.run(command)?;
        }
        Ok(code)
    }
}

/// The process group that all commands run in, one after the other.
///
/// It is the same group for all of them, because only one group can read the
/// terminal and a background process must not pass the terminal on. An ended leader is therefore left a
/// zombie, which keeps the group alive, until the next command has joined.
struct Group {
    signals: Signals,
    /// The group's id: the process id of the first command.
    id: Option<Pid>,
    /// The command that runs or has ended last and is not reaped.
    current: Option<Pid>,
    /// Every signal that was passed on.
    forwarded: BTreeSet<i32>,
    /// The last `TERM` or `INT` that was passed on.
    stopped_by: Option<Signal>,
    /// Which process has got it, and as which program: what a shell's child gets between fork
    /// and exec is lost.
    told: BTreeSet<(i32, PathBuf)>,
}

impl Group {
    fn new() -> io::Result<Self> {
        Ok(Self {
            signals: Signals::new()?,
            id: None,
            current: None,
            forwarded: BTreeSet::new(),
            stopped_by: None,
            told: BTreeSet::new(),
        })
    }

    /// Runs one command to its end.
    fn run(&mut self, command: &mut Command) -> Result<u8, CannotStart> {
        self.forward_pending();
        if let Some(signal) = self.stopped_by {
            return Ok(code_of(signal));
        }
        let leader = self.start(command)?;
        let status = loop {
            if let Some(status) = ended(leader) {
                break status;
            }
            self.reap_orphans(leader);
            self.stop_late_starters();
            self.signals.wait(self.stopped_by.map(|_| GLANCE));
            self.forward_pending();
        };
        match status {
            // A shell dies at once, its children may still answer requests.
            End::Killed(signal) if self.forwarded.contains(&signal) => {
                Ok(self.wait_for_members().unwrap_or(status).code())
            }
            End::Exited(_) | End::Killed(_) => Ok(status.code()),
        }
    }

    fn start(&mut self, command: &mut Command) -> Result<Pid, CannotStart> {
        let group = self.id.map_or(0, |id| id.as_raw_nonzero().get());
        let child = command.process_group(group).spawn();
        let child = child.map_err(|error| CannotStart::of(command, error))?;
        let leader = Pid::from_child(&child);
        if let Some(previous) = self.current.replace(leader) {
            let _ = waitpid(Some(previous), WaitOptions::NOHANG);
        }
        if self.id.is_none() {
            self.id = Some(leader);
            give_terminal_to(leader);
        }
        Ok(leader)
    }

    fn forward_pending(&mut self) {
        for signal in self.signals.pending() {
            let Some(group) = self.id else {
                self.note(signal);
                continue;
            };
            // Asked before, so that a process that starts in between gets the signal twice
            // rather than not at all.
            if STOPPING.contains(&signal) {
                self.told.extend(processes::members(group).map(|process| process.program()));
            }
            let _ = kill_process_group(group, signal);
            self.note(signal);
        }
    }

    fn note(&mut self, signal: Signal) {
        self.forwarded.insert(signal.as_raw());
        if STOPPING.contains(&signal) {
            self.stopped_by = Some(signal);
        }
    }

    /// A shell that survives the signal must not go on with its next command.
    fn stop_late_starters(&mut self) {
        if let (Some(group), Some(signal)) = (self.id, self.stopped_by) {
            for process in processes::members(group) {
                if self.told.insert(process.program()) {
                    let _ = kill_process(process.id, signal);
                }
            }
        }
    }

    /// Reaps what others have left to us, while `leader` runs: its own zombie keeps the group
    /// alive for the next command, and after a stop each member's code may be the script's.
    fn reap_orphans(&self, leader: Pid) {
        let group = self.id.filter(|_| self.stopped_by.is_some());
        reap(|orphan| orphan.id != leader && !group.is_some_and(|group| orphan.is_in(group)));
    }

    /// Waits until nobody of the group is left; what the last one ended with.
    fn wait_for_members(&mut self) -> Option<End> {
        let group = self.id?;
        let mut last = None;
        if let Some(leader) = self.current.take() {
            let _ = waitpid(Some(leader), WaitOptions::NOHANG);
        }
        loop {
            while let Ok(Some((_, status))) = waitpgid(group, WaitOptions::NOHANG) {
                // An exit says more than having been killed by what we passed on, as what an app
                // leaves behind may be in the moment after it has ended.
                last = match (last, End::of(status)) {
                    (Some(End::Exited(code)), Some(End::Killed(signal)))
                        if self.forwarded.contains(&signal) =>
                    {
                        Some(End::Exited(code))
                    }
                    (last, ended) => ended.or(last),
                };
            }
            if test_kill_process_group(group).is_err() {
                self.id = None;
                return last;
            }
            reap(|orphan| !orphan.is_in(group));
            self.stop_late_starters();
            self.signals.wait(Some(GLANCE));
            self.forward_pending();
        }
    }
}

/// Reaps those of our ended children whose end does not matter.
fn reap(does_not_matter: impl Fn(&Process) -> bool) {
    for process in processes::zombies_of(getpid()).filter(does_not_matter) {
        let _ = waitpid(Some(process.id), WaitOptions::NOHANG);
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Exited(i32),
    Killed(i32),
}

impl End {
    fn of(status: WaitStatus) -> Option<Self> {
        status
            .exit_status()
            .map(Self::Exited)
            .or_else(|| status.terminating_signal().map(Self::Killed))
    }

    fn code(self) -> u8 {
        let code = match self {
            Self::Exited(code) => code,
            Self::Killed(signal) => 128 + signal,
        };
        u8::try_from(code).unwrap_or(u8::MAX)
    }
}

fn code_of(signal: Signal) -> u8 {
    End::Killed(signal.as_raw()).code()
}

/// How `process` ended, if it has. Leaves it unreaped.
fn ended(process: Pid) -> Option<End> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(process), options) {
        Ok(status) => {
            let status = status?;
            let exited = status.exit_status().map(End::Exited);
            exited.or_else(|| status.terminating_signal().map(End::Killed))
        }
        // Somebody else has reaped it, and its status with it.
        Err(_) => Some(End::Exited(1)),
    }
}

/// Lets a group read the terminal, if there is one and it is ours to give.
fn give_terminal_to(group: Pid) {
    let terminal = io::stdin();
    if terminal.is_terminal() && tcgetpgrp(&terminal).is_ok_and(|owner| owner == getpgrp()) {
        let _ = tcsetpgrp(&terminal, group);
        // A program that has read before it was allowed to is stopped.
        let _ = kill_process_group(group, Signal::CONT);
    }
}
