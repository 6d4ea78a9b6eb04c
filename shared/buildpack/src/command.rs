//! Running the tools of a language.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use kouti_report::{EventKind, Explain, Fault, Log};

use crate::{Env, Masks};

/// A command to run, never through a shell.
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    /// A program, and its first arguments, that runs this one.
    interpreter: Option<(OsString, Vec<OsString>)>,
    args: Vec<OsString>,
    dir: PathBuf,
    env: Env,
    masks: Masks,
}

/// What a failed command is known by: the caller explains it further where it can.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailed {
    /// It ran and ended with an error.
    #[error("`{command}` ended with {status}")]
    Status {
        /// As the user would type it.
        command: String,
        /// Exit code or signal.
        status: EndStatus,
        /// The last lines it printed, for the caller to tell what went wrong.
        tail: Vec<String>,
    },
    /// There is no such program.
    #[error("`{program}` is not on the PATH")]
    NotFound {
        /// Its name.
        program: String,
        /// Where it was looked for.
        path: String,
    },
    /// It could not be started or read from.
    #[error("cannot run `{command}`")]
    Io {
        /// As the user would type it.
        command: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EndStatus(pub ExitStatus);

impl std::fmt::Display for EndStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "signal {signal}"),
            (None, None) => write!(f, "an unknown status"),
        }
    }
}

impl EndStatus {
    /// Whether the system has killed it, or what it has started: a shell tells of that with 128 and
    /// the number of the signal.
    fn was_killed(self) -> bool {
        self.0.signal() == Some(9) || self.0.code() == Some(137)
    }
}

impl Explain for CommandFailed {
    fn id(&self) -> &'static str {
        match self {
            Self::Status { status, .. } if status.was_killed() => "command-killed",
            Self::Status { .. } => "command-failed",
            Self::NotFound { .. } => "command-not-found",
            Self::Io { .. } => "command-not-started",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Status { status, .. } if status.was_killed() || status.0.signal().is_some() => {
                Fault::Surroundings
            }
            Self::Status { .. } => Fault::App,
            Self::NotFound { .. } | Self::Io { .. } => Fault::Surroundings,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Status { status, .. } if status.was_killed() => {
                vec!["it was probably out of memory: give the build more".to_owned()]
            }
            Self::Status { .. } => vec!["its own message is above".to_owned()],
            Self::NotFound { path, .. } => vec![format!("the PATH is {path}")],
            Self::Io { .. } => Vec::new(),
        }
    }
}

/// How many of the last lines are kept for the caller.
const TAIL: usize = 200;

impl Command {
    /// A command that runs in `dir` with exactly the variables of `env`.
    ///
    /// The program is looked for on the `PATH` of `env`, not on ours.
    pub fn new(program: impl Into<OsString>, dir: impl Into<PathBuf>, env: &Env) -> Self {
        Self {
            program: program.into(),
            interpreter: None,
            args: Vec::new(),
            dir: dir.into(),
            env: env.clone(),
            masks: Masks::from_env(env),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Lets another program run this one, such as `php` with the path of a script: what is shown
    /// is still what a user would type.
    #[must_use]
    pub fn through<A: Into<OsString>>(
        mut self,
        interpreter: impl Into<OsString>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        self.interpreter = Some((interpreter.into(), args));
        self
    }

    /// Hides these texts too in what is shown.
    #[must_use]
    pub fn masks(mut self, masks: Masks) -> Self {
        self.masks = masks.and(&self.masks);
        self
    }

    /// Sets a variable for this command only.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.set(name, value);
        self
    }

    /// As the user would type it, secrets masked.
    #[must_use]
    pub fn shown(&self) -> String {
        let words = std::iter::once(&self.program)
            .chain(&self.args)
            .map(|word| word.to_string_lossy().into_owned());
        self.masks.mask(&as_typed(words))
    }

    /// Runs it and shows every line as it comes.
    pub fn run(&self, log: &mut Log) -> Result<(), CommandFailed> {
        self.run_reading(log, |_| ())
    }

    /// The same, for those who want to read the lines as well.
    pub fn run_reading(
        &self,
        log: &mut Log,
        mut each: impl FnMut(&str),
    ) -> Result<(), CommandFailed> {
        log.step(&format!("Running {}", self.shown()));
        let started = Instant::now();
        let mut tail = Tail::default();
        let status = self.lines(|line| {
            let line = self.masks.mask(line);
            log.output(&line);
            each(&line);
            tail.push(line);
        })?;
        log.event(EventKind::Command, self.shown(), EndStatus(status).to_string(), started);
        if !status.success() {
            return Err(self.failed(status, tail));
        }
        log.done(started);
        Ok(())
    }

    /// Runs it and returns what it printed on its output; nothing is shown.
    pub fn output(&self) -> Result<String, CommandFailed> {
        let output = self
            .prepare()?
            .stderr(Stdio::piped())
            .output()
            .map_err(|source| CommandFailed::Io { command: self.shown(), source })?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let mut tail = Tail::default();
            for line in text.lines().chain(String::from_utf8_lossy(&output.stderr).lines()) {
                tail.push(self.masks.mask(line));
            }
            return Err(self.failed(output.status, tail));
        }
        Ok(text)
    }

