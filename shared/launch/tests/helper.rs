//! A helper binary as the launcher runs it.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use insta::assert_snapshot;

use crate::programs::{example, readable_copy, restricted};

/// Runs the example helper under `name` with the shell's redirections.
fn run(name: &str, redirections: &str, variables: &[(&str, &str)]) -> (Output, String) {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(example("helper"), dir.path().join(name)).unwrap();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("./{name} {redirections}"))
        .current_dir(dir.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let file = fs_err::read_to_string(dir.path().join("out")).unwrap_or_default();
    (output, file)
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn variables_arrive_on_descriptor_3_of_a_file_and_of_a_pipe() {
    let text = "a \"b\" \\ \n\t 🦀 \u{1b}[0m";
    let (output, file) = run("10-limits", "3>out", &[("BPL_TEXT", text)]);
    assert!(output.status.success(), "{}", err(&output));
    let table: BTreeMap<String, String> = toml::from_str(&file).unwrap();
    assert_eq!(table["TEXT"], text);

    let (output, _) = run("limits", "3>&1 >/dev/null", &[("BPL_TEXT", text)]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), file);
}

#[test]
fn without_descriptor_3_a_helper_only_talks() {
    let (output, _) = run("10-limits", "3>&-", &[("BPL_TEXT", "x")]);
    assert!(output.status.success());
    assert_eq!(output.stdout, b"");
    assert_snapshot!(err(&output), @"uses 75 percent");
}

#[test]
fn a_descriptor_that_cannot_be_written_does_not_keep_the_app_from_starting() {
    let (output, _) = run("limits", "3</proc/self/status", &[("BPL_TEXT", "x")]);
    assert!(output.status.success());
    let err = err(&output);
    assert!(err.starts_with("warning: what `limits` found cannot be handed to"), "{err}");
}

#[test]
fn bad_settings_are_warned_about_and_details_come_on_request() {
    let (output, _) =
        run("limits", "3>out", &[("BPL_PERCENT", "many"), ("BPL_LOG_LEVEL", "DEBUG")]);
    assert!(output.status.success());
    let lines: Vec<_> = err(&output).lines().map(str::to_owned).collect();
    assert_eq!(
        lines[..3],
        [
            "warning: BPL_PERCENT is `many`, not a number up to 100; the default is used",
            "uses 75 percent",
            "[debug] looked at control groups",
        ]
    );
}

#[test]
fn a_refusal_keeps_the_app_from_starting_and_hands_over_nothing() {
    let (output, file) = run("limits", "3>out", &[("BPL_REFUSE", "1"), ("BPL_TEXT", "x")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(file, "");
    assert_snapshot!(err(&output), @"
    uses 75 percent
    error[too-little-memory]: 512 MiB are needed, 256 MiB are there

    hint: give the container more memory
    ");
}

#[test]
fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
    let (output, _) = run("99-unknown", "3>out", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(err(&output), @"error: there is no helper `unknown`, only: limits");
}

#[test]
fn an_unknown_user_on_a_read_only_root_is_enough() {
    let dir = readable_copy("helper");
    std::os::unix::fs::symlink("helper", dir.path().join("10-limits")).unwrap();
    // Through a pipe, as the launcher reads it.
    let text = format!("BPL_TEXT=x {}/10-limits 3>&1 >/dev/null | cat", dir.path().display());
    let Some(mut command) = restricted(&text) else { return };
    let output = command.output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("TEXT = \"x\"\n"));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"uses 75 percent");
}
