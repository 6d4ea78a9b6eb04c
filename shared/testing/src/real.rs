//! Real servers, where `cargo xtask mirror` has made them, and requests to what runs.
#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking, here like anywhere")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Built;
use crate::lifecycle::{Exit, Running};

/// No answer of a test takes this long; it only keeps a failing test from hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// The newest archive of the local profile called `<name>-<version>-…` whose `program` runs on this host: its
/// version and its bytes. `root` is that of the repository.
///
/// `None`, and a line on standard error, where there is none.
#[must_use]
pub fn archive(root: &Path, name: &str, program: &str) -> Option<(String, Vec<u8>)> {
    let found = candidates(root, name).into_iter().find(|archive| runs(archive, program));
    let Some(archive) = found else {
        #[expect(clippy::print_stderr, reason = "the name of a skipped test has to be seen")]
        {
            eprintln!("skipped: first run `cargo xtask mirror --only {name}`");
        }
        return None;
    };
    Some(read(&archive, name))
}

/// All such archives, the newest first.
#[must_use]
pub fn archives(root: &Path, name: &str, program: &str) -> Vec<(String, Vec<u8>)> {
    let all = candidates(root, name).into_iter();
    all.filter(|archive| runs(archive, program)).map(|archive| read(&archive, name)).collect()
}

/// Those of that name, the newest first.
fn candidates(root: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(root.join("target/mirror/archives"));
    let mut found: Vec<PathBuf> =
        entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| version_of(path, name).is_some());
    found.sort();
    found.reverse();
    found
}

fn read(archive: &Path, name: &str) -> (String, Vec<u8>) {
    let version = version_of(archive, name).expect("it is a candidate").to_owned();
    (version, fs_err::read(archive).expect("the archive can be read"))
}

fn version_of<'a>(archive: &'a Path, name: &str) -> Option<&'a str> {
    let file = archive.file_name()?.to_str()?;
    file.strip_prefix(name)?.strip_prefix('-')?.split('-').next()
}

fn runs(archive: &Path, program: &str) -> bool {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let unpacked = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(dir.path()).status();
    let version = Command::new(dir.path().join(program))
        .arg("-v")
        .env("LD_LIBRARY_PATH", dir.path().join("lib"))
        .output();
    unpacked.is_ok_and(|status| status.success()) && version.is_ok_and(|out| out.status.success())
}

/// A process that answers requests.
pub struct Site {
    port: u16,
    running: Option<Running>,
    /// Its files go away with it.
    _built: Built,
    temp: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Status line and header lines.
    pub head: String,
    /// Body.
    pub body: String,
}

impl Answer {
    /// A header's value; names have no case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Site {
    /// Starts the process `web` of an image with further variables, on a port of its own.
    #[must_use]
    pub fn start(built: &Built, variables: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .expect("the test's surroundings work")
            .local_addr()
            .expect("the test's surroundings work")
            .port();
        let temp = tempfile::tempdir().expect("the test's surroundings work");
        let mut launch =
            built.launch("web").env("PORT", port.to_string()).env("TMPDIR", temp.path());
        for (name, value) in variables {
            launch = launch.env(*name, *value);
        }
        let running = launch.start().expect("the test's surroundings work");
        Self { port, running: Some(running), _built: built.clone(), temp }
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of its process.
    ///
    /// # Panics
    ///
    /// If it has been stopped.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.as_ref().expect("it runs").id()
    }

    /// Requests `path` at another port of this process.
    #[must_use]
    pub fn get_at(&self, port: u16, path: &str) -> Answer {
        ask(port, &format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
            .expect("the port answers")
    }

    /// Its `TMPDIR`.
    #[must_use]
    pub fn temp(&self) -> &Path {
        self.temp.path()
    }

    /// Sends a request as it is, again and again until somebody answers.
    #[must_use]
    pub fn send(&self, request: &str) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match ask(self.port, request) {
                Ok(answer) => return answer,
                Err(error) => assert!(Instant::now() < deadline, "no answer: {error}"),
            }
            std::thread::yield_now();
        }
    }

    /// Requests `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    /// Requests `path` with further header lines, each ending in `\r\n`.
    #[must_use]
    pub fn get_with(&self, path: &str, headers: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    /// Waits until it has printed a line with `text`.
    pub fn wait_for(&mut self, text: &str) {
        let running = self.running.as_mut().expect("it runs");
        running.wait_for(text).expect("the line is printed");
    }

    /// Sends it a signal by its name, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("there is a program `kill`").success());
    }

    /// Asks it to stop in the middle of a large answer: how many bytes of that arrive all the same.
    #[must_use]
    pub fn stop_during(self, path: &str) -> (usize, Exit) {
        let port = self.port;
        let connect = || TcpStream::connect(("127.0.0.1", port));
        let mut stream = connect().expect("it listens");
        let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut bytes = vec![0; 1000];
        stream.read_exact(&mut bytes).expect("it answers");
        std::thread::scope(|scope| {
            let stopping = scope.spawn(move || self.stop());
            // Refused once it is stopping, so the request above is an open one.
            while connect().is_ok() {
                std::thread::yield_now();
            }
            let _ = stream.read_to_end(&mut bytes);
            (bytes.len(), stopping.join().expect("it stops"))
        })
    }

    /// Asks it to stop, as `docker stop` does, and waits until it has.
    #[must_use]
    pub fn stop(mut self) -> Exit {
        let running = self.running.take().expect("it is stopped once");
        running.stop().expect("the process can be stopped")
    }

    /// Waits until it has ended by itself.
    #[must_use]
    pub fn wait(mut self) -> Exit {
        let running = self.running.take().expect("it is waited for once");
        running.wait().expect("the process ends")
    }
}

impl Drop for Site {
    /// Asked to, not killed: the workers of a server outlive a master that was killed.
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop();
        }
    }
}

fn ask(port: u16, request: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let invalid = || std::io::Error::other(format!("not HTTP: {text}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(invalid)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(invalid)?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
