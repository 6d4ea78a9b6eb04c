//! The launcher.

use insta::{assert_debug_snapshot, assert_snapshot};
use kouti_testing::{Case, Fake};

/// A launch layer with the files that `script` makes in its directory, and a process that prints its environment.
fn layer(id: &str, script: &str) -> Fake {
    Fake::new(id).build(&format!(
        r#"
        cat >"$layers/launch.toml" <<'END'
        [[processes]]
        type = "web"
        command = ["env"]
END
        printf '[types]\nlaunch = true\n' >"$layers/it.toml"
        mkdir "$layers/it" && cd "$layers/it"
        {script}
        "#
    ))
}

#[test]
fn the_environment_is_made_of_all_layers_in_order() {
    let first = layer(
        "test/first",
        r"
        mkdir -p bin lib env env.build env.launch/web env.launch/worker
        printf build-only >env.build/NO
        printf one >env/MODE
        printf two >env.launch/MODE
        printf web >env.launch/web/KIND
        printf worker >env.launch/worker/KIND
        ",
    );
    let second = layer(
        "test/second",
        "mkdir -p bin env; printf 3 >env/MODE.append; printf - >env/MODE.delim",
    );
    let build = Case::group([first, second]).build();
    assert_debug_snapshot!(build.launch_env("web"), @r#"
    {
        "KIND": "web",
        "LD_LIBRARY_PATH": "<layers>/test_first/it/lib",
        "MODE": "two-3",
        "PATH": "<layers>/test_second/it/bin:<layers>/test_first/it/bin:<system>",
    }
    "#);
}

/// Lines that make an exec.d program.
fn exec_d(path: &str, body: &str) -> String {
    format!(
        "mkdir -p \"$(dirname exec.d/{path})\"\ncat >exec.d/{path} <<'END'\n#!/bin/sh\n{body}\nEND\n\
         chmod +x exec.d/{path}\n"
    )
}

#[test]
fn exec_d_programs_change_the_environment_one_after_the_other() {
    let script = [
        exec_d("20-second", r#"echo "sees $FIRST"; echo "SECOND = \"$FIRST+2\"" >&3"#),
        exec_d("10-first", r#"echo 'FIRST = "1"' >&3"#),
        exec_d("30-silent", "exit 0"),
        exec_d("web/only", r#"echo 'ONLY = "web"' >&3"#),
        exec_d("worker/other", r#"echo 'ONLY = "worker"' >&3"#),
    ];
    let build = Case::group([layer("test/it", &script.concat())]).build();
    let (env, log) = build.launch("web").env("HTTP_PROXY", "x").prepare().unwrap();
    assert_eq!(env.get("SECOND"), Some("1+2"));
    assert_eq!(env.get("ONLY"), Some("web"));
    assert_eq!(env.get("HTTP_PROXY"), Some("x"));
    assert_eq!(env.get("PWD"), None, "the harness adds nothing");
    assert_eq!(log, "sees 1\n");
}

#[test]
fn an_exec_d_program_sees_the_app_and_the_environment_and_nothing_else() {
    let body = r#"/bin/cat "/proc/$$/environ" | tr '\0' '\n' | cut -d= -f1 | sort; pwd"#;
    let build = Case::group([layer("test/it", &exec_d("show", body))]).build();
    let (_, log) = build.launch("web").prepare().unwrap();
    let app = build.app_path("").display().to_string();
    assert_eq!(log, format!("HOME\nPATH\n{}\n", app.trim_end_matches('/')));
}

#[test]
fn a_failing_exec_d_program_stops_the_launch() {
    let build = Case::group([layer("test/it", &exec_d("bad", "echo 'no memory'; exit 3"))]).build();
    let failure = build.launch("web").start().unwrap_err();
    assert_eq!(failure.exit_code(), 82);
    assert_snapshot!(failure, @"
    launch: exec.d test_it/it/exec.d/bad: exit status: 3
    no memory
    ");

    let build = Case::group([layer("test/it", &exec_d("bad", "echo 'not toml' >&3"))]).build();
    assert_eq!(build.launch("web").start().unwrap_err().exit_code(), 82);
}

#[test]
fn a_process_can_be_waited_for_and_stopped() {
    let server = Fake::new("test/server").build(
        r#"
        cat >"$layers/launch.toml" <<'END'
        [[processes]]
        type = "web"
        command = ["sh", "-c", "trap 'echo bye; exit 7' TERM; echo ready on $PORT; while :; do sleep 0.01; done"]
END
        "#,
    );
    let build = Case::group([server]).build();
    let mut web = build.launch("web").env("PORT", "8080").start().unwrap();
    assert_eq!(web.wait_for("ready").unwrap(), "ready on 8080");
    let exit = web.stop().unwrap();
    assert_eq!(exit.status.code(), Some(7));
    assert_eq!(exit.log, "ready on 8080\nbye\n");
}

#[test]
fn a_process_that_ends_too_early_is_an_error() {
    let build = Case::group([layer("test/it", "mkdir env; printf x >env/MODE")]).build();
    let failure = build.launch("web").start().unwrap().wait_for("ready").unwrap_err();
    assert!(failure.to_string().contains("ended without printing `ready`"), "{failure}");
    assert!(failure.to_string().contains("MODE=x"), "{failure}");
}

#[test]
#[should_panic(expected = "launch: there is no process `worker`, only: web")]
fn an_unknown_process_names_those_there_are() {
    let build = Case::group([layer("test/it", ":")]).build();
    let _ = build.launch("worker");
}
