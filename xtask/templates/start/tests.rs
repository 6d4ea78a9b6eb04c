//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::Case;

/// The app in `tests/apps`, which `cargo xtask dev` builds as well.
fn case() -> Case {
    let root = env!("CARGO_MANIFEST_DIR");
    Case::new(env!("CARGO_BIN_EXE_kouti-{{name}}"), format!("{root}/buildpack.toml"))
        .app_dir(format!("{root}/../../tests/apps/{{name}}"))
}

#[test]
fn an_app_of_somebody_else_is_left_alone() {
    let detected = case().without("start.{{name}}").detect();
    assert_eq!(detected.skipped().as_deref(), Some("no start.{{name}}"));
}

#[test]
fn the_app_starts() {
    let build = case().build();
    assert_snapshot!(build.log(), @"
    Kouti {{title}} [version]
      Processes
        web (default)   echo hello
      Done in [time]
    ");
    let ended = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(ended.log, "hello\n");
}

#[test]
fn the_same_app_makes_the_same_image() {
    let build = case().build();
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn an_app_without_a_command_is_refused() {
    assert_snapshot!(case().file("start.{{name}}", "").fails().error(), @"
    error[no-{{name}}-command]: start.{{name}} names no command

    hint: write the command that starts the app into start.{{name}}
    ");
}
