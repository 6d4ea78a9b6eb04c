//! What the platform is told to start, and what then starts.

use crate::platform::{Cnb, Platform, Staged, Zip};

fn staged(platform: &Platform, build: &str) -> Staged {
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(build)]));
    platform.stage(&["one"]).succeeds()
}

#[test]
fn every_word_arrives_as_it_was() {
    let Some(platform) = Platform::new() else { return };
    let staged = staged(
        &platform,
        r#"
process web printf '%s|' 'a b' '' '$HOME' '"q"' 'ü*?' ';' 'x=1'
process line printf '%s|' 'one
two'
process assigned A=b c
process builtin echo hello
process loop bash -c 'for i in 1 2; do printf "$i$GREETING"; done' loop
{ echo "[[processes]]"; echo "type = 'elsewhere'"; echo "command = ['pwd']"; echo "working-dir = '/usr/bin'"; } >> "$layers/launch.toml"
"#,
    );
    platform.extract();
    assert_eq!(platform.run("", &[]), "a b||$HOME|\"q\"|ü*?|;|x=1|");
    let run = |kind: &str| platform.run(staged.command(kind), &[("GREETING", "!")]);
    assert_eq!(run("line"), "one\ntwo|");
    assert_eq!(staged.command("assigned"), "exec A=b c");
    assert_eq!(run("builtin"), "hello\n");
    assert_eq!(staged.command("loop"), "for i in 1 2; do printf \"$i$GREETING\"; done");
    assert_eq!(run("loop"), "1!2!");
    assert_eq!(run("elsewhere"), "/usr/bin\n");
}

#[test]
fn the_platform_is_told_of_a_web_process_by_a_name_it_can_address() {
    let Some(platform) = Platform::new() else { return };
    let build = r#"
process My.App printf app; process cron printf cron
mkdir -p "$layers/env/env.launch/My.App"; printf typed > "$layers/env/env.launch/My.App/KIND"
printf '[types]\nlaunch = true\n' > "$layers/env.toml"
"#;
    let one = staged(&platform, build);
    assert_eq!(
        one.result["process_types"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["My-App", "cron"]
    );
    assert!(one.err.contains("the process type `My.App` is called `My-App` here"), "{}", one.err);
    assert!(
        one.err.contains("nothing is started as `web`; process types: My.App, cron"),
        "{}",
        one.err
    );

    let platform =
        platform.env("BP_CF_WEB_PROCESS", "My.App").env("BP_CF_PROCESS_TYPES", "web,nobody");
    let two = platform.stage(&["one"]).succeeds();
    assert_eq!(
        two.result["process_types"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["web"]
    );
    assert!(
        two.err.contains("BP_CF_PROCESS_TYPES names `nobody`, and there is no such process type; there are: My.App, cron"),
        "{}",
        two.err
    );
    // Layers know the process by its own name.
    platform.extract();
    assert_eq!(platform.run("printf $KIND", &[]), "typed");
}

#[test]
fn a_command_that_is_too_long_is_in_a_script() {
    let Some(platform) = Platform::new() else { return };
    let staged =
        staged(&platform, "process web printf '%s' \"$(head -c 4500 /dev/zero | tr '\\0' x)\"");
    assert_eq!(staged.command("web"), "bash \"$DEPS_DIR\"/0/kouti/run-web");
    let notice =
        "the command of `web` has 4515 bytes, more than the platform takes: it is in a script";
    assert!(staged.err.contains(notice), "{}", staged.err);
    platform.extract();
    assert_eq!(platform.run("", &[]), "x".repeat(4500));
}

#[test]
fn the_apps_own_procfile_has_the_last_word() {
    let Some(platform) = Platform::new() else { return };
    platform.file("Procfile", "web: printf 'own web'\nextra: printf extra\n");
    let kept = staged(&platform, "process web printf ours; process worker printf worker");
    assert_eq!(kept.command("web"), "printf 'own web'");
    assert_eq!(
        (kept.command("extra"), kept.command("worker")),
        ("printf extra", "exec printf worker")
    );

    // A build that removes its sources does not change what is started.
    platform.upload(
        "two",
        &Zip::of(&[Cnb::new("kouti/two").build("rm Procfile; process worker printf worker")]),
    );
    let removed = platform.stage(&["two"]).succeeds();
    assert_eq!(removed.command("web"), "printf 'own web'");
    assert!(!removed.err.contains("nothing is started as `web`"), "{}", removed.err);
}

#[test]
fn a_procfile_that_the_platform_cannot_read_is_told_before_the_build() {
    let Some(platform) = Platform::new() else { return };
    platform.file("Procfile", "web: run: it\n");
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build("echo building")]));
    let staged = platform.stage(&["one"]);
    assert_eq!(staged.code, 223);
    assert!(!staged.out.contains("building"), "{}", staged.out);
    assert!(
        staged.err.contains("error[cf-procfile-no-yaml]") && staged.err.contains("Procfile:1:"),
        "{}",
        staged.err
    );
}

