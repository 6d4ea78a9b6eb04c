//! File, binding and variable: what of them counts.

use insta::assert_snapshot;

use super::{case, procfile};

#[test]
fn an_app_without_any_source_is_skipped() {
    let reason = "no Procfile, binding or BP_PROCFILE_DEFAULT_PROCESS";
    assert_eq!(case().detect().skipped().as_deref(), Some(reason));
    let empty = case().env("BP_PROCFILE_DEFAULT_PROCESS", "").detect();
    assert_eq!(empty.skipped().as_deref(), Some(reason));
}

#[test]
fn the_text_of_the_file_travels_in_the_plan() {
    assert_snapshot!(procfile("web: ./serve\n").detect().plan(), @r#"
    [[provides]]
    name = "procfile"

    [[requires]]
    name = "procfile"

    [requires.metadata]
    text = """
    web: ./serve
    """
    "#);
}

#[test]
fn a_variable_is_enough() {
    let build = case().env("BP_PROCFILE_DEFAULT_PROCESS", "./serve --port $PORT").build();
    assert_eq!(build.processes(), "web (default): bash -c ./serve --port $PORT web\n");
}

#[test]
fn a_binding_is_enough() {
    let build = case().binding("procs", "Procfile", [("Procfile", "web: ./serve\n")]).build();
    assert_eq!(build.processes(), "web (default): bash -c ./serve web\n");
}

#[test]
fn the_binding_wins_over_the_file_and_the_file_over_the_variable() {
    let build = procfile("web: file\nclock: file\n")
        .binding("procs", "procfile", [("Procfile", "web: binding\nworker: binding\n")])
        .env("BP_PROCFILE_DEFAULT_PROCESS", "variable")
        .build();
    assert_snapshot!(build.log(), @"
    Kouti Procfile [version]
      Settings
        BP_PROCFILE_DEFAULT_PROCESS   variable
      Reading process types
        the binding `procs`           web, worker
        Procfile                      web, clock
        BP_PROCFILE_DEFAULT_PROCESS   web
    warning: BP_PROCFILE_DEFAULT_PROCESS has no effect: a Procfile has `web`
      Processes
        web (default)   bash -c binding web
        clock           bash -c file clock
        worker          bash -c binding worker
      Done in [time]
    warning: BP_PROCFILE_DEFAULT_PROCESS has no effect: a Procfile has `web`
    ");
    assert_snapshot!(build.processes(), @"
    clock: bash -c file clock
    web (default): bash -c binding web
    worker: bash -c binding worker
    ");
}

#[test]
fn a_variable_adds_web_to_a_file_without_one() {
    let build = procfile("worker: file\n").env("BP_PROCFILE_DEFAULT_PROCESS", "variable").build();
    assert_snapshot!(build.processes(), @"
    web (default): bash -c variable web
    worker: bash -c file worker
    ");
}

#[test]
fn the_file_may_be_anywhere_in_the_app() {
    let case = case().file("deploy/Procfile.prod", "web: ./serve\n");
    let build = case.env("BP_PROCFILE_PATH", "./deploy/Procfile.prod").build();
    assert_eq!(build.processes(), "web (default): bash -c ./serve web\n");
}

#[test]
fn a_name_that_is_almost_right_is_remarked_on() {
    for name in ["procfile", "Procfile.txt", "PROCFILE"] {
        let log = case().file(name, "web: ./serve\n").build().log();
        assert!(log.contains(&format!("warning: `{name}` is not read\n")), "{log}");
    }
    assert_snapshot!(case().file("procfile", "web: x\n").build().log(), @"
    Kouti Procfile [version]
      Reading process types
    warning: `procfile` is not read
    hint: call it `Procfile`, with a capital P
      Done in [time]
    warning: `procfile` is not read
    hint: call it `Procfile`, with a capital P
    ");
}

#[test]
fn a_directory_of_that_name_is_no_procfile() {
    assert!(!case().dir("Procfile").detect().passes());
}

#[test]
fn nothing_else_of_a_binding_reaches_image_or_log() {
    let files = [("Procfile", "web: ./serve\n"), ("password", "canary-7f3a")];
    let build = case().binding("procs", "Procfile", files).env("BP_LOG_LEVEL", "debug").build();
    assert!(!build.log().contains("canary"), "{}", build.log());
    let image = format!("{:?}", build.image());
    assert!(image.contains("./serve") && !image.contains("canary"), "{image}");
}
