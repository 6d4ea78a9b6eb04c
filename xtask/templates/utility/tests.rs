//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Case, Fake};

/// The app in `tests/apps`, of a language that starts it.
fn case() -> Case {
    let root = env!("CARGO_MANIFEST_DIR");
    let language = Fake::new("test/language").build(
        "printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"env\"]\\n' >$layers/launch.toml",
    );
    Case::new(env!("CARGO_BIN_EXE_kouti-{{name}}"), format!("{root}/buildpack.toml"))
        .app_dir(format!("{root}/../../tests/apps/{{name}}"))
        .before(language)
}

#[test]
fn an_app_that_does_not_ask_is_left_alone() {
    let detected = case().without("{{name}}.env").detect();
    assert_eq!(detected.skipped().as_deref(), Some("no {{name}}.env"));
}

#[test]
fn the_app_sees_the_variables() {
    let build = case().build();
    assert_snapshot!(build.log_of("kouti/{{name}}"), @"
    Kouti {{title}} [version]
      Installing variables of the app
      Done in [time]
    ");
    assert_eq!(build.launch_env("web")["GREETING"], "hello");
}

#[test]
fn the_same_app_makes_the_same_image() {
    let build = case().build();
    let again = build.rebuild();
    assert!(again.layer("variables").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn a_line_that_sets_nothing_is_refused() {
    assert_snapshot!(case().file("{{name}}.env", "A=1\nhello\n").fails().error(), @"
    error[no-{{name}}-variable]: line 2 of {{name}}.env sets no variable

    hint: write `NAME=value` in each line
    ");
}
