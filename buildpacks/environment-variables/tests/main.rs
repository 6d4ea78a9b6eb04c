//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Fake, Types};

/// An app that only prints its environment.
fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    let process =
        "cat >$layers/launch.toml <<'END'\n[[processes]]\ntype = 'web'\ncommand = ['env']\nEND";
    let language = Fake::new("test/language").build(&format!(
        "{process}\nmkdir -p $layers/base/env.launch\nprintf base >$layers/base/env.launch/LIST.default\n\
         printf '[types]\\nlaunch = true\\n' >$layers/base.toml"
    ));
    Case::new(env!("CARGO_BIN_EXE_kouti-environment-variables"), descriptor).before(language)
}

fn log(build: &Built) -> String {
    build.log_of("kouti/environment-variables")
}

/// The value of a variable in a container that is started with `given`.
fn seen(build: &Built, name: &str, given: &str) -> Option<String> {
    let launch = build.launch("web");
    let launch = if given.is_empty() { launch } else { launch.env(name, given) };
    launch.prepare().unwrap().0.get(name).map(str::to_owned)
}

#[test]
fn without_a_variable_there_is_nothing_to_do() {
    let detected = case().env("BP_X", "1").env("BP", "1").detect();
    assert_eq!(detected.skipped().as_deref(), Some("no variable starts with BPE_"));
}

