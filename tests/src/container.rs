//! A running app.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Image, docker};

/// How long an app may take to answer: generous, for a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a container is run.
#[derive(Debug)]
pub struct Run<'a> {
    image: &'a Image,
    args: Vec<String>,
    command: Vec<String>,
}

/// A container that goes when this is dropped.
#[derive(Debug)]
pub struct Container {
    id: String,
    address: SocketAddr,
}

/// An answer to an HTTP request.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Status line and header lines.
    pub head: String,
    /// Body.
    pub body: String,
}

impl Image {
    /// A container of this image whose port 8080 is reachable from here.
    pub fn run(&self) -> Run<'_> {
        let args = ["run", "--detach", "--publish", "127.0.0.1::8080"];
        Run { image: self, args: args.map(str::to_owned).to_vec(), command: Vec::new() }
    }
}

impl Run<'_> {
    /// Adds an option of `docker run`.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Sets a variable of the container.
    #[must_use]
    pub fn env(self, name: &str, value: &str) -> Self {
        self.arg("--env").arg(&format!("{name}={value}"))
    }

    /// As strict platforms do: a user nobody knows, group 0, a root nobody can write to.
    #[must_use]
    pub fn hardened(self) -> Self {
        self.arg("--user=54321:0").arg("--read-only").arg("--tmpfs=/tmp").arg("--cap-drop=ALL")
    }

    /// Replaces the arguments of the process, or names another one.
    #[must_use]
    pub fn command(mut self, words: &[&str]) -> Self {
        self.command = words.iter().map(ToString::to_string).collect();
        self
    }

    /// Starts it.
    pub fn start(self) -> Container {
        let mut args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        args.push(self.image.name());
        args.extend(self.command.iter().map(String::as_str));
        let id = docker(&args).trim().to_owned();
        let port = docker(&["port", &id, "8080/tcp"]);
        let port = port.lines().next().and_then(|line| line.trim().rsplit(':').next());
        let port = port.and_then(|port| port.parse().ok()).expect("docker names the port");
        Container { id, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }
}

impl Container {
    /// What `docker` calls it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it can be reached from here.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests `path` until the app answers.
    pub fn get(&self, path: &str) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(answer) = self.request(path, "") {
                return answer;
            }
            assert!(self.is_running(), "the container ended:\n{}", self.log());
            assert!(Instant::now() < deadline, "no answer:\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Requests `path` once, with further header lines, each ending in `\r\n`.
    pub fn request(&self, path: &str, headers: &str) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n")?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(invalid)?;
        let status =
            head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(invalid)?;
        Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        let output = Command::new("docker").args(["logs", &self.id]).output();
        output.map_or_else(
            |error| error.to_string(),
            |output| {
                String::from_utf8_lossy(&output.stdout).into_owned()
                    + &String::from_utf8_lossy(&output.stderr)
            },
        )
    }

    /// Runs a script in it, as the user `root`, and returns what it prints.
    pub fn exec(&self, script: &str) -> String {
        self.exec_as("0", script)
    }

    /// Runs a script in it as another user: the variables of a process are shown to none but its own, not even to `root`
    /// without further rights.
    pub fn exec_as(&self, user: &str, script: &str) -> String {
        docker(&["exec", &format!("--user={user}"), &self.id, "sh", "-c", script])
    }

    /// Waits until the app has printed `text`.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |container| container.log().contains(text));
    }

    /// Waits until something `is_so`; `what` it is stands in the message.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(self.is_running(), "the container ended:\n{}", self.log());
            assert!(Instant::now() < deadline, "waited in vain: {what}\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// `docker stop`: how long it took, and the exit code.
    pub fn stop(&self) -> (Duration, i32) {
        let started = Instant::now();
        docker(&["stop", &self.id]);
        let took = started.elapsed();
        let code = docker(&["inspect", "--format", "{{.State.ExitCode}}", &self.id]);
        (took, code.trim().parse().expect("docker prints a number"))
    }

    fn is_running(&self) -> bool {
        docker(&["inspect", "--format", "{{.State.Running}}", &self.id]).trim() == "true"
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", "--volumes", &self.id]).output();
    }
}
