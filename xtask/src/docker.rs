//! A Docker daemon that answers: the one that runs, or one that is started here with its data under `target/`.

use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::advice::Advice;
use crate::command::{Command, tail};
use crate::host;
use crate::stamp::{self, Key};
use crate::workspace::Workspace;

/// How long a daemon may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(100);

/// What the daemon needs besides itself; `docker` is a package of its own in newer releases of Debian.
const NEEDS: &[host::Need] = &[
    ("dockerd", &["docker.io"]),
    ("docker", &["docker-cli", "docker.io"]),
    ("containerd", &["containerd"]),
    ("runc", &["runc"]),
    ("iptables", &["iptables"]),
];

/// Where the files of our own daemon are.
struct Files {
    data: PathBuf,
    /// Sockets live here, whose paths may only be 107 bytes long: not under `target/`.
    run: PathBuf,
    pid: PathBuf,
    log: PathBuf,
}

impl Files {
    fn of(workspace: &Workspace) -> Self {
        let dir = workspace.target().join("docker");
        let clone = Key::new().text("data", &dir.to_string_lossy()).finish();
        Self {
            data: dir.join("data"),
            run: Path::new("/run").join(format!("kouti-docker-{}", &clone[..8])),
            pid: dir.join("dockerd.pid"),
            log: dir.join("dockerd.log"),
        }
    }

    /// The daemon, if it is ours and alive.
    fn daemon(&self) -> Option<Pid> {
        host::running(&self.pid, &self.data.to_string_lossy())
    }

    /// The containerd that our daemon started; it outlives a daemon that was killed.
    fn containerd(&self) -> Option<Pid> {
        let config = self.run.join("containerd/containerd.toml");
        host::running(&self.containerd_pid(), &config.to_string_lossy())
    }

    fn containerd_pid(&self) -> PathBuf {
        self.run.join("containerd/containerd.pid")
    }
}

/// Makes sure that a daemon answers; installs and starts it where that is possible.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let refusal = match answer(workspace) {
        Ok(()) => return Ok(()),
        Err(refusal) => refusal,
    };
    let _lock = workspace.lock("docker")?;
    if answer(workspace).is_ok() {
        return Ok(()); // started by another command in the meantime
    }
    if let Some(hint) = obstacle(workspace, &refusal) {
        return Err(Advice::new("no Docker daemon answers", hint).because(refusal).into());
    }
    host::need(workspace, NEEDS)?;
    // The package may have started its service.
    if answer(workspace).is_ok() { Ok(()) } else { start(workspace, &Files::of(workspace)) }
}

/// Ends the daemon that [`ensure`] started; any other one is left alone.
pub(crate) fn stop(workspace: &Workspace) -> Result<()> {
    let _lock = workspace.lock("docker")?;
    let files = Files::of(workspace);
    if files.daemon().is_some() {
        end("dockerd", || files.daemon())?;
        workspace.say("docker", "daemon stopped");
    } else {
        workspace.say("docker", "no daemon of ours is running");
    }
    sweep(&files)
}

/// The id of an image, if the daemon has it.
pub(crate) fn image_id(image: &str) -> Option<String> {
    let id = Command::new("docker")
        .args(["image", "inspect", "--format", "{{.Id}}", image])
        .output()
        .ok()?;
    Some(id.trim().to_owned())
}

/// The value of an image's label; empty if it has none.
pub(crate) fn label(image: &str, label: &str) -> Option<String> {
    let format = format!("{{{{index .Config.Labels {label:?}}}}}");
    let value = Command::new("docker")
        .args(["image", "inspect", "--format", &format, image])
        .output()
        .ok()?;
    Some(value.trim().to_owned())
}

/// Whether the daemon has the very image that [`made_from`] recorded for this key.
pub(crate) fn is_made_from(image: &str, stamp: &Path, key: &str) -> bool {
    image_id(image).is_some_and(|id| stamp::is_current(stamp, &format!("{key} {id}")))
}

