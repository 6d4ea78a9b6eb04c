//! `cargo xtask dev --run`: the app runs as long as the command does.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::copy::xtask_in;
use crate::page::root;

/// A shell that has something to do afterwards stays, and tells its child nothing of a signal.
const PROCFILE: &str = "web: sh -c 'echo child $$; exec sleep 300'; echo afterwards\n";

#[test]
#[ignore = "compiles the buildpacks: `cargo xtask test unit` runs it"]
fn an_app_ends_with_the_command_and_leaves_nothing_behind() {
    let app = tempfile::tempdir().unwrap();
    fs_err::write(app.path().join("Procfile"), PROCFILE).unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        let mut command = xtask_in(root(), "dev --run");
        let mut dev = command.arg(app.path()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(dev.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut log = Vec::new();
        let child = lines
            .inspect(|line| log.push(line.clone()))
            .find_map(|line| line.strip_prefix("child ").map(str::to_owned));
        let child = child.unwrap_or_else(|| panic!("the app has not started\n{}", log.join("\n")));
        assert!(Path::new("/proc").join(&child).exists());
        kill_process(Pid::from_child(&dev), signal).unwrap();
        let status = dev.wait().unwrap();
        assert!(status.success(), "{signal:?} is no failure: {status}");
        assert!(!Path::new("/proc").join(&child).exists(), "{signal:?} leaves the app running");
    }
}

#[test]
#[ignore = "compiles the buildpacks: `cargo xtask test unit` runs it"]
fn an_app_that_fails_is_told_with_its_code() {
    let app = tempfile::tempdir().unwrap();
    fs_err::write(app.path().join("Procfile"), "web: exit 3\n").unwrap();
    let mut command = xtask_in(root(), "dev --run");
    command.arg(app.path());
    let said = crate::copy::fails(command);
    assert!(
        said.ends_with("error: web has ended with code 3\nhint: its own words above say why\n"),
        "{said}"
    );
}
