//! The example programs, as real processes.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

/// Path of an example that `cargo test` has built beside this test.
///
/// `cargo test --test main` builds no examples; an old one would test old code.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().with_file_name("examples").join(name);
    let built = fs_err::metadata(&path).and_then(|metadata| metadata.modified());
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changed = ["src", "examples"].map(|dir| newest(&crate_dir.join(dir)));
    assert!(
        built.is_ok_and(|built| changed.iter().all(|changed| built >= *changed)),
        "{} is missing or old: cargo build -p kouti-launch --examples",
        path.display()
    );
    path
}

/// When the last file below `dir` was changed.
fn newest(dir: &Path) -> SystemTime {
    let changed = fs_err::read_dir(dir).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { newest(&path) } else { path.metadata().unwrap().modified().unwrap() }
    });
    changed.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Waits for a condition; generous, because a machine may be busy.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// A process that does not outlive its test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    pub(crate) fn id(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }

    /// What was started with a piped standard input reads what is written here.
    pub(crate) fn keyboard(&mut self) -> ChildStdin {
        self.0.stdin.take().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// The exit code; ends by itself or the test fails.
    pub(crate) fn code(mut self) -> i32 {
        let mut status = None;
        until("the process ends", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code().expect("a supervisor never dies of a signal")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only a failed test has left anything running.
        if matches!(self.0.try_wait(), Ok(None)) {
            for group in children(self.id()).into_iter().filter_map(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = kill_process(Pid::from_child(&self.0), Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

/// Ids of the children of a process, ended ones included.
pub(crate) fn children(parent: i32) -> Vec<i32> {
    let mut children = Vec::new();
    for entry in fs_err::read_dir(Path::new("/proc")).unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let stat = fs_err::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        if fields.and_then(|mut fields| fields.nth(1)?.parse().ok()) == Some(parent) {
            children.push(id);
        }
    }
    children
}

/// A shell text run as the strictest platform would: unknown user, no home, no environment,
/// a root that cannot be written. None if this user cannot arrange that.
pub(crate) fn restricted(text: &str) -> Option<Command> {
    let arrange = "mount -o remount,bind,ro / && exec setpriv --reuid 12345 --regid 0 \
                   --clear-groups env -i PATH=/usr/bin:/bin sh -c \"$0\"";
    let command = |text| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", arrange, text]);
        command
    };
    if command("true").output().is_ok_and(|output| output.status.success()) {
        return Some(command(text));
    }
    eprintln!("skipped: a read-only root needs root");
    None
}

/// A directory that every user can read, with a copy of an example in it.
pub(crate) fn readable_copy(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs_err::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    fs_err::copy(example(name), dir.path().join(name)).unwrap();
    dir
}