    /// Both streams through one pipe: that keeps their lines in order.
    fn lines(&self, mut each: impl FnMut(&str)) -> Result<ExitStatus, CommandFailed> {
        let failed = |source| CommandFailed::Io { command: self.shown(), source };
        let (reader, writer) = std::io::pipe().map_err(failed)?;
        let mut command = self.prepare()?;
        command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(failed)?;
        // It holds the writing end, and reading ends only when all of them are closed.
        drop(command);

        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            // Of a progress line that overwrites itself only the last state counts.
            each(text.rsplit('\r').next().unwrap_or(text));
            line.clear();
        }
        child.wait().map_err(failed)
    }

    fn prepare(&self) -> Result<std::process::Command, CommandFailed> {
        let (program, first) = match &self.interpreter {
            Some((interpreter, args)) => (interpreter, args.as_slice()),
            None => (&self.program, [].as_slice()),
        };
        let mut command = std::process::Command::new(self.resolve(program)?);
        command
            .args(first)
            .args(&self.args)
            .current_dir(&self.dir)
            .env_clear()
            .envs(self.env.iter())
            .stdin(Stdio::null());
        Ok(command)
    }

    fn resolve(&self, program: &OsStr) -> Result<PathBuf, CommandFailed> {
        if Path::new(program).components().count() > 1 {
            return Ok(self.dir.join(program));
        }
        let path = self.env.get_os("PATH").unwrap_or_default();
        find_on_path(program, path).ok_or_else(|| CommandFailed::NotFound {
            program: program.to_string_lossy().into_owned(),
            path: path.to_string_lossy().into_owned(),
        })
    }

    fn failed(&self, status: ExitStatus, tail: Tail) -> CommandFailed {
        CommandFailed::Status {
            command: self.shown(),
            status: EndStatus(status),
            tail: tail.0.into(),
        }
    }
}

