//! The launcher: environment, exec.d programs, and the process itself.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use kouti_launch::launcher::{Launcher, exec_d_command};
use kouti_launch::supervisor::Script;
use rustix::process::{Pid, Signal, kill_process};

use super::buildpack::escaped;
use super::failure::Failure;
use super::image::{Image, Process};
use super::{Env, Lifecycle, Result};
use crate::tree;

/// A process about to be started, as `docker run` would start it.
#[derive(Clone, Debug)]
pub struct Launch {
    process: Process,
    buildpacks: Vec<String>,
    layers_dir: PathBuf,
    app_dir: PathBuf,
    env: Env,
    args: Vec<OsString>,
}

impl Lifecycle {
    /// Prepares a process of the image that was built last.
    pub fn launch(&self, process_type: &str) -> Result<Launch> {
        let image = self.state.image.as_ref().filter(|_| self.state.exported);
        let image = image.ok_or_else(|| Failure::Launch("there is no image".to_owned()))?;
        let process = image.process(process_type).ok_or_else(|| unknown(image, process_type))?;
        Ok(Launch {
            process: process.clone(),
            buildpacks: image.buildpacks.iter().map(|record| record.id.clone()).collect(),
            layers_dir: self.layers_dir(),
            app_dir: self.app_dir(),
            env: Env::for_launch(&self.launch_env),
            args: Vec::new(),
        })
    }
}

fn unknown(image: &Image, process_type: &str) -> Failure {
    let known: Vec<_> = image.processes.iter().map(|process| process.r#type.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Failure::Launch(format!("there is no process `{process_type}`, only: {known}"))
}

impl Launch {
    /// Sets a variable of the container, `docker run --env`.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.set(name, value);
        self
    }

    /// Gives arguments in place of the process's own.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// The environment of the process, after all exec.d programs, and what those printed.
    pub fn prepare(&self) -> Result<(Env, String)> {
        let dir = |id: &String| self.layers_dir.join(escaped(id));
        let launcher = Launcher::read(&self.buildpacks.iter().map(dir).collect::<Vec<_>>())?;
        let mut env = self.env.clone();
        launcher.add_layers(&self.process.r#type, &mut env)?;
        let mut log = String::new();
        for program in launcher.exec_d(&self.process.r#type)? {
            log.push_str(&self.exec_d(&program, &mut env)?);
        }
        Ok((env, log))
    }

    /// Runs one exec.d program; what it writes to descriptor 3 changes `env`, the rest is its log.
    fn exec_d(&self, program: &Path, env: &mut Env) -> Result<String> {
        let child = tree::spawn(&mut exec_d_command(program, &self.app_dir, env))?;
        let output = child.wait_with_output()?;
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let name = program.strip_prefix(&self.layers_dir).unwrap_or(program).display();
        if !output.status.success() {
            return Err(Failure::Launch(format!("exec.d {name}: {}\n{log}", output.status)));
        }
        env.take_over(&output.stdout)
            .map_err(|error| Failure::Launch(format!("exec.d {name}: {error}")))?;
        Ok(log)
    }

    /// Starts the process beside this one.
    pub fn start(&self) -> Result<Running> {
        let (mut command, log) = self.command()?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Running::new(tree::spawn(&mut command)?, log))
    }

    /// Runs the process to its end, as the first one of a container: signals reach all that it has started, and none
    /// of that is left behind when a signal ends it. Returns the exit code; signal *n* counts as 128 + *n*.
    ///
    /// `on_log` gets what exec.d programs print.
    pub fn run(&self, on_log: impl FnOnce(&str)) -> Result<u8> {
        let (main, log) = self.command()?;
        on_log(&log);
        let script = Script { before: Vec::new(), main, after: Vec::new(), is_simple: false };
        script.run().map_err(|error| Failure::Launch(format!("{error}: {}", error.error)))
    }

    fn command(&self) -> Result<(Command, String)> {
        let (env, log) = self.prepare()?;
        let Process { command, args, working_dir, r#type, .. } = &self.process;
        let (program, fixed) = command
            .split_first()
            .ok_or_else(|| Failure::Launch(format!("process `{type}` has no command")))?;
        let mut command = Command::new(self.find(OsStr::new(program), &env)?);
        command.args(fixed).env_clear().envs(env.iter());
        if self.args.is_empty() {
            command.args(args);
        } else {
            command.args(&self.args);
        }
        command.current_dir(working_dir.as_ref().map_or(self.app_dir.as_path(), Path::new));
        Ok((command, log))
    }

    /// Looks a program up as the launcher does: on the `PATH` of the process.
    fn find(&self, program: &OsStr, env: &Env) -> Result<PathBuf> {
        if Path::new(program).components().count() > 1 {
            return Ok(self.app_dir.join(program));
        }
        let path = env.get("PATH").unwrap_or_default();
        let mut candidates = std::env::split_paths(path).map(|dir| dir.join(program));
        candidates.find(|candidate| candidate.is_file()).ok_or_else(|| {
            Failure::Launch(format!("`{}` is not on PATH={path}", program.display()))
        })
    }
}

/// A process that runs. It is killed when this value goes away.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

/// How a process ended.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Its exit status.
    pub status: ExitStatus,
    /// All that exec.d programs and the process have printed.
    pub log: String,
}

/// No process of a test needs this long; it only keeps a failing test from hanging.
const PATIENCE: Duration = Duration::from_mins(1);

impl Running {
    fn new(mut child: Child, log: String) -> Self {
        let (sender, lines) = channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
            child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
        ];
        for stream in streams.into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self { child, lines, log }
    }

    /// The id of the process, for signals other than that of [`Running::stop`].
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that contains `text` and returns it.
    pub fn wait_for(&mut self, text: &str) -> Result<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.record(&line);
                    if line.contains(text) {
                        return Ok(line);
                    }
                }
                Err(reason) => {
                    let happened = match reason {
                        RecvTimeoutError::Timeout => "did not print",
                        RecvTimeoutError::Disconnected => "ended without printing",
                    };
                    let log = &self.log;
                    return Err(Failure::Launch(format!("the process {happened} `{text}`\n{log}")));
                }
            }
        }
    }

    /// Asks the process to stop, as `docker stop` does, and waits until it has.
    pub fn stop(self) -> Result<Exit> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).map_err(io::Error::from)?;
        self.wait()
    }

    /// Waits until the process has ended by itself.
    pub fn wait(mut self) -> Result<Exit> {
        while let Ok(line) = self.lines.recv() {
            self.record(&line);
        }
        let status = self.child.wait()?;
        Ok(Exit { status, log: std::mem::take(&mut self.log) })
    }

    fn record(&mut self, line: &str) {
        self.log.push_str(line);
        self.log.push('\n');
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
