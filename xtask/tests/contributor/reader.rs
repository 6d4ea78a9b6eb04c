//! Somebody who types what a page says.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kouti_testing::write_program;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::copy::{Copy, command_in, xtask_in};
use crate::page::{self, Block};
use crate::tutorial;

/// The port on the pages, as it is written there; another may be free here.
const PORTS: [&str; 3] = ["localhost:8080", "--publish 8080:", "--port 8080"];

/// The container that pages start.
const CONTAINER: &str = "hello";

/// Somebody at the root of a workspace.
pub(crate) struct Reader {
    root: PathBuf,
    programs: tempfile::TempDir,
    port: String,
    /// What the last commands have printed.
    seen: String,
    app: Option<App>,
    /// From the first command for Docker on: there is one name for containers.
    container: Option<MutexGuard<'static, ()>>,
}

static CONTAINERS: Mutex<()> = Mutex::new(());

/// A port that stays free until it is used, maybe minutes later: none of those that the system gives to whoever asks.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// What goes on and on, in a process group of its own. It ends with the test.
struct App(Child);

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
        // The shell ends at once; the app has ended when nobody can print any more.
        if let Some(mut output) = self.0.stdout.take() {
            let _ = output.read_to_end(&mut Vec::new());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.container.is_some() {
            // What a page starts it also stops, unless a test has failed before.
            let _ = Command::new("docker").args(["rm", "--force", CONTAINER]).output();
        }
    }
}

impl Reader {
    /// Of pages that change files of the workspace.
    pub(crate) fn of_copy(copy: &Copy) -> Self {
        Self::at(copy.path(""))
    }

    /// Of pages that leave files of the workspace alone.
    pub(crate) fn of_workspace() -> Self {
        Self::at(page::root().to_owned())
    }

    fn at(root: PathBuf) -> Self {
        let programs = tempfile::tempdir().unwrap();
        let path = std::env::vars_os().find(|(name, _)| name == "PATH").unwrap().1;
        write_program(
            &programs.path().join("cargo"),
            cargo(&root, &path.to_string_lossy()).as_bytes(),
        )
        .unwrap();
        let port = free_port().to_string();
        Self { root, programs, port, seen: String::new(), app: None, container: None }
    }

    /// Types every page of the workspace on which there are commands for Docker, or for a machine without it; returns how
    /// many there are. The tutorial changes the workspace, and has a test of its own.
    pub(crate) fn types_pages(docker: bool) -> usize {
        let mut typed = 0;
        for path in page::pages().into_iter().filter(|path| path != Path::new(tutorial::PAGE)) {
            let text = page::read(&path);
            let blocks = page::blocks(&text);
            let mut needs = blocks.iter().filter_map(Block::needs_docker);
            if needs.any(|needs_docker| needs_docker == docker) {
                typed += 1;
                println!("{}", path.display());
                Self::of_workspace().follows(&blocks, docker);
            }
        }
        typed
    }

    /// Does what the page says, with or without Docker.
    #[track_caller]
    pub(crate) fn follows(&mut self, blocks: &[Block<'_>], docker: bool) {
        let mut was_run = false;
        for block in blocks {
            match block {
                Block::Commands { text, docker: needs_docker } => {
                    was_run = docker || !needs_docker;
                    if was_run {
                        if *needs_docker && self.container.is_none() {
                            // An app without a container has the port.
                            self.app = None;
                            let lock = CONTAINERS.lock();
                            self.container = Some(lock.unwrap_or_else(PoisonError::into_inner));
                        }
                        self.types(text);
                    }
                }
                Block::Output(text) if was_run => assert_output(&self.seen, text),
                Block::File(path, text) => {
                    let path = self.root.join(path);
                    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
                    fs_err::write(path, text).unwrap();
                }
                Block::Output(_) | Block::NotRun(_) | Block::Example => {}
            }
        }
    }

    pub(crate) fn has_app(&self) -> bool {
        self.app.is_some()
    }

    #[track_caller]
    fn types(&mut self, text: &str) {
        let mut text = text.to_owned();
        for port in PORTS {
            text = text.replace(port, &port.replace("8080", &self.port));
        }
        let mut shell = self.shell(&text);
        if text.contains(" --run ") {
            self.app = Some(until_it_runs(shell));
        } else {
            shell.stderr(Stdio::piped());
            let output = shell.output().unwrap();
            self.seen = String::from_utf8_lossy(&output.stdout).into_owned();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "$ {text}\n{}\n{error}", self.seen);
        }
    }

    fn shell(&self, text: &str) -> Command {
        let mut shell = command_in(&self.root, "sh", "-e -c");
        let path = format!("PATH={}:$PATH\n{text}", self.programs.path().display());
        // As `cargo xtask` does it: a page says nothing of where pack keeps what it knows.
        shell.env("PACK_HOME", self.root.join("target/pack")).env("PACK_VOLUME_KEY", "kouti");
        shell.arg(path).stdin(Stdio::null()).stdout(Stdio::piped());
        shell
    }
}

/// A `cargo` whose `xtask` is this one: for a copy it would be compiled once more.
fn cargo(root: &Path, path: &str) -> String {
    let xtask = xtask_in(root, "");
    format!(
        "#!/bin/sh\nexport PATH='{path}'\nif [ \"$1\" != xtask ]; then exec cargo \"$@\"; fi\nshift\n\
         export CARGO_MANIFEST_DIR='{}'\nexec '{}' \"$@\"\n",
        root.join("xtask").display(),
        xtask.get_program().display(),
    )
}

/// Starts what goes on and on, and waits until it says that the app runs.
fn until_it_runs(mut shell: Command) -> App {
    shell.stderr(Stdio::inherit()).process_group(0);
    let mut app = App(shell.spawn().unwrap());
    let mut output = BufReader::new(app.0.stdout.take().unwrap());
    let mut log = String::new();
    while !log.contains("listening on port") {
        let length = output.read_line(&mut log).unwrap();
        assert!(length > 0, "the app does not start\n{log}");
    }
    // What the app may still print has to go somewhere.
    app.0.stdout = Some(output.into_inner());
    app
}

/// Compares what was printed with what the page says, where `…` stands for anything.
#[track_caller]
fn assert_output(seen: &str, page: &str) {
    let mut parts = page.trim_end().split('…');
    let first = parts.next().unwrap_or_default();
    let mut rest = seen.trim_end().strip_prefix(first);
    let mut parts = parts.peekable();
    let is_whole = parts.peek().is_none();
    while let (Some(text), Some(part)) = (rest, parts.next()) {
        rest = if parts.peek().is_none() {
            // The last part ends the output.
            text.ends_with(part).then_some("")
        } else {
            text.split_once(part).map(|(_, rest)| rest)
        };
    }
    let agrees = rest.is_some_and(|rest| !is_whole || rest.is_empty());
    assert!(agrees, "the page says\n{page}\nbut what is printed is\n{seen}");
}

#[test]
fn dots_on_a_page_stand_for_anything() {
    assert_output("a\nb\n", "a\nb\n");
    assert_output("xa\nyb\nz", "…a\n…b…");
    assert_output("v22.1.0\n", "v22.…\n");
    for (seen, page) in [("a b", "a"), ("a b", "b"), ("a b", "…c…"), ("ab", "a…c"), ("b a", "…a…b")]
    {
        let differs = std::panic::catch_unwind(|| assert_output(seen, page));
        assert!(differs.is_err(), "{page} is not {seen}");
    }
}