#[test]
fn sidecars_start_beside_processes_however_the_buildpack_was_found() {
    let Some(platform) = Platform::new() else { return };
    let build = r#"
process web printf web; process agent printf agent
layer env launch; mkdir -p "$layer/exec.d"
printf '#!/bin/sh\n[ "$MEMORY_LIMIT" != 32m ]\n' > "$layer/exec.d/memory"; chmod +x "$layer/exec.d/memory"
printf '[[labels]]\nkey = "io.kouti.cf.sidecar.agent"\nvalue = "*;memory=32"\n' >> "$layers/launch.toml"
"#;
    let named = staged(&platform, build);
    let sidecar = |staged: &Staged| staged.result["sidecars"].to_string();
    let expected =
        r#"[{"name":"agent","process_types":["web"],"command":"exec printf agent","memory":32}]"#;
    assert_eq!(sidecar(&named), expected);
    assert_eq!(named.command("agent"), "", "a sidecar is no process of its own");
    // It has a small part of the memory, which may be too small for what prepares the start of the app.
    platform.extract();
    let little = [("MEMORY_LIMIT", "32m")];
    assert_eq!(platform.run("exec printf agent", &little), "agent");
    let web = platform.launcher(named.command("web"), &little).output().unwrap();
    assert_eq!(web.status.code(), Some(1));
    // The platform then looks for the file at an index that does not exist otherwise.
    platform.upload("no", &Zip::of(&[Cnb::new("kouti/no").detect("exit 100")]));
    let found = platform.stage_detecting(&["no", "one", "no"]).succeeds();
    assert_eq!(sidecar(&found), expected);
    assert_eq!(found.command("web"), "exec printf web");
}

#[test]
fn the_last_of_ten_and_of_eleven_buildpacks_is_heard() {
    for before in [9, 10] {
        let Some(platform) = Platform::new() else { return };
        platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build("process web printf web")]));
        let mut keys = Vec::new();
        for number in 0..before {
            let key = format!("before{number}");
            platform.upload_classic(&key, &[("supply", "mkdir -p $3/$4/bin; printf '#!/bin/sh\necho $0' > $3/$4/bin/tool$4; chmod +x $3/$4/bin/tool$4")]);
            keys.push(key);
        }
        let mut keys: Vec<_> = keys.iter().map(String::as_str).collect();
        keys.push("one");
        let staged = platform.stage(&keys).succeeds();
        assert_eq!(staged.command("web"), "exec printf web");
        // From ten on each has two digits.
        let config = platform.droplet_file(&format!("deps/{before:02}/config.yml"));
        assert!(config.contains("kouti-one"), "{config}");
        platform.extract();
        assert_eq!(platform.run("tool00", &[]), "<dir>/vcap/deps/00/bin/tool00\n");
    }
}
