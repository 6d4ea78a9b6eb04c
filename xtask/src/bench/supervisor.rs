//! What `php-start` costs beside starting PHP-FPM and nginx by hand: time until the first answer, and memory.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kouti_testing::lifecycle::Env;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::Figure;
use super::measure::{median, sample};
use crate::workspace::Workspace;

/// Between two looks at what is starting.
const LOOK: Duration = Duration::from_micros(500);
/// Nothing takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(workspace: &Workspace, runs: usize) -> Result<Vec<Figure>> {
    let dir = workspace.target().join("bench/supervisor");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    fs_err::create_dir_all(&dir)?;
    // The newest that run on this host.
    let versions = ["BP_PHP_VERSION=*", "BP_NGINX_VERSION=*"];
    let lifecycle = sample(workspace, &dir, "php", &versions)?;

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let launch = lifecycle.launch("web")?.env("PORT", port.to_string());
    let (mut env, _) =
        launch.env("KOUTI_FPM_LISTEN", dir.join("fpm.socket").as_os_str()).prepare()?;
    let by_hand = ByHand::record(&dir, &env, port)?;
    env.set("KOUTI_PHP_RUN_DIR", "/tmp/kouti-php");

    let (mut supervised, mut plain, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let since = Instant::now();
        let mut child = command(&find("php-start", &env)?, &env).spawn()?;
        answered(port)?;
        supervised.push(since.elapsed().as_secs_f64() * 1e3);
        memory.push(resident(&child)?);
        stop(&mut child, Signal::TERM)?;
        plain.push(by_hand.start(port)?);
    }
    let over = median(supervised.iter().zip(&plain).map(|(one, other)| one - other).collect());
    Ok(vec![
        Figure::new("php-start, first answer", median(supervised), "ms"),
        Figure::new("the same by hand", median(plain), "ms"),
        Figure::new("php-start over by hand", over, "ms").budget(30.0),
        Figure::new("php-start memory", median(memory), "MB").budget(3.0),
    ])
}

/// The two programs as the supervisor starts them.
struct ByHand {
    fpm: Recorded,
    nginx: Recorded,
    socket: PathBuf,
}

/// A command line with its variables.
struct Recorded {
    program: PathBuf,
    args: Vec<String>,
    env: Env,
    dir: PathBuf,
}

impl ByHand {
    /// Starts the supervisor once with programs in front of the real ones that note how they are called.
    fn record(dir: &Path, env: &Env, port: u16) -> Result<Self> {
        let notes = dir.join("notes");
        fs_err::create_dir_all(&notes)?;
        for name in ["php-fpm", "nginx"] {
            let real = find(name, env)?;
            let script = format!(
                "#!/bin/sh\nnote={}\nenv -0 >\"$note.env\"\npwd >\"$note.dir\"\n\
                 for word in \"$@\"; do printf '%s\\0' \"$word\"; done >\"$note.args\"\n\
                 exec {} \"$@\"\n",
                notes.join(name).display(),
                real.display()
            );
            kouti_testing::write_program(&notes.join(name), &script)?;
        }
        let mut observed = env.clone();
        let path = env.get("PATH").unwrap_or_default().to_owned();
        observed.set("PATH", format!("{}:{path}", notes.display()));
        let mut child = command(&find("php-start", env)?, &observed).spawn()?;
        answered(port)?;
        stop(&mut child, Signal::TERM)?;
        Ok(Self {
            fpm: Recorded::read(&notes, "php-fpm", env)?,
            nginx: Recorded::read(&notes, "nginx", env)?,
            socket: dir.join("fpm.socket"),
        })
    }

    /// Milliseconds until the first answer.
    fn start(&self, port: u16) -> Result<f64> {
        let _ = fs_err::remove_file(&self.socket);
        let since = Instant::now();
        let mut fpm = self.fpm.command().spawn()?;
        until(|| UnixStream::connect(&self.socket).is_ok())?;
        let mut nginx = self.nginx.command().spawn()?;
        answered(port)?;
        let took = since.elapsed().as_secs_f64() * 1e3;
        stop(&mut nginx, Signal::QUIT)?;
        stop(&mut fpm, Signal::QUIT)?;
        Ok(took)
    }
}

impl Recorded {
    fn read(notes: &Path, name: &str, env: &Env) -> Result<Self> {
        let read = |what: &str| fs_err::read_to_string(notes.join(format!("{name}.{what}")));
        let words = |text: String| -> Vec<String> {
            text.split('\0').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let mut own = Env::new();
        for pair in words(read("env")?) {
            if let Some((name, value)) = pair.split_once('=') {
                own.set(name, value);
            }
        }
        Ok(Self {
            program: find(name, env)?,
            args: words(read("args")?),
            env: own,
            dir: read("dir")?.trim().into(),
        })
    }

    fn command(&self) -> Command {
        let mut command = command(&self.program, &self.env);
        command.args(&self.args).current_dir(&self.dir);
        command
    }
}

fn command(program: &Path, env: &Env) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(env.iter()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn find(program: &str, env: &Env) -> Result<PathBuf> {
    let path = env.get("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(path).map(|dir| dir.join(program));
    candidates
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("the image has no {program}"))
}

/// Waits for a page.
fn answered(port: u16) -> Result<()> {
    until(|| {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
        let mut answer = String::new();
        stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.contains(" 200 ")
    })
}

fn until(mut is_so: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > deadline {
            bail!("PHP-FPM and nginx do not answer");
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// Asks for the end, and sees to it.
fn stop(child: &mut Child, signal: Signal) -> Result<()> {
    let id = Pid::from_child(child);
    kill_process(id, signal)?;
    child.wait()?;
    // Workers that are left; usually there is nobody.
    let _ = kill_process_group(id, Signal::KILL);
    Ok(())
}

/// MB that a process has in memory.
fn resident(child: &Child) -> Result<f64> {
    let status = fs_err::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: f64 = line
        .and_then(|text| text.trim().strip_suffix("kB")?.trim().parse().ok())
        .context("the kernel tells no size")?;
    Ok(kilobytes * 1024.0 / 1e6)
}
