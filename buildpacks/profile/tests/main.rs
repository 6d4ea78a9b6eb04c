//! The program in the miniature lifecycle.
#![cfg(test)]

use std::collections::BTreeMap;

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Fake, Types};

fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-profile"), descriptor)
        .helper(env!("CARGO_BIN_EXE_kouti-profile-helper"))
        .after(Fake::new("test/start").build(
            "printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"true\"]\\n' >$layers/launch.toml",
        ))
}

fn profile(text: &str) -> Case {
    case().file(".profile", text)
}

/// The variables that a process has besides those of the container, and what was printed before it.
fn started(build: &Built, variables: &[(&str, &str)]) -> (BTreeMap<String, String>, String) {
    let launch = variables
        .iter()
        .fold(build.launch("web"), |launch, (name, value)| launch.env(*name, *value));
    let (env, log) = launch.prepare().unwrap();
    let given = ["PATH", "HOME"];
    let text = |value: &std::ffi::OsStr| build.clean(value.to_str().unwrap());
    let all = env.iter().map(|(name, value)| (text(name), text(value)));
    (all.filter(|(name, _)| !given.contains(&name.as_str())).collect(), build.clean(&log))
}

fn variables(build: &Built) -> String {
    let (set, log) = started(build, &[]);
    assert_eq!(log, "");
    let lines: Vec<_> = set.iter().map(|(name, value)| format!("{name}={value:?}\n")).collect();
    lines.concat()
}

fn refusal(build: &Built) -> String {
    build.clean(&build.launch("web").prepare().unwrap_err().to_string())
}

#[test]
fn an_app_without_a_profile_is_left_alone() {
    let detected = case().file(".profile.d/readme.txt", "").detect();
    assert_snapshot!(detected.skipped().unwrap(), @"neither a file .profile nor .profile.d/*.sh");
    let on_cloud_foundry = profile("").env("VCAP_APPLICATION", "{}").detect();
    assert_eq!(on_cloud_foundry.skipped().as_deref(), Some("Cloud Foundry runs .profile itself"));
}

