//! The program in the miniature lifecycle.
#![cfg(test)]

mod credentials;
mod errors;
mod revision;

use std::path::Path;
use std::process::Command;

use kouti_testing::Case;

fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-git"), descriptor)
}

/// The real git of this machine, without its configuration. The build has no such program.
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in
        [("NAME", "kouti"), ("EMAIL", "kouti@example.org"), ("DATE", "1600000000 +0000")]
    {
        command
            .env(format!("GIT_AUTHOR_{name}"), value)
            .env(format!("GIT_COMMITTER_{name}"), value);
    }
    command
}

/// Runs git and returns what it prints.
fn run(dir: &Path, args: &[&str]) -> String {
    let output = git(dir).args(args).output().expect("this machine has git");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "git {}: {}", args.join(" "), text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

/// A repository with a commit.
fn repository(dir: &Path, more: &[&str]) {
    let init = ["init", "--quiet", "--initial-branch=main", "."];
    run(dir, &[&init[..], more].concat());
    fs_err::write(dir.join("app.txt"), "app\n").unwrap();
    run(dir, &["add", "."]);
    run(dir, &["commit", "--quiet", "--message=first"]);
}
