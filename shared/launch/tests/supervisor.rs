//! The supervisor with real processes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::programs::{Running, children, example, readable_copy, restricted, until};

/// A place for the files by which processes tell what they do.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn supervise(&self, arguments: &[&str]) -> Running {
        // Shells name the signal that a child of theirs died of.
        Running::start(self.command(example("supervise"), arguments).stderr(Stdio::null()))
    }

    /// The supervisor as process 1 of its own namespace; none if this user must not have one.
    fn supervise_as_first(&self, arguments: &[&str]) -> Option<Running> {
        let unshare = ["--fork", "--kill-child", "--pid", "--mount-proc"];
        let possible = Command::new("unshare").args(unshare).arg("true").output();
        if !possible.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: a process namespace needs root");
            return None;
        }
        let mut command = self.command("unshare", &unshare);
        command.arg(example("supervise")).args(arguments).stderr(Stdio::null());
        Some(Running::start(&mut command))
    }

    fn has(&self, file: &str) -> bool {
        self.0.path().join(file).exists()
    }

    fn wait_for(&self, file: &str) {
        until(&format!("the file `{file}` is there"), || self.has(file));
    }

    fn read(&self, file: &str) -> String {
        fs_err::read_to_string(self.0.path().join(file)).unwrap_or_default()
    }
}

/// A shell text that says it is ready and then sleeps until a signal comes, which `traps` treats.
fn server(traps: &str) -> String {
    format!("{traps}; : > ready; while :; do sleep 0.01; done")
}

#[test]
fn the_code_is_that_of_the_app() {
    for (text, code) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
    {
        assert_eq!(Place::new().supervise(&[text]).code(), code, "{text}");
    }
}

#[test]
fn commands_run_in_order() {
    let place = Place::new();
    let run = place.supervise(&[
        "--before",
        "echo a >> log",
        "--before",
        "echo b >> log",
        "--after",
        "echo d >> log",
        "echo c >> log",
    ]);
    assert_eq!(run.code(), 0);
    assert_eq!(place.read("log"), "a\nb\nc\nd\n");
}

#[test]
fn a_failure_before_the_app_is_the_end() {
    let place = Place::new();
    let run = place.supervise(&["--before", "exit 7", "--after", ": > after", ": > main"]);
    assert_eq!(run.code(), 7);
    assert!(!place.has("main") && !place.has("after"));
}

#[test]
fn nothing_follows_an_app_that_failed() {
    let place = Place::new();
    assert_eq!(place.supervise(&["--after", ": > after", "exit 4"]).code(), 4);
    assert!(!place.has("after"));
}

#[test]
fn what_follows_the_app_gives_the_code() {
    assert_eq!(Place::new().supervise(&["--after", "exit 5", "exit 0"]).code(), 5);
}

#[test]
fn a_simple_program_replaces_a_supervisor_that_is_not_needed() {
    let place = Place::new();
    let run = place.supervise(&["--simple", "sh", "-c", "echo $$ > id; exit 6"]);
    let id = run.id();
    assert_eq!(run.code(), 6);
    assert_eq!(place.read("id").trim(), id.to_string());
}

#[test]
fn every_signal_reaches_the_app() {
    for (name, signal) in [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("WINCH", Signal::WINCH),
        ("ALRM", Signal::ALARM),
        ("TERM", Signal::TERM),
    ] {
        let place = Place::new();
        let run = place.supervise(&[&server(&format!("trap 'exit 9' {name}"))]);
        place.wait_for("ready");
        run.signal(signal);
        assert_eq!(run.code(), 9, "{name}");
    }
}

#[test]
fn a_stop_reaches_the_whole_group() {
    let place = Place::new();
    let run = place.supervise(&["sleep 1000 | sh -c 'echo $$ > id; : > ready; exec sleep 1000'"]);
    place.wait_for("ready");
    let grandchild = place.read("id");
    run.signal(Signal::TERM);
    assert_eq!(run.code(), 143);
    assert!(!Path::new("/proc").join(grandchild.trim()).exists());
}

/// What a server does when it is told to stop. Nothing cuts the draining short: a server that ends while the shell above
/// it is about to die may still give that its code, and then nobody has it.
const DRAIN: &str = r#"trap "" TERM; sleep 0.1; trap - TERM"#;

#[test]
fn a_server_that_drains_after_its_shell_has_died_gives_the_code() {
    for code in [0, 7] {
        let place = Place::new();
        let traps = format!("trap '{DRAIN}; : > drained; exit {code}' TERM");
        fs_err::write(place.0.path().join("server.sh"), server(&traps)).unwrap();
        let run = place.supervise(&["sh server.sh; echo next > next"]);
        place.wait_for("ready");
        run.signal(Signal::TERM);
        assert_eq!(run.code(), code);
        assert!(place.has("drained") && !place.has("next"));
    }
}

#[test]
fn what_a_server_leaves_behind_does_not_change_its_code() {
    let place = Place::new();
    let traps = format!("trap '{DRAIN}; sleep 1000 & exit 7' TERM");
    fs_err::write(place.0.path().join("server.sh"), server(&traps)).unwrap();
    let run = place.supervise(&["sh server.sh; echo next > next"]);
    place.wait_for("ready");
    run.signal(Signal::TERM);
    assert_eq!(run.code(), 7);
}