#[test]
fn the_image_gets_the_helper() {
    let build = profile("").file(".profile.d/b.sh", "").file(".profile.d/a.sh", "").build();
    assert_snapshot!(build.log_of("kouti/profile"), @"
    Kouti Profile [version]
      Scripts that run before each process
        .profile.d/a.sh
        .profile.d/b.sh
        .profile
      Installing launch helper
      Done in [time]
    ");
    assert_eq!(build.layer("helper").types(), Types::LAUNCH);
    let again = build.rebuild_with(|case| case.file(".profile", "export A=1\n"));
    assert!(again.layer("helper").is_reused());
}

#[test]
fn exported_variables_reach_the_process() {
    let build = profile(
        "export PLAIN=a QUOTED='b \"c\" \\ $HOME' LINES=$'d\\ne'\nlocal_one=f\nPORT=9090\nexport EMPTY=\n\
         export HERE=$PWD\ncd /\nfunction g { :; }\nexport -f g\n",
    )
    .build();
    assert_snapshot!(variables(&build), @r#"
    EMPTY=""
    HERE="<app>"
    LINES="d\ne"
    PLAIN="a"
    QUOTED="b \"c\" \\ $HOME"
    "#);
    // One that is exported already changes without a word.
    let (set, _) = started(&build, &[("PORT", "8080")]);
    assert_eq!(set["PORT"], "9090");
}

#[test]
fn scripts_run_in_order_and_see_each_other() {
    let build = profile("export TRACE=$TRACE-app\n")
        .file(".profile.d/2.sh", "export TRACE=$TRACE-two\n")
        .file(".profile.d/1.sh", "export TRACE=one\n")
        .file(".profile.d/3.txt", "export TRACE=wrong\n")
        .build();
    assert_eq!(variables(&build), "TRACE=\"one-two-app\"\n");
}

#[test]
fn what_scripts_print_is_seen_and_is_no_variable() {
    let build =
        profile("echo A=1\necho B=2 >&2\necho C=3 >&3\n[ -f missing ] && echo no\n").build();
    let (set, log) = started(&build, &[]);
    assert!(set.is_empty(), "{set:?}");
    assert!(log.contains("A=1\nB=2\n"), "{log}");
}

#[test]
fn what_runs_in_the_background_is_not_waited_for() {
    let build = profile("sleep 600 >/dev/null 2>&1 &\nexport PID=$!\n").build();
    let (set, _) = started(&build, &[]);
    let killed = std::process::Command::new("kill").arg(&set["PID"]).status().unwrap();
    assert!(killed.success(), "it was still running");
}

#[test]
fn a_script_that_breaks_the_path_is_believed() {
    let build = profile("PATH=/nowhere\n").build();
    assert_eq!(build.launch_env("web")["PATH"], "/nowhere");
}

#[test]
fn a_script_that_fails_keeps_the_app_from_starting() {
    let build = profile("echo no database\nexit 3\n").build();
    assert_snapshot!(refusal(&build), @"
    launch: exec.d kouti_profile/helper/exec.d/10-profile: exit status: 1
    no database
    error[profile-failed]: a script of the profile has ended with exit code 3

    hint: what it printed is above; `set -x` in its first line shows each command
    ");
    let build = build.rebuild_with(|case| case.file(".profile", "set -e\nfalse\nexport A=1\n"));
    assert!(refusal(&build).contains("ended with exit code 1"), "{}", refusal(&build));
    let build = build.rebuild_with(|case| case.file(".profile", "kill -9 $$\n"));
    assert!(refusal(&build).contains("ended with signal 9"), "{}", refusal(&build));
}

#[test]
fn a_command_that_fails_is_no_script_that_fails() {
    let build = profile("export A=1\nfalse\n").build();
    assert_eq!(variables(&build), "A=\"1\"\n");
}

#[test]
fn a_script_that_ends_the_shell_is_remarked_on() {
    let build = profile("export A=1\nexit 0\n").build();
    let (set, log) = started(&build, &[]);
    assert!(set.is_empty(), "{set:?}");
    assert_snapshot!(log, @"warning: a script of the profile ends with `exit`, so the variables of all scripts are lost; `return` ends a script");
}

#[test]
fn an_image_without_bash_starts_without_the_profile() {
    let build = profile("export A=1\n").env("BP_RUN_IMAGE_KIND", "tiny").build();
    let warning = "warning: a run image of the kind `tiny` has no bash to run them with\n\
        hint: set variables with BPE_DEFAULT_<NAME>, or use a run image with a shell\n";
    assert!(build.log().contains(warning), "{}", build.log());
    let (set, log) = started(&build, &[("PATH", "/nowhere")]);
    assert!(set.is_empty(), "{set:?}");
    assert_eq!(log, "warning: this image has no bash, so .profile is left out\n");
}

#[test]
fn a_bash_that_nobody_may_run_keeps_the_app_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("bash"), "").unwrap();
    let build = profile("export A=1\n").build();
    let launch = build.launch("web").env("PATH", dir.path());
    assert_snapshot!(launch.prepare().unwrap_err().to_string(), @"
    launch: exec.d kouti_profile/helper/exec.d/10-profile: exit status: 1
    error[profile-not-run]: bash cannot be run: Permission denied (os error 13)

    hint: let the user of the container run it, or leave .profile out of the image
    ");
}

#[test]
fn a_profile_that_is_not_in_the_image_is_remarked_on() {
    let build = profile("export A=1\n").build();
    fs_err::remove_file(build.app_path(".profile")).unwrap();
    let (set, log) = started(&build, &[]);
    assert!(set.is_empty(), "{set:?}");
    assert_eq!(
        log,
        "warning: the app has no .profile any more: does BP_INCLUDE_FILES leave it out?\n"
    );
}

#[test]
fn what_is_no_text_is_left_out() {
    let build = profile("export BAD=$'\\xff' GOOD=1\n").build();
    let (set, log) = started(&build, &[]);
    assert_eq!(set.keys().collect::<Vec<_>>(), ["GOOD"]);
    assert_eq!(
        log,
        "warning: the profile sets BAD to something that is not UTF-8; it is left out\n"
    );
}
