//! The start of an app, and of what starts beside it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::platform::{Cnb, Platform, Zip, tool};

/// A staged app whose layer has this; `$layer` is its directory.
fn staged(platform: &Platform, layer: &str) -> String {
    let build = format!("layer env launch\n{layer}\nprocess web env");
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(&build)]));
    let staged = platform.stage(&["one"]).succeeds();
    platform.extract();
    staged.command("web").to_owned()
}

const EXEC_D: &str = r#"
program() { mkdir -p "$layer/exec.d/$1"; { echo '#!/bin/bash'; cat; } > "$layer/exec.d/$1/$2"; chmod +x "$layer/exec.d/$1/$2"; }
"#;

#[test]
fn exec_d_programs_set_variables_one_after_the_other_and_nothing_is_executed() {
    let Some(platform) = Platform::new() else { return };
    let build = EXEC_D.to_owned()
        + r#"
program . 1 <<'END'
echo 'on stdout'; echo 'on stderr' >&2
cat >&3 <<'TOML'
FIRST = "1"
ODD = '''line
'quoted' $(touch executed) "x"'''
HOME = "/elsewhere"
TOML
END
program . 2 <<'END'
echo "SECOND = '$FIRST$FIRST'" >&3
END
program . limit <<'END'
echo "LIMIT = '$MEMORY_LIMIT'" >&3
END
program web 3 <<'END'
echo 'OF_WEB = "yes"' >&3
END
mkdir -p "$layer/exec.d"; echo no > "$layer/exec.d/readme"
"#;
    staged(&platform, &build);
    let command = r#"printf '%s|' "$FIRST" "$SECOND" "$ODD" "$OF_WEB" "$HOME"; ls"#;
    let output = platform.launcher(command, &[]).output().unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let home = platform.path("vcap/app");
    let expected =
        format!("1|11|line\n'quoted' $(touch executed) \"x\"|yes|{}|app.txt\n", home.display());
    assert!(out.ends_with(&expected), "{out}");
    assert!(err.contains("on stdout") && err.contains("on stderr"), "{err}");
    assert!(err.contains("exec.d/readme cannot be executed and is left out"), "{err}");
    // What a helper decides by memory, it decides by that of the process.
    assert_eq!(platform.run("echo $LIMIT", &[("MEMORY_LIMIT", "64m")]), "64m\n");
    // A task is of no type.
    let task = platform.run("echo $FIRST$OF_WEB", &[("VCAP_APPLICATION", "{}")]);
    assert_eq!(task, "1\n");
    let chosen = [("VCAP_APPLICATION", "{}"), ("BPL_CF_PROCESS_TYPE", "web")];
    assert_eq!(platform.run("echo $FIRST$OF_WEB", &chosen), "1yes\n");
}

