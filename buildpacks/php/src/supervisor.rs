//! Runs PHP-FPM and a web server as one app: in order at the start, in reverse at the end.
//!
//! The web server is stopped first and finishes what it has accepted, while PHP still answers. If
//! one of them ends by itself, so does the other, and with them the container: at once if that was
//! PHP, without which nothing can be finished.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use kouti_launch::signals::Signals;
use kouti_launch::supervisor::CannotStart;
use kouti_report::{Colour, Explain, Fault, Problem};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group,
    set_child_subreaper, test_kill_process_group, wait,
};

/// One program.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) command: Command,
    /// Lets it finish what it is doing, and end.
    pub(crate) finish: Signal,
    /// Lets it read its configuration again.
    pub(crate) reload: Signal,
    /// What has to accept connections before the next one starts.
    pub(crate) listens: Option<Address>,
}

/// Where a service listens.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Socket(PathBuf),
    Port(SocketAddr),
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) startup: Duration,
    pub(crate) shutdown: Duration,
}

/// Between two looks at a service that is starting.
const LOOK: Duration = Duration::from_millis(2);
/// What PHP gets at the end, if the web server takes all the time; and what a program gets that
/// was told to stop at once.
const LAST: Duration = Duration::from_secs(1);
/// What others get twice, to finish and to end, after PHP-FPM has ended by itself: within a second
/// the platform can start a new container.
const ABANDONED: Duration = Duration::from_millis(400);
/// What was stopped by a signal from outside ends with this code if it took too long.
const TERMINATED: u8 = 143;
/// A server that ends well by itself has no reason to.
const ENDED_WELL: u8 = 70;

/// Runs the services, the first one first, until one ends or somebody asks for the end. `reread`
/// is called before a reload, and says whether there is any use in it.
pub(crate) fn run(
    services: Vec<Service>,
    times: Times,
    reread: &dyn Fn() -> bool,
) -> Result<u8, Problem> {
    let signals = Signals::new()?;
    // Orphans come to us, not to whoever started us. Older kernels just do not do it.
    let _ = set_child_subreaper(Some(getpid()));
    let streams = Streams::new()?;
    let mut group = Group { signals, running: Vec::new(), times };
    for service in services {
        if let Some(code) = group.start(service, &streams)? {
            streams.finish();
            return Ok(code);
        }
    }
    let code = group.watch(reread);
    streams.finish();
    Ok(code)
}

struct Running {
    name: String,
    id: Pid,
    finish: Signal,
    reload: Signal,
    end: Option<WaitStatus>,
}

impl Running {
    fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Whether nobody of its process group is left either.
    fn is_gone(&self) -> bool {
        self.has_ended() && test_kill_process_group(self.id).is_err()
    }
}

struct Group {
    signals: Signals,
    running: Vec<Running>,
    times: Times,
}

impl Group {
    /// Starts a service and waits until it listens. A code if that is not to be.
    fn start(&mut self, service: Service, streams: &Streams) -> Result<Option<u8>, Problem> {
        let Service { name, mut command, finish, reload, listens } = service;
        command.process_group(0).stdin(Stdio::null());
        command.stdout(streams.out.try_clone()?).stderr(streams.err.try_clone()?);
        let child = command.spawn().map_err(|error| {
            // Whoever runs already must not stay behind.
            self.stop(Instant::now());
            let program = command.get_program().to_string_lossy().into_owned();
            CannotStart { program, error }
        })?;
        let id = Pid::from_child(&child);
        self.running.push(Running { name: name.clone(), id, finish, reload, end: None });
        let Some(address) = listens else { return Ok(None) };
        let started = Instant::now();
        while !address.accepts() {
            self.reap();
            if let Some(code) = self.unexpected_end() {
                return Ok(Some(code));
            }
            if self.is_asked_to_stop() {
                return Ok(Some(self.stop(Instant::now() + self.times.shutdown)));
            }
            if started.elapsed() > self.times.startup {
                self.stop(Instant::now() + LAST);
                return Err(NotReady { name, startup: self.times.startup }.into());
            }
            self.signals.wait(Some(LOOK));
        }
        say(&format!("{name} is ready after {} ms", started.elapsed().as_millis()));
        Ok(None)
    }

    fn watch(&mut self, reread: &dyn Fn() -> bool) -> u8 {
        loop {
            self.reap();
            if let Some(code) = self.unexpected_end() {
                return code;
            }
            for signal in self.signals.pending() {
                match signal {
                    Signal::TERM | Signal::INT | Signal::QUIT => {
                        say("stopping: running requests are finished");
                        return self.stop(Instant::now() + self.times.shutdown);
                    }
                    Signal::HUP if reread() => {
                        for service in &self.running {
                            let _ = kill_process(service.id, service.reload);
                        }
                    }
                    // nginx opens its log files anew.
                    Signal::USR1 => {
                        for service in self.running.iter().filter(|service| service.name == "nginx")
                        {
                            let _ = kill_process(service.id, signal);
                        }
                    }
                    _ => {}
                }
            }
            self.signals.wait(None);
        }
    }

    fn is_asked_to_stop(&mut self) -> bool {
        let stopping = [Signal::TERM, Signal::INT, Signal::QUIT];
        self.signals.pending().iter().any(|signal| stopping.contains(signal))
    }