#[test]
fn the_plan_has_the_entry_of_paketo() {
    assert_snapshot!(case().env("BPE_X", "1").detect().plan(), @r#"
    [[provides]]
    name = "environment-variables"

    [[requires]]
    name = "environment-variables"
    "#);
}

#[test]
fn each_prefix_has_its_effect() {
    let build = case()
        .env("BPE_BARE", "1")
        .env("BPE_OVERRIDE_SET", "2")
        .env("BPE_DEFAULT_LANG", "C.UTF-8")
        .env("BPE_APPEND_LIST", "/end")
        .env("BPE_PREPEND_LIST", "/start")
        .env("BPE_DELIM_LIST", ":")
        .build();
    assert_snapshot!(log(&build), @"
    Kouti Environment Variables [version]
      Setting variables of the image
        BARE   set       1
        LANG   default   C.UTF-8
        LIST   append    /end
        LIST   prepend   /start
        SET    set       2
        `docker run --env` can change defaults only
      Installing environment of the app
      Done in [time]
    ");
    assert_eq!(build.layer("environment-variables").types(), Types::LAUNCH);
    assert_eq!(seen(&build, "BARE", "mine").as_deref(), Some("1"));
    assert_eq!(seen(&build, "SET", "mine").as_deref(), Some("2"));
    assert_eq!(seen(&build, "LANG", "mine").as_deref(), Some("mine"));
    assert_eq!(seen(&build, "LANG", "").as_deref(), Some("C.UTF-8"));
    assert_eq!(seen(&build, "LIST", "").as_deref(), Some("/start:base:/end"));
    assert_eq!(seen(&build, "LIST", "mine").as_deref(), Some("/start:mine:/end"));
}

#[test]
fn the_defaults_of_others_come_first() {
    let build = case().env("BPE_DEFAULT_LIST", "late").build();
    assert_eq!(seen(&build, "LIST", "").as_deref(), Some("base"));
}

#[test]
fn a_variable_may_be_called_like_a_prefix() {
    let build = case()
        .env("BPE_APPEND", "a")
        .env("BPE_OVERRIDE_DEFAULT_X", "b")
        .env("BPE_DEFAULT_APPEND_Y", "c")
        .build();
    let files = [
        ("env.launch/APPEND.override", "a"),
        ("env.launch/APPEND_Y.default", "c"),
        ("env.launch/DEFAULT_X.override", "b"),
    ];
    let files = files.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(build.layer("environment-variables").env(), &files.into());
}

#[test]
fn values_are_kept_byte_for_byte() {
    let value = " two  words\n\n'\"\\$X ü \t";
    let build = case().env("BPE_TEXT", value).build();
    assert_eq!(seen(&build, "TEXT", "").as_deref(), Some(value));
}

#[test]
fn what_is_added_without_a_delimiter_is_remarked_on() {
    let build = case().env("BPE_APPEND_PATH", "/x").env("BPE_PREPEND_JAVA_OPTS", "-X").build();
    assert_snapshot!(log(&build), @"
    Kouti Environment Variables [version]
      Setting variables of the image
        JAVA_OPTS   prepend   -X
        PATH        append    /x
        `docker run --env` can change defaults only
    warning: nothing separates what is added to JAVA_OPTS from what is there
    hint: set BPE_DELIM_JAVA_OPTS=<delimiter>
    warning: nothing separates what is added to PATH from what is there
    hint: set BPE_DELIM_PATH=:
      Installing environment of the app
      Done in [time]
    warning: nothing separates what is added to JAVA_OPTS from what is there
    hint: set BPE_DELIM_JAVA_OPTS=<delimiter>
    warning: nothing separates what is added to PATH from what is there
    hint: set BPE_DELIM_PATH=:
    ");
    assert_eq!(seen(&build, "JAVA_OPTS", "-Y").as_deref(), Some("-X-Y"));
}

#[test]
fn an_empty_delimiter_is_a_choice() {
    let build = case().env("BPE_APPEND_X", "1").env("BPE_DELIM_X", "").build();
    assert!(!log(&build).contains("warning"), "{}", log(&build));
}

#[test]
fn what_has_no_or_an_unclear_effect_is_remarked_on() {
    let build = case()
        .env("BPE_DELIM_ALONE", ":")
        .env("BPE_TWICE", "1")
        .env("BPE_DEFAULT_TWICE", "2")
        .env("BPE_PORT", "80")
        .env("BPE_CNB_PROCESS_TYPE", "x")
        .build();
    assert_snapshot!(log(&build), @"
    Kouti Environment Variables [version]
      Setting variables of the image
        CNB_PROCESS_TYPE   set       x
        PORT               set       80
        TWICE              set       1
        TWICE              default   2
        `docker run --env` can change defaults only
    warning: BPE_DELIM_ALONE has no effect on its own
    hint: set BPE_APPEND_ALONE or BPE_PREPEND_ALONE too
    warning: nothing else can set CNB_PROCESS_TYPE any more, not even the platform
    hint: use BPE_DEFAULT_CNB_PROCESS_TYPE, BPE_APPEND_CNB_PROCESS_TYPE or BPE_PREPEND_CNB_PROCESS_TYPE
    warning: nothing else can set PORT any more, not even the platform
    hint: use BPE_DEFAULT_PORT, BPE_APPEND_PORT or BPE_PREPEND_PORT
    warning: TWICE is set in more than one way
    hint: keep one of the BPE_ variables for TWICE
      Installing environment of the app
      Done in [time]
    warning: BPE_DELIM_ALONE has no effect on its own
    hint: set BPE_APPEND_ALONE or BPE_PREPEND_ALONE too
    warning: nothing else can set CNB_PROCESS_TYPE any more, not even the platform
    hint: use BPE_DEFAULT_CNB_PROCESS_TYPE, BPE_APPEND_CNB_PROCESS_TYPE or BPE_PREPEND_CNB_PROCESS_TYPE
    warning: nothing else can set PORT any more, not even the platform
    hint: use BPE_DEFAULT_PORT, BPE_APPEND_PORT or BPE_PREPEND_PORT
    warning: TWICE is set in more than one way
    hint: keep one of the BPE_ variables for TWICE
    ");
    assert!(!build.layer("environment-variables").has("env.launch/ALONE.delim"));
}

#[test]
fn a_secret_is_remarked_on_and_not_shown() {
    let build =
        case().env("BPE_DB_PASSWORD", "canary-1").env("BPE_DEFAULT_API_TOKEN", "canary-2").build();
    assert_snapshot!(log(&build), @"
    Kouti Environment Variables [version]
      Setting variables of the image
        API_TOKEN     default   ***
        DB_PASSWORD   set       ***
        `docker run --env` can change defaults only
    warning: everybody who has the image can read API_TOKEN
    hint: give secrets to the container, by `docker run --env` or a binding
    warning: everybody who has the image can read DB_PASSWORD
    hint: give secrets to the container, by `docker run --env` or a binding
      Installing environment of the app
      Done in [time]
    warning: everybody who has the image can read API_TOKEN
    hint: give secrets to the container, by `docker run --env` or a binding
    warning: everybody who has the image can read DB_PASSWORD
    hint: give secrets to the container, by `docker run --env` or a binding
    ");
    let again = build.rebuild_with(|case| case.env("BPE_DB_PASSWORD", "canary-3"));
    assert!(!again.log().contains("canary"), "{}", again.log());
    let metadata = again.layer("environment-variables").metadata();
    assert!(!metadata.contains("canary"), "{metadata}");
    assert_eq!(seen(&again, "DB_PASSWORD", "").as_deref(), Some("canary-3"));
}

#[test]
fn the_layer_is_reused_until_a_variable_changes() {
    let build = case().env("BPE_STAGE", "test").build();
    let again = build.rebuild();
    assert!(again.layer("environment-variables").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
    let changed = again.rebuild_with(|case| case.env("BPE_STAGE", "production"));
    assert_snapshot!(log(&changed), @"
    Kouti Environment Variables [version]
      Setting variables of the image
        STAGE   set   production
        `docker run --env` can change defaults only
      Rebuilding environment of the app: env.env.launch/STAGE.override was test, is production
      Done in [time]
    ");
    assert_eq!(seen(&changed, "STAGE", "").as_deref(), Some("production"));
}

#[test]
fn a_name_has_to_follow() {
    assert_snapshot!(case().env("BPE_DEFAULT_", "1").fails().error(), @"
    error[bad-bpe-variable]: BPE_DEFAULT_ names no variable

    hint: write the name of the variable behind it, as in BPE_DEFAULT_LANG
    ");
    assert!(case().env("BPE_", "1").fails().error().contains("BPE_ names no variable"));
}

#[test]
fn a_name_that_no_file_can_have_is_refused() {
    assert_snapshot!(case().env("BPE_spring.profiles", "1").fails().error(), @"
    error[bad-bpe-variable]: BPE_spring.profiles has a period in its name, where the name would end in the image

    hint: give the variable another name, or set it when the container starts
    ");
}

#[test]
fn a_value_that_is_no_text_is_refused() {
    assert_snapshot!(case().env("BPE_X", b"\xff").fails().error(), @"
    error[bad-bpe-variable]: BPE_X is not UTF-8

    hint: give it a value in UTF-8
    ");
}