#[test]
fn what_fails_stops_our_own_command_and_no_other() {
    let Some(platform) = Platform::new() else { return };
    let build = EXEC_D.to_owned()
        + "program . memory <<'END'\necho 'no room for a heap' >&2; exit 3\nEND\n";
    let command = staged(&platform, &build);
    let own = platform.launcher(&command, &[]).output().unwrap();
    assert_eq!(own.status.code(), Some(1));
    let err = platform.shown(&own.stderr);
    assert_snapshot!(err, @"
    no room for a heap
    error[cf-exec-d-failed]: <dir>/vcap/deps/0/layers/kouti_one/env/exec.d/memory failed: exit status: 3
      no room for a heap

    hint: its own words above say what is wrong
    hint: start the app all the same with `cf set-env APP BPL_CF_EXECD_STRICT false`
    ");
    // Tasks and sidecars have little memory.
    let task = platform.launcher("echo task", &[("MEMORY_LIMIT", "64m")]).output().unwrap();
    assert!(task.status.success());
    let err = platform.shown(&task.stderr);
    let warning =
        "warning: <dir>/vcap/deps/0/layers/kouti_one/env/exec.d/memory failed: exit status: 3";
    assert!(err.contains(warning), "{err}");
    let lenient =
        platform.launcher(&command, &[("BPL_CF_EXECD_STRICT", "false")]).output().unwrap();
    assert!(lenient.status.success());
}

#[test]
fn much_output_of_a_program_is_neither_lost_nor_evaluated() {
    let Some(platform) = Platform::new() else { return };
    let build = EXEC_D.to_owned()
        + "program . loud <<'END'\nhead -c 5000000 /dev/zero | tr '\\0' '$'; echo 'LOUD = \"1\"' >&3\nEND\n";
    staged(&platform, &build);
    let output = platform.launcher("echo $LOUD", &[]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("\n1\n"));
    assert!(output.stderr.len() >= 5_000_000, "{}", output.stderr.len());
}

/// Every suffix, in two layers.
const ENVIRONMENT: &str = r#"
set_in() { mkdir -p "$layer/$1"; printf '%s' "$3" > "$layer/$1/$2"; }
for name in a b; do
  layer $name launch
  mkdir -p "$layer/bin" "$layer/lib"
  set_in env PLAIN "plain-$name"
  set_in env LIST.append "$name"; set_in env LIST.delim ':'
  set_in env.launch FRONT.prepend "$name"; set_in env.launch FRONT.delim '|'
  set_in env.launch EMPTY.default "default-$name"
  set_in env.launch FIXED.override "fixed-$name"
  set_in env.launch/web TYPED "typed-$name"
  set_in env.build BUILD_ONLY no
done
"#;

#[test]
fn the_environment_is_that_of_the_lifecycles_own_launcher() {
    let (Some(platform), Some(launcher)) = (Platform::new(), tool("launcher")) else { return };
    platform.upload(
        "one",
        &Zip::of(&[Cnb::new("kouti/one").build(&format!("{ENVIRONMENT}\nprocess web env"))]),
    );
    platform.stage(&["one"]).succeeds();
    platform.extract();
    let given = [("EMPTY", ""), ("LIST", "mine"), ("FIXED", "mine")];
    let ours = platform.run("", &given);
    let layers = platform.path("vcap/deps/0/layers");
    // It starts the process by whose name it is called.
    std::os::unix::fs::symlink(launcher, platform.path("web")).unwrap();
    let theirs = Command::new(platform.path("web"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs(given)
        .env("CNB_PLATFORM_API", "0.14")
        .env("CNB_LAYERS_DIR", &layers)
        .env("CNB_APP_DIR", platform.path("vcap/app"))
        .env("CNB_NO_COLOR", "true")
        .output()
        .unwrap();
    let theirs = platform.shown(&theirs.stdout);
    let find = |text: &str, name: &str| {
        let line =
            text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")).map(str::to_owned));
        line.unwrap_or_else(|| format!("no {name} in {text}"))
    };
    for name in ["PLAIN", "LIST", "FRONT", "EMPTY", "FIXED", "TYPED", "PATH", "LD_LIBRARY_PATH"] {
        assert_eq!(find(&ours, name), find(&theirs, name), "{name}");
    }
    assert_eq!(find(&ours, "LIST"), "mine:a:b");
    assert!(!ours.contains("BUILD_ONLY"));
}

#[test]
fn a_second_start_in_the_same_container_is_like_the_first_and_so_is_a_shell() {
    let Some(platform) = Platform::new() else { return };
    staged(
        &platform,
        "mkdir \"$layer/bin\"; mkdir \"$layer/env\"; printf x > \"$layer/env/LIST.append\"",
    );
    platform.file("unused", "");
    let print = "echo $PATH $LIST";
    let first = platform.run(print, &[]);
    assert!(first.ends_with(" x\n"), "{first}");
    assert_eq!(platform.run(print, &[]), first);
    assert_eq!(platform.shell(print), first);
    // A shell in the shell has its environment already.
    let nested =
        platform.shell("for script in ../profile.d/*; do . $script; done; echo $PATH $LIST");
    assert_eq!(nested, first);
}

#[test]
fn what_the_app_says_itself_wins() {
    let Some(platform) = Platform::new() else { return };
    platform.file(".profile.d/own.sh", "set -e\nexport KIND=profile.d:$KIND PATH=/own:$PATH\n");
    platform.file(".profile", "export LATE=$KIND; echo once\n");
    platform.file(".profile.d/000_multi-supply.sh", "");
    platform.upload("two", &Zip::of(&[Cnb::new("kouti/two").build("process web true")]));
    let warning = "the app brings scripts of an earlier droplet: .profile.d/000_multi-supply.sh";
    let err = platform.stage(&["two"]).succeeds().err;
    assert!(err.contains(warning), "{err}");
    staged(
        &platform,
        "mkdir \"$layer/env\"; printf layer > \"$layer/env/KIND\"; mkdir \"$layer/bin\"",
    );
    let output =
        platform.launcher("echo $KIND $LATE $((1 + 1)) $PORT ${PATH%%:*}", &[]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.ends_with("profile.d:layer profile.d:layer 2 8080 /own\n"), "{out}");
    assert_eq!(out.matches("once").count(), 1);
}

#[test]
fn the_app_gets_the_signal_and_no_shell_stands_before_it() {
    let Some(platform) = Platform::new() else { return };
    let build = "process web sleep 300";
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(build)]));
    platform.stage(&["one"]).succeeds();
    platform.extract();
    let mut child = platform.launcher("", &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "Invoking start command."));
    let comm = format!("/proc/{}/comm", child.id());
    while fs_err::read_to_string(&comm).unwrap() != "sleep\n" {
        std::thread::yield_now();
    }
    let status = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(status.success());
    let ended = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(15));
}