#[test]
fn a_shell_that_survives_cannot_go_on_with_its_list() {
    let place = Place::new();
    let run = place.supervise(&["trap : TERM; : > ready; sleep 1000; sleep 1000; sleep 1000"]);
    place.wait_for("ready");
    until("the first command of the list runs", || {
        children(run.id()).iter().any(|shell| !children(*shell).is_empty())
    });
    run.signal(Signal::TERM);
    assert_eq!(run.code(), 143);
}

#[test]
fn after_a_stop_nothing_follows_even_if_the_app_ended_well() {
    for (signal, follows) in
        [(Signal::TERM, false), (Signal::INT, false), (Signal::QUIT, false), (Signal::USR1, true)]
    {
        let place = Place::new();
        let text = server("trap 'exit 0' TERM INT QUIT USR1");
        let run = place.supervise(&["--after", ": > after", &text]);
        place.wait_for("ready");
        run.signal(signal);
        assert_eq!(run.code(), 0);
        assert_eq!(place.has("after"), follows, "{signal:?}");
    }
}

#[test]
fn a_stop_before_the_app_keeps_it_from_starting() {
    let place = Place::new();
    let run = place.supervise(&["--before", &server("trap 'exit 0' TERM"), ": > main"]);
    place.wait_for("ready");
    run.signal(Signal::TERM);
    assert_eq!(run.code(), 143);
    assert!(!place.has("main"));
}

#[test]
fn orphans_are_reaped_while_the_app_runs() {
    let place = Place::new();
    let orphan = |index| format!("(sh -c 'sleep 0.02; : > orphan-{index}' &)");
    let orphans: Vec<_> = (0..5).map(orphan).collect();
    let run = place.supervise(&[&format!("{}; exec sleep 1000", orphans.join("; "))]);
    (0..5).for_each(|index| place.wait_for(&format!("orphan-{index}")));
    until("only the app is left", || children(run.id()).len() == 1);
    run.signal(Signal::TERM);
    assert_eq!(run.code(), 143);
}

#[test]
fn programs_that_cannot_be_started_are_explained() {
    let place = Place::new();
    fs_err::write(place.0.path().join("text"), "no program").unwrap();
    let explained = |arguments: &[&str]| {
        let mut command = place.command(example("supervise"), arguments);
        let output = command.env("PATH", "/nowhere").output().unwrap();
        format!("{:?}\n{}", output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_snapshot!(explained(&["exit 0"]), @"
    Some(127)
    error[cannot-start]: `sh` cannot be started
      caused by: No such file or directory (os error 2)

    hint: the run image has no shell: choose one that has, or a start command without one
    ");
    assert_snapshot!(explained(&["--simple", "absent", "x"]), @"
    Some(127)
    error[cannot-start]: `absent` cannot be started
      caused by: No such file or directory (os error 2)

    hint: check that the image contains it and that PATH leads to it
    ");
    assert_snapshot!(explained(&["--simple", "./text"]), @"
    Some(126)
    error[cannot-start]: `./text` cannot be started
      caused by: Permission denied (os error 13)

    hint: check that it is a program for this machine and that everybody may execute it
    ");
}

#[test]
fn as_the_first_process_it_stops_an_app_that_handles_nothing() {
    let place = Place::new();
    let arguments = ["--simple", "sh", "-c", ": > ready; exec sleep 1000"];
    let Some(run) = place.supervise_as_first(&arguments) else { return };
    place.wait_for("ready");
    let first = children(run.id())[0];
    rustix::process::kill_process(rustix::process::Pid::from_raw(first).unwrap(), Signal::TERM)
        .unwrap();
    assert_eq!(run.code(), 143);
}

#[test]
fn as_the_first_process_it_reaps_what_is_left_to_it() {
    let place = Place::new();
    // `setsid` leaves the group, so that only the kernel hands it over.
    let text = "(setsid sh -c 'sleep 0.02; : > orphan' &); exec sleep 1000";
    let Some(run) = place.supervise_as_first(&[text]) else { return };
    place.wait_for("orphan");
    let first = children(run.id())[0];
    until("only the app is left", || children(first).len() == 1);
}

#[test]
fn every_command_may_read_the_terminal() {
    let place = Place::new();
    let supervise = example("supervise");
    let line = format!(
        "{} --before 'read line; echo 1 $line > first' 'read line; echo 2 $line > second'",
        supervise.display()
    );
    let mut command =
        place.command("script", &["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: a terminal needs the program `script`");
        return;
    }
    let mut run = Running::start(&mut command);
    let mut keyboard = run.keyboard();
    keyboard.write_all(b"hello\nagain\n").unwrap();
    place.wait_for("second");
    drop(keyboard);
    assert_eq!(run.code(), 0);
    assert_eq!(place.read("first"), "1 hello\n");
    assert_eq!(place.read("second"), "2 again\n");
}

#[test]
fn an_unknown_user_on_a_read_only_root_is_enough() {
    let dir = readable_copy("supervise");
    let text = format!("exec {}/supervise --before 'id -u' 'exit 3'", dir.path().display());
    let Some(mut command) = restricted(&text) else { return };
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "12345\n");
    assert_eq!(output.status.code(), Some(3));
}
