//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

/// The app in `tests/apps`, and a tool that does what the real one would.
fn case() -> Case {
    let root = env!("CARGO_MANIFEST_DIR");
    Case::new(env!("CARGO_BIN_EXE_kouti-{{name}}"), format!("{root}/buildpack.toml"))
        .app_dir(format!("{root}/../../tests/apps/{{name}}"))
        .tool("make", Tool::script("echo 'echo hello' >installed.sh; echo kept >\"$CACHE/kept\""))
}

#[test]
fn an_app_of_somebody_else_is_left_alone() {
    let detected = case().without("start.{{name}}").detect();
    assert_eq!(detected.skipped().as_deref(), Some("no start.{{name}}"));
}

#[test]
fn the_tool_runs_and_the_app_starts() {
    let build = case().build();
    assert_snapshot!(build.log(), @"
    Kouti {{title}} [version]
      Running make install
      Processes
        web (default)   sh installed.sh
      Done in [time]
    ");
    assert_eq!(build.commands(), ["make install"]);
    let ended = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(ended.log, "hello\n");
}

#[test]
fn what_the_tool_keeps_is_there_in_the_next_build() {
    let build = case().build();
    let again = build.rebuild_with(|case| case.tool("make", Tool::script("cat \"$CACHE/kept\"")));
    assert!(again.log().contains("kept"), "{}", again.log());
}

#[test]
fn a_tool_that_fails_ends_the_build() {
    let failed = case().tool("make", Tool::fails(2, "no rule")).fails();
    assert!(failed.log().contains("no rule"), "{}", failed.log());
    assert_snapshot!(failed.error(), @"
    error[command-failed]: `make install` ended with exit code 2

    hint: its own message is above
    ");
}

#[test]
fn an_app_without_a_command_is_refused() {
    assert_snapshot!(case().file("start.{{name}}", "").fails().error(), @"
    error[no-{{name}}-command]: start.{{name}} names no command

    hint: write the command that starts the app into start.{{name}}
    ");
}