/// Records from what the image was made.
pub(crate) fn made_from(image: &str, stamp: &Path, key: &str) -> Result<()> {
    let id = image_id(image).with_context(|| format!("the image {image} is gone again"))?;
    stamp::set(stamp, &format!("{key} {id}"))
}

/// `Ok` if a daemon answers, else what the client says.
fn answer(workspace: &Workspace) -> Result<()> {
    if host::find(workspace, "docker").is_none() {
        bail!("there is no `docker` on PATH");
    }
    let question = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]);
    question.within(Duration::from_secs(10)).output().map(drop)
}

/// Why starting one here is no way out, as advice.
fn obstacle(workspace: &Workspace, refusal: &anyhow::Error) -> Option<&'static str> {
    if workspace.docker_host {
        Some("DOCKER_HOST names another daemon: make it reachable, or unset the variable")
    } else if refusal.to_string().contains("permission denied") {
        Some("it runs, but not for this user: `sudo usermod -aG docker $USER`, then log in again")
    } else if !host::is_root() || !cfg!(target_os = "linux") {
        Some(
            "start Docker (`sudo systemctl start docker`, or Docker Desktop), or run this as root once",
        )
    } else {
        None
    }
}

fn start(workspace: &Workspace, files: &Files) -> Result<()> {
    let since = Instant::now();
    // One that an interrupted command started may still be on its way.
    let mut child = if files.daemon().is_some() { None } else { Some(spawn(workspace, files)?) };
    while answer(workspace).is_err() {
        let gave_up = since.elapsed() > PATIENCE;
        let ended = match &mut child {
            Some(child) => child.try_wait()?.is_some(),
            None => files.daemon().is_none(),
        };
        if gave_up || ended {
            let log = fs_err::read_to_string(&files.log).unwrap_or_default();
            let what = if ended { "ended at once" } else { "does not answer" };
            let summary = format!("the Docker daemon {what}; its log says:\n{}", tail(&log));
            let hint = format!(
                "mend what the log names, or start Docker yourself; whole log: {}",
                files.log.display()
            );
            return Err(Advice::new(summary, hint).into());
        }
        thread::sleep(POLL);
    }
    workspace
        .say("docker", format_args!("ready after {}", kouti_report::duration(since.elapsed())));
    Ok(())
}

/// Starts `dockerd` in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it.
fn spawn(workspace: &Workspace, files: &Files) -> Result<Child> {
    sweep(files)?;
    workspace
        .say("docker", format_args!("starting a daemon with its data in {}", files.data.display()));
    fs_err::create_dir_all(&files.data)?;
    let log = fs_err::File::create(&files.log)?.into_parts().0;
    let mut daemon = process::Command::new("setsid");
    daemon
        .arg("dockerd")
        .args(["--host", "unix:///var/run/docker.sock", "--data-root"])
        .arg(&files.data);
    daemon.arg("--exec-root").arg(&files.run).arg("--pidfile").arg(&files.pid);
    daemon.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    daemon.spawn().context("cannot start dockerd")
}

/// Removes what a killed daemon left and would be in the way of the next one.
fn sweep(files: &Files) -> Result<()> {
    end("containerd", || files.containerd())?;
    for stale in [&files.pid, &files.containerd_pid()] {
        if stale.exists() {
            fs_err::remove_file(stale)?;
        }
    }
    Ok(())
}

/// Asks a process to end, and after a while makes it end.
fn end(name: &str, alive: impl Fn() -> Option<Pid>) -> Result<()> {
    for (signal, patience) in [(Signal::TERM, PATIENCE), (Signal::KILL, Duration::from_secs(5))] {
        let since = Instant::now();
        while let Some(pid) = alive() {
            if since.elapsed() > patience {
                break;
            }
            // It may have ended in between.
            let _ = kill_process(pid, signal);
            thread::sleep(POLL);
        }
    }
    match alive() {
        Some(pid) => bail!("{name} (process {}) does not end", pid.as_raw_nonzero()),
        None => Ok(()),
    }
}
