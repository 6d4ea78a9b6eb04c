//! Running other programs: quietly with a log file, captured, or shown.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::workspace::{Workspace, print};

/// Lines of a log that an error shows.
const TAIL: usize = 25;

/// One program with its arguments.
pub(crate) struct Command {
    inner: std::process::Command,
    limit: Option<Duration>,
}

impl Command {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut inner = std::process::Command::new(program);
        inner.stdin(Stdio::null());
        Self { inner, limit: None }
    }

    /// Cargo, at the root of the workspace.
    pub(crate) fn cargo(workspace: &Workspace) -> Self {
        let mut cargo = Self::new("cargo").dir(&workspace.root);
        // Build scripts ask to run again when these change (ring's does): everything would be compiled anew whenever
        // cargo is called from here and by hand in turn.
        for name in &workspace.own_crate {
            cargo.inner.env_remove(name);
        }
        cargo
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.inner.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.inner.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.inner.current_dir(dir);
        self
    }

    /// Stops the program after `limit`, which then counts as a failure.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Runs it with all output in the log `name`; a failure shows the end of that log. It ends early when the
    /// workspace [stops](Workspace::stop).
    pub(crate) fn quiet(mut self, workspace: &Workspace, name: &str) -> Result<()> {
        let path = workspace.log(name);
        fs_err::create_dir_all(path.parent().unwrap_or(&path))?;
        let line = self.line();
        fs_err::write(&path, format!("$ {line}\n"))?;
        let log = fs_err::OpenOptions::new().append(true).open(&path)?.into_parts().0;
        self.inner.stdout(log.try_clone()?).stderr(log);
        let mut child = self.spawn()?;
        let status = self.wait_unless(&mut child, || workspace.is_stopping())?;
        if status.success() {
            return Ok(());
        }
        let text = fs_err::read(&path)?;
        let text = String::from_utf8_lossy(&text);
        bail!("`{line}` failed ({status})\n{}\n  whole log: {}", tail(&text), path.display())
    }

    /// Runs it and returns what it wrote to standard output.
    pub(crate) fn output(mut self) -> Result<String> {
        self.inner.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.spawn()?;
        // Both pipes are drained while it runs, or a talkative program would block.
        let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
        let (status, out, err) = thread::scope(|scope| {
            let out = scope.spawn(move || drain(stdout.as_mut()));
            let err = scope.spawn(move || drain(stderr.as_mut()));
            let status = self.wait(&mut child);
            (status, out.join().unwrap_or_default(), err.join().unwrap_or_default())
        });
        let status = status?;
        if !status.success() {
            bail!("`{}` failed ({status})\n{}", self.line(), tail(&err));
        }
        Ok(out)
    }

    /// Runs it and returns what it wrote, to standard output and then to standard error, whatever its exit status.
    pub(crate) fn all_output(mut self) -> Result<String> {
        let output =
            self.inner.output().with_context(|| format!("cannot start `{}`", self.line()))?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// Echoes the command line and lets the program write to the terminal.
    pub(crate) fn shown(mut self) -> Result<()> {
        let line = self.line();
        print(format_args!("$ {line}"));
        let mut child = self.spawn()?;
        let status = self.wait(&mut child)?;
        if status.success() { Ok(()) } else { Err(anyhow!("`{line}` failed ({status})")) }
    }

    /// Becomes the program, which then has the last word; returns only if it cannot be started.
    pub(crate) fn become_it(mut self) -> Result<()> {
        let error = self.inner.exec();
        Err(error).with_context(|| format!("cannot start `{}`", self.line()))
    }

    /// The command line as one would type it.
    pub(crate) fn line(&self) -> String {
        std::iter::once(self.inner.get_program())
            .chain(self.inner.get_args())
            .map(|word| quoted(&word.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn spawn(&mut self) -> Result<Child> {
        let program = self.inner.get_program().to_string_lossy().into_owned();
        self.inner.spawn().with_context(|| format!("cannot start `{program}`"))
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus> {
        // Only what can be cut short needs to be looked at again and again.
        if self.limit.is_none() { Ok(child.wait()?) } else { self.wait_unless(child, || false) }
    }

    fn wait_unless(&self, child: &mut Child, stopping: impl Fn() -> bool) -> Result<ExitStatus> {
        let since = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if let Some(limit) = self.limit.filter(|limit| since.elapsed() >= *limit) {
                end(child)?;
                bail!(
                    "`{}` did not finish within {} s and was stopped",
                    self.line(),
                    limit.as_secs()
                );
            }
            if stopping() {
                end(child)?;
                bail!("`{}` was stopped", self.line());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Asks the program to end, so that it can tidy up.
fn end(child: &mut Child) -> Result<()> {
    kill_process(Pid::from_child(child), Signal::TERM)?;
    child.wait()?;
    Ok(())
}

/// The last lines of a log, indented.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(TAIL);
    lines[start..].iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn drain(pipe: Option<&mut impl std::io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What could be read is what the error shows.
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A word as one would type it in a shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
