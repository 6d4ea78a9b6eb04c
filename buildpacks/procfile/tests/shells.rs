//! What reads a command, and what of it is lost without a shell.

use insta::assert_snapshot;

use super::{output, procfile};

#[test]
fn the_words_of_a_direct_process_are_its_arguments() {
    let case = procfile("web: printf '%s\\n' \"a b\" c\\ d e\n").env("BP_DIRECT_PROCESS", "true");
    let build = case.build();
    assert_snapshot!(build.log(), @r"
    Kouti Procfile [version]
      Settings
        BP_DIRECT_PROCESS   true
      Reading process types
        Procfile   web
      Processes
        web (default)   printf '%s\n' 'a b' 'c d' e
      Done in [time]
    ");
    assert_eq!(output(&build, "web", &[]), "a b\nc d\ne\n");
}

#[test]
fn an_image_without_a_shell_gets_direct_processes() {
    for (name, value) in
        [("BP_RUN_IMAGE_KIND", "tiny"), ("CNB_STACK_ID", "io.buildpacks.stacks.noble.tiny")]
    {
        let build = procfile("web: ./serve now\n").env(name, value).build();
        assert_eq!(build.processes(), "web (default): ./serve now\n", "{name}");
    }
}

#[test]
fn a_system_without_bash_has_sh() {
    let target = kouti_testing::Target { distro_name: "alpine".into(), ..Default::default() };
    let build = procfile("web: ./serve\n").target(target).build();
    assert_eq!(build.processes(), "web (default): sh -c ./serve web\n");
}

#[test]
fn what_only_a_shell_understands_is_remarked_on_without_one() {
    let text = "web: NODE_ENV=test ./serve $PORT && echo '$5; *'\nworker: ./work \"$@\"\n";
    let build = procfile(text).env("BP_DIRECT_PROCESS", "true").build();
    assert_snapshot!(build.log(), @"
    Kouti Procfile [version]
      Settings
        BP_DIRECT_PROCESS   true
      Reading process types
        Procfile   web, worker
    warning: `web` starts without a shell, so these have no meaning: `$`, `&&`
    hint: use a run image that has a shell, and leave BP_DIRECT_PROCESS out
    warning: `web` starts without a shell, so `NODE_ENV=test` is taken for its program
    hint: set the variable with BPE_DEFAULT_NODE_ENV
    warning: `worker` starts without a shell, so these have no meaning: `$@`
    hint: use a run image that has a shell, and leave BP_DIRECT_PROCESS out
      Processes
        web (default)   'NODE_ENV=test' ./serve '$PORT' '&&' echo '$5; *'
        worker          ./work '$@'
      Done in [time]
    warning: `web` starts without a shell, so these have no meaning: `$`, `&&`
    hint: use a run image that has a shell, and leave BP_DIRECT_PROCESS out
    warning: `web` starts without a shell, so `NODE_ENV=test` is taken for its program
    hint: set the variable with BPE_DEFAULT_NODE_ENV
    warning: `worker` starts without a shell, so these have no meaning: `$@`
    hint: use a run image that has a shell, and leave BP_DIRECT_PROCESS out
    ");
}

#[test]
fn variables_have_their_values_without_a_shell() {
    let text = "web: printf '%s\\n' $PORT \"$NONE\" '$PORT' ${MODE:-a b}\nworker: ./work *\n";
    let build = procfile(text).env("BP_RUN_IMAGE_KIND", "tiny").build();
    assert_snapshot!(build.log(), @r#"
    Kouti Procfile [version]
      Settings
        BP_RUN_IMAGE_KIND   tiny
      Reading process types
        Procfile   web, worker
    warning: `worker` starts without a shell, so these have no meaning: `*`
    hint: use a run image that has a shell, and leave BP_DIRECT_PROCESS out
      Installing launch helper
      Processes
        web (default)   start-words 'printf '\''%s\n'\'' $PORT "$NONE" '\''$PORT'\'' ${MODE:-a b}'
        worker          ./work '*'
      Done in [time]
    warning: `worker` starts without a shell, so these have no meaning: `*`
    hint: use a run image that has a shell, and leave BP_DIRECT_PROCESS out
    "#);
    assert_eq!(output(&build, "web", &[]), "8080\n\n$PORT\na\nb\n");
    assert_eq!(output(&build, "web", &["c d"]), "8080\n\n$PORT\na\nb\nc d\n");
    assert!(build.rebuild().layer("helper").is_reused());
}

#[test]
fn a_program_that_is_not_there_is_named_at_launch() {
    let build = procfile("web: ./serve $PORT\n").env("BP_RUN_IMAGE_KIND", "tiny").build();
    let exit = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(127));
    assert_snapshot!(exit.log, @"error: cannot start `./serve $PORT`: No such file or directory (os error 2)");
}

#[test]
fn a_shell_that_would_swallow_the_signal_to_stop_is_remarked_on() {
    let build = procfile("web: ./serve >log 2>&1\nworker: a | b\n").build();
    assert_snapshot!(build.log(), @"
    Kouti Procfile [version]
      Reading process types
        Procfile   web, worker
    warning: a shell stays in front of `web` and keeps the signal to stop to itself
    hint: write `exec` in front of the last command
      Processes
        web (default)   bash -c './serve >log 2>&1' web
        worker          bash -c 'a | b' worker
      Done in [time]
    warning: a shell stays in front of `web` and keeps the signal to stop to itself
    hint: write `exec` in front of the last command
    ");
}

#[test]
fn the_signal_to_stop_reaches_the_last_command() {
    let text = "web: true && sh -c 'trap \"echo bye; exit 7\" TERM; echo up; while :; do sleep 0.05; done'\n";
    let build = procfile(text).build();
    let mut running = build.launch("web").start().unwrap();
    running.wait_for("up").unwrap();
    let exit = running.stop().unwrap();
    assert_eq!((exit.status.code(), exit.log.as_str()), (Some(7), "up\nbye\n"));
}
