//! Runs one program of a buildpack.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::Env;
use super::Result;
use crate::tree;

/// How a program is called.
pub(crate) struct Invocation<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [&'a Path],
    /// Added last, whatever the user or an earlier buildpack has set.
    pub(crate) variables: &'a [(&'a str, &'a Path)],
    pub(crate) env: Env,
    pub(crate) dir: &'a Path,
    /// When it and everything it has started is killed, counted from its start.
    pub(crate) killed_after: Option<Duration>,
}

/// How it ended.
pub(crate) struct Outcome {
    /// Absent if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The same in words.
    pub(crate) status: String,
    /// Both of its streams, in the order of writing.
    pub(crate) output: String,
}

impl Invocation<'_> {
    /// Runs the program, handing on its output line by line.
    pub(crate) fn run(self, on_line: &mut dyn FnMut(&str)) -> Result<Outcome> {
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new(self.program);
        command
            .args(self.arguments)
            .env_clear()
            .envs(self.env.iter())
            .envs(self.variables.iter().copied())
            .current_dir(self.dir)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        if self.killed_after.is_some() {
            command.process_group(0);
        }
        let mut child = tree::spawn(&mut command)?;
        // The writing ends kept by `command` would hold the pipe open for ever.
        drop(command);

        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (ended, end) = mpsc::channel::<()>();
        if let (Some(time), Some(group)) = (self.killed_after, group) {
            std::thread::spawn(move || {
                if end.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout) {
                    // If nobody is there any more, it was done in time.
                    let _ = kill_process_group(group, Signal::KILL);
                }
            });
        }

        let mut output = String::new();
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            on_line(text.trim_end_matches('\n'));
            output.push_str(&text);
            line.clear();
        }
        // Before its number is free for others.
        drop(ended);
        let status = child.wait()?;
        Ok(Outcome { code: status.code(), status: status.to_string(), output })
    }
}