#[test]
fn scripts_of_other_buildpacks_may_make_the_shell_strict() {
    let Some(platform) = Platform::new() else { return };
    let strict = r#"mkdir -p "$3/$4/profile.d"; echo 'set -eu' > "$3/$4/profile.d/strict.sh""#;
    platform.upload_classic("first", &[("supply", strict)]);
    let build = EXEC_D.to_owned()
        + "layer env launch\nmkdir \"$layer/env\"; printf layer > \"$layer/env/KIND\"\n\
           program . memory <<'END'\n[ \"$MEMORY_LIMIT\" != 1m ] || exit 3\nEND\nprocess web printenv KIND";
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(&build)]));
    let staged = platform.stage(&["first", "one"]).succeeds();
    platform.extract();
    assert_eq!(platform.run("", &[]), "layer\n");
    let refused =
        platform.launcher(staged.command("web"), &[("MEMORY_LIMIT", "1m")]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "as without it");
}

#[test]
fn java_options_can_be_kept_from_what_prepares_the_start() {
    let Some(platform) = Platform::new() else { return };
    let build = EXEC_D.to_owned()
        + "program . options <<'END'\necho \"SEEN = '${JAVA_OPTS-none}'\" >&3\nEND\n";
    staged(&platform, &build);
    let seen = |switch: &str| {
        let given = [("JAVA_OPTS", "-Da=1"), ("BPL_CF_JAVA_OPTS_ENABLED", switch)];
        platform.run("echo $SEEN $JAVA_OPTS", &given)
    };
    assert_eq!(seen("true"), "-Da=1 -Da=1\n");
    assert_eq!(seen("F"), "none -Da=1\n");
}

#[test]
fn an_app_without_our_program_still_starts() {
    let Some(platform) = Platform::new() else { return };
    staged(&platform, "mkdir \"$layer/env\"; printf layer > \"$layer/env/KIND\"");
    fs_err::remove_file(platform.path("vcap/deps/0/kouti/kouti-cf")).unwrap();
    let output = platform.launcher("echo app$KIND", &[]).output().unwrap();
    assert!(String::from_utf8(output.stdout.clone()).unwrap().ends_with("app\n"));
    let err = platform.shown(&output.stderr);
    assert_snapshot!(err, @"
    warning: <dir>/vcap/deps/0/kouti/kouti-cf is missing: the app starts without the environment of its layers; restage it
    ");
}
