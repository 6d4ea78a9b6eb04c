//! Which processes a Procfile makes, and which of them is the default.

use insta::assert_snapshot;

use super::{output, procfile};

#[test]
fn web_is_the_default_and_the_order_of_the_file_is_kept() {
    let build = procfile("worker: ./work\nweb: ./serve --port $PORT\nclock: ./tick\n").build();
    assert_snapshot!(build.log(), @"
    Kouti Procfile [version]
      Reading process types
        Procfile   worker, web, clock
      Processes
        worker          bash -c ./work worker
        web (default)   bash -c './serve --port $PORT' web
        clock           bash -c ./tick clock
      Done in [time]
    ");
    assert_snapshot!(build.processes(), @"
    clock: bash -c ./tick clock
    web (default): bash -c ./serve --port $PORT web
    worker: bash -c ./work worker
    ");
}

#[test]
fn the_default_is_web_or_the_only_one_or_worker() {
    for (text, default) in [
        ("WEB: a\nworker: b\n", Some("WEB")),
        ("worker: a\n", Some("worker")),
        ("rake: a\n", Some("rake")),
        ("rake: a\nWorker: b\n", Some("Worker")),
        ("rake: a\nclock: b\n", None),
    ] {
        let build = procfile(text).build();
        assert_eq!(build.image().default_process.as_deref(), default, "{text}");
    }
}

#[test]
fn without_a_default_the_user_is_told_how_to_choose() {
    assert_snapshot!(procfile("rake: a\nclock: b\n").build().log(), @"
    Kouti Procfile [version]
      Reading process types
        Procfile   rake, clock
    warning: none of the process types is the default
    hint: call one of them `web`, or choose with `docker run --entrypoint <process type>`
      Processes
        rake    bash -c a rake
        clock   bash -c b clock
      Done in [time]
    warning: none of the process types is the default
    hint: call one of them `web`, or choose with `docker run --entrypoint <process type>`
    ");
}

#[test]
fn comments_blank_lines_marks_and_carriage_returns_are_no_processes() {
    let text =
        "\u{feff}# what runs\r\n\r\nweb:   ./serve  \r\n\t# later\r\n#x: y\r\nworker: ./work";
    assert_eq!(
        procfile(text).build().processes(),
        "web (default): bash -c ./serve web\nworker: bash -c ./work worker\n"
    );
}

#[test]
fn strange_lines_are_read_and_remarked_on() {
    let build = procfile("  web: one\nWeb_1: two \\\nweb: three\n").build();
    assert_snapshot!(build.log(), @r"
    Kouti Procfile [version]
      Reading process types
        Procfile   web, Web_1
    warning: line 1 of Procfile starts with blanks
    hint: remove them: other platforms may not read such a line
    warning: the process type `Web_1` is called `web-1` on other platforms
    hint: use lower-case letters, digits and `-` only, to be the same everywhere
    warning: line 2 of Procfile ends with a backslash
    hint: write the command in one line, or put it into a script: lines are not joined
    warning: Procfile has more than one line for `web`
    hint: remove the others: the last one counts
      Processes
        web (default)   bash -c three web
        Web_1           bash -c 'two \' Web_1
      Done in [time]
    warning: line 1 of Procfile starts with blanks
    hint: remove them: other platforms may not read such a line
    warning: the process type `Web_1` is called `web-1` on other platforms
    hint: use lower-case letters, digits and `-` only, to be the same everywhere
    warning: line 2 of Procfile ends with a backslash
    hint: write the command in one line, or put it into a script: lines are not joined
    warning: Procfile has more than one line for `web`
    hint: remove the others: the last one counts
    ");
    assert_snapshot!(build.processes(), @r"
    Web_1: bash -c two \ Web_1
    web (default): bash -c three web
    ");
}

#[test]
fn a_procfile_without_processes_is_remarked_on() {
    let build = procfile("# nothing yet\n").build();
    assert_snapshot!(build.log(), @"
    Kouti Procfile [version]
      Reading process types
        Procfile   none
    warning: no process types are named
    hint: write a line such as `web: ./server` into the Procfile
      Done in [time]
    warning: no process types are named
    hint: write a line such as `web: ./server` into the Procfile
    ");
    assert_eq!(build.processes(), "");
}

#[test]
fn a_process_of_the_language_is_replaced_and_web_stays_the_default() {
    let language = kouti_testing::Fake::new("test/language").build(
        "cat >$layers/launch.toml <<'END'\n\
         [[processes]]\ntype = 'web'\ncommand = ['old']\ndefault = true\n\
         [[processes]]\ntype = 'task'\ncommand = ['task']\nEND",
    );
    let build = procfile("web: new\n").before(language).build();
    assert_eq!(build.processes(), "task: task\nweb (default): bash -c new web\n");
}

#[test]
fn the_source_may_be_gone_when_it_is_time_to_build() {
    let language = kouti_testing::Fake::new("test/language").build("rm Procfile");
    let build = procfile("web: ./serve\n").before(language).build();
    assert_eq!(build.processes(), "web (default): bash -c ./serve web\n");
}

#[test]
fn the_same_procfile_makes_the_same_image() {
    let build = procfile("web: ./serve\nworker: ./work\n").build();
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn live_reload_has_to_be_asked_for() {
    let case = procfile("web: ./serve\n").env("BP_LIVE_RELOAD_ENABLED", "true");
    assert_snapshot!(case.build().log(), @"
    Kouti Procfile [version]
      Settings
        BP_LIVE_RELOAD_ENABLED   true
      Reading process types
        Procfile   web
    warning: the commands of the Procfile do not reload when files change
    hint: set BP_PROCFILE_LIVE_RELOAD=true
      Processes
        web (default)   bash -c ./serve web
      Done in [time]
    warning: the commands of the Procfile do not reload when files change
    hint: set BP_PROCFILE_LIVE_RELOAD=true
    ");
}

#[test]
fn the_default_process_reloads_if_that_is_asked_for() {
    let case = procfile("web: ./serve\nworker: ./work\n").env("BP_PROCFILE_LIVE_RELOAD", "true");
    let build = case.clone().provides("watchexec").build();
    assert_snapshot!(build.processes(), @"
    no-reload: bash -c ./serve web
    web (default): watchexec --restart --watch <app> --shell none --no-vcs-ignore --no-project-ignore --debounce 200ms -- bash -c ./serve web
    worker: bash -c ./work worker
    ");
    assert!(case.detect().failure().is_some(), "a builder without watchexec cannot do it");
}

#[test]
fn a_process_runs_in_the_shell_with_the_arguments_of_the_user() {
    let text = "web: echo $PORT \"$@\" | tr a-z A-Z && echo \"I am $0\"\n";
    let build = procfile(text).build();
    assert_eq!(output(&build, "web", &["--verbose", "a b"]), "8080 --VERBOSE A B\nI am web\n");
}