/// The words of a command line as a user would type them.
///
/// `shell_words` quotes the `=` of every `--option=value`, which only the first word needs.
pub(crate) fn as_typed(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let quoted = words.into_iter().enumerate().map(|(index, word)| {
        let word = word.as_ref();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=/,.+:@%".contains(c);
        if index > 0 && !word.is_empty() && word.chars().all(plain) {
            word.to_owned()
        } else {
            shell_words::quote(word).into_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// The first executable file called `program` in the directories of `path`.
#[must_use]
pub fn find_on_path(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;

    std::env::split_paths(path).map(|dir| dir.join(program)).find(|file| {
        fs_err::metadata(file)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

#[derive(Default)]
struct Tail(std::collections::VecDeque<String>);

impl Tail {
    fn push(&mut self, line: String) {
        if self.0.len() == TAIL {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use insta::assert_snapshot;
    use kouti_report::{Colour, Level, Problem};

    use super::*;

    fn run(script: &str, variables: &[(&str, &str)]) -> (Result<(), CommandFailed>, String) {
        #[derive(Clone, Default)]
        struct Shared(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Shared {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        let mut env: Env = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        for (name, value) in variables {
            env.set(name, value);
        }
        let said = Shared::default();
        let mut log =
            Log::new(Box::new(said.clone()), Box::new(said.clone()), Level::Info, Colour::Off);
        let result = Command::new("sh", "/", &env).args(["-c", script]).run(&mut log);
        let text = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
        (result, text)
    }

    fn page(result: Result<(), CommandFailed>) -> String {
        Problem::from(result.unwrap_err()).page("", Colour::Off)
    }

    #[test]
    fn both_streams_are_shown_in_order() {
        let (result, log) = run("echo one; echo two >&2; printf 'a\\rb\\n'; printf three", &[]);
        assert!(result.is_ok());
        assert!(log.ends_with("      one\n      two\n      b\n      three\n"), "{log}");
    }

    #[test]
    fn a_failure_names_the_command_and_the_code() {
        let (result, _) = run("echo oops; exit 3", &[]);
        let Err(CommandFailed::Status { tail, .. }) = &result else { panic!("it failed") };
        assert_eq!(tail, &["oops"]);
        assert_snapshot!(page(result), @r"
        error[command-failed]: `sh -c 'echo oops; exit 3'` ended with exit code 3

        hint: its own message is above
        ");
    }

    #[test]
    fn a_kill_points_at_memory() {
        let (result, _) = run("kill -9 $$", &[]);
        assert_snapshot!(page(result), @r"
        error[command-killed]: `sh -c 'kill -9 $$'` ended with signal 9

        hint: it was probably out of memory: give the build more
        ");
    }

    #[test]
    fn a_kill_of_what_a_tool_has_started_points_at_memory_too() {
        let (result, _) = run("sh -c 'kill -9 $$'; exit $?", &[]);
        let page = page(result);
        assert!(page.starts_with("error[command-killed]: "), "{page}");
        assert!(page.contains("ended with exit code 137"), "{page}");
    }

    #[test]
    fn a_directory_that_is_not_there_is_the_cause() {
        let env: Env = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let error = Command::new("true", "/nowhere", &env).output().unwrap_err();
        assert_snapshot!(Problem::from(error).page("", Colour::Off), @r"
        error[command-not-started]: cannot run `true`
          caused by: No such file or directory (os error 2)
        ");
    }

    #[test]
    fn a_missing_program_shows_the_path() {
        let env: Env = [("PATH", "/nowhere")].into_iter().collect();
        let error = Command::new("npm", "/", &env).output().unwrap_err();
        assert_snapshot!(Problem::from(error).page("", Colour::Off), @r"
        error[command-not-found]: `npm` is not on the PATH

        hint: the PATH is /nowhere
        ");
    }

    #[test]
    fn secrets_of_the_environment_are_masked_everywhere() {
        let (_, log) =
            run("echo $NPM_TOKEN; echo https://u:p@h/x", &[("NPM_TOKEN", "s3cr3t-value")]);
        assert!(!log.contains("s3cr3t-value") && !log.contains("u:p"), "{log}");
        let env: Env = [("PATH", "/bin"), ("MY_PASSWORD", "hunter22")].into_iter().collect();
        let shown = Command::new("tool", "/", &env).arg("--password=hunter22").shown();
        assert_eq!(shown, "tool --password=***");
    }

    #[test]
    fn only_what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(as_typed(["A=b", "--a=b", "c d", "$x", ""]), "'A=b' --a=b 'c d' '$x' ''");
    }

    #[test]
    fn an_interpreter_runs_what_is_shown() {
        let env: Env = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let command = Command::new("greet", "/", &env)
            .through("sh", ["-c", "echo $0 $1", "hello"])
            .arg("you");
        assert_eq!(command.shown(), "greet you");
        assert_eq!(command.output().unwrap(), "hello you\n");
    }

    #[test]
    fn a_command_sees_only_what_it_was_given() {
        let (_, log) = run("echo home=$HOME", &[]);
        assert!(log.contains("home=\n") || log.ends_with("home=\n"), "{log}");
    }
}
