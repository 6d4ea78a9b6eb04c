//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Types};

/// The app in `tests/apps`, and an archive as it is upstream.
fn case() -> Case {
    let root = env!("CARGO_MANIFEST_DIR");
    let artifact = Artifact::new("{{name}}", "1.0.0")
        .with("strip-components", 1)
        .program("{{name}}-1.0.0/bin/greet", "#!/bin/sh\necho hello\n");
    Case::new(env!("CARGO_BIN_EXE_kouti-{{name}}"), format!("{root}/buildpack.toml"))
        .app_dir(format!("{root}/../../tests/apps/{{name}}"))
        .artifact(artifact)
}

#[test]
fn an_app_of_somebody_else_is_left_alone() {
    let detected = case().without("start.{{name}}").detect();
    assert_eq!(detected.skipped().as_deref(), Some("no start.{{name}}"));
}

#[test]
fn the_plan_names_the_runtime() {
    assert_snapshot!(case().detect().plan(), @r#"
    [[provides]]
    name = "{{name}}"

    [[requires]]
    name = "{{name}}"

    [requires.metadata]
    launch = true
    "#);
}

#[test]
fn the_app_starts_with_the_runtime() {
    let build = case().build();
    let log = build.log();
    insta::with_settings!({ filters => [(r"\d+ B", "[size]")] }, {
        assert_snapshot!(log, @"
    Kouti {{title}} [version]
      Choosing {{name}}
        1.0.0 chosen (newest that fits)
      Installing {{name}} 1.0.0
        [size] from the buildpack in [time], sha256 ok
      Processes
        web (default)   greet
      Done in [time]
    ");
    });
    assert_eq!(build.layer("runtime").types(), Types::LAUNCH);
    let ended = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(ended.log, "hello\n");
}

#[test]
fn the_same_app_makes_the_same_image() {
    let build = case().build();
    let again = build.rebuild();
    assert!(again.layer("runtime").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn an_app_without_a_command_is_refused() {
    assert_snapshot!(case().file("start.{{name}}", "").fails().error(), @"
    error[no-{{name}}-command]: start.{{name}} names no command

    hint: write the command that starts the app into start.{{name}}
    ");
}