    /// If a service has ended by itself: says so, ends the others, and returns the code.
    fn unexpected_end(&mut self) -> Option<u8> {
        let (name, status) =
            self.running.iter().find_map(|service| Some((service.name.clone(), service.end?)))?;
        let code = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => {
                say(&format!("{name} ended by itself with code {code}"));
                u8::try_from(code).ok().filter(|code| (1..=125).contains(code))
            }
            (_, Some(signal)) => {
                say(&format!("{name} was killed by signal {signal}"));
                u8::try_from(128 + signal).ok()
            }
            _ => None,
        };
        self.stop(Instant::now() + self.times.shutdown);
        Some(code.unwrap_or(ENDED_WELL))
    }

    /// Ends the services, the last one first. The code tells whether all did so in time.
    fn stop(&mut self, deadline: Instant) -> u8 {
        let mut in_time = true;
        let (deadline, last) = if self.is_without_php() {
            (deadline.min(Instant::now() + ABANDONED), ABANDONED)
        } else {
            (deadline, LAST)
        };
        for index in (0..self.running.len()).rev() {
            // PHP gets a second even if the web server has taken all the time.
            let limit = if index == 0 || self.is_without_php() {
                deadline
            } else {
                deadline.checked_sub(last).unwrap_or(deadline)
            };
            let Running { id, finish, .. } = self.running[index];
            if self.running[index].end.is_none() {
                let _ = kill_process(id, finish);
            }
            // Workers outlive a master that was killed.
            let signal = if self.waits_for(index, limit, Running::has_ended) {
                finish
            } else {
                in_time = false;
                Signal::TERM
            };
            let _ = kill_process_group(id, signal);
        }
        let end = Instant::now() + last;
        for index in 0..self.running.len() {
            if !self.waits_for(index, end, Running::is_gone) {
                let _ = kill_process_group(self.running[index].id, Signal::KILL);
                self.waits_for(index, Instant::now() + LAST, Running::is_gone);
            }
        }
        if in_time { 0 } else { TERMINATED }
    }

    /// Whether nobody can answer what the web server still waits for.
    fn is_without_php(&self) -> bool {
        self.running.iter().any(|service| service.name == "php-fpm" && service.has_ended())
    }

    /// Waits until something is so of a service; a second request to stop means at once.
    fn waits_for(&mut self, index: usize, limit: Instant, is_so: fn(&Running) -> bool) -> bool {
        loop {
            self.reap();
            if is_so(&self.running[index]) {
                return true;
            }
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_asked_to_stop() {
                return false;
            }
            self.signals.wait(Some(left));
        }
    }

    /// Takes note of services that have ended, and buries orphans.
    fn reap(&mut self) {
        while let Ok(Some((id, status))) = wait(WaitOptions::NOHANG) {
            for service in self.running.iter_mut().filter(|service| service.id == id) {
                service.end = Some(status);
            }
        }
    }
}

impl Address {
    fn accepts(&self) -> bool {
        match self {
            Self::Socket(path) => UnixStream::connect(path).is_ok(),
            Self::Port(address) => TcpStream::connect_timeout(address, LOOK).is_ok(),
        }
    }
}

/// Standard output and error of all services.
///
/// Pipes of this process, because those of the container may belong to somebody else, and then
/// `/dev/stdout` cannot be opened.
struct Streams {
    out: io::PipeWriter,
    err: io::PipeWriter,
    done: mpsc::Receiver<()>,
}

impl Streams {
    fn new() -> io::Result<Self> {
        let (out_reader, out) = io::pipe()?;
        let (err_reader, err) = io::pipe()?;
        let (tell, done) = mpsc::channel();
        copy(out_reader, io::stdout(), tell.clone())?;
        copy(err_reader, io::stderr(), tell)?;
        Ok(Self { out, err, done })
    }

    /// Lets the last lines through; whoever still writes then is not waited for.
    fn finish(self) {
        drop((self.out, self.err));
        for _ in 0..2 {
            let _ = self.done.recv_timeout(LAST);
        }
    }
}

fn copy(
    mut from: io::PipeReader,
    mut to: impl io::Write + Send + 'static,
    tell: mpsc::Sender<()>,
) -> io::Result<()> {
    // The usual stack is a hundred times what this needs.
    thread::Builder::new().stack_size(64 * 1024).spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.flush();
        let _ = tell.send(());
    })?;
    Ok(())
}

/// To standard error, like the lines of the servers.
pub(crate) fn say(text: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "php-start: {text}");
}

/// The same for a problem.
pub(crate) fn tell(problem: &Problem) {
    let _ = io::stderr().write_all(problem.page("kouti/php", Colour::Off).as_bytes());
}

/// PHP-FPM runs, but does not answer.
#[derive(Debug, thiserror::Error)]
#[error("{name} has not answered within {}s", startup.as_secs())]
pub(crate) struct NotReady {
    name: String,
    startup: Duration,
}

impl Explain for NotReady {
    fn id(&self) -> &'static str {
        "php-fpm-not-ready"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "its own messages are above".to_owned(),
            "if it only needs more time, set BPL_PHP_STARTUP_TIMEOUT".to_owned(),
        ]
    }
}
