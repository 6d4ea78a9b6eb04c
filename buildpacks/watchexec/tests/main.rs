//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Fake, Target, Tool, Types};

fn bare() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-watchexec"), descriptor)
        .helper(env!("CARGO_BIN_EXE_kouti-watchexec-helper"))
}

/// An archive as it is upstream.
fn artifact(arch: &str) -> Artifact {
    Artifact::new("watchexec", "2.5.1")
        .with("strip-components", 1)
        .with("arch", arch)
        .with("licenses", vec!["Apache-2.0"])
        .file("watchexec-2.5.1/README.md", "read me")
        .file("watchexec-2.5.1/LICENSE", "Apache")
        .file("watchexec-2.5.1/completions/bash", "complete")
        .tool("watchexec-2.5.1/watchexec", Tool::prints(arch))
}

fn case() -> Case {
    bare().artifact(artifact("amd64")).artifact(artifact("arm64"))
}

#[test]
fn it_offers_watchexec_and_is_left_out_where_nobody_wants_it() {
    let detected =
        case().subject(kouti_testing::Subject::optional).requires("x", "").provides("x").detect();
    assert_snapshot!(detected.plan(), @r#"
    [[provides]]
    name = "watchexec"
    "#);
    assert!(!detected.group().contains(&"kouti/watchexec"), "{:?}", detected.group());
}

#[test]
fn the_image_gets_the_program_and_its_licence() {
    let build = case().requires("watchexec", "launch = true").build();
    assert_snapshot!(build.log(), @"
    Kouti watchexec [version]
      Choosing watchexec
        2.5.1 chosen (newest that fits)
      Installing watchexec 2.5.1
        488 B from the buildpack in [time], sha256 ok
      Done in [time]
    ");
    let layer = build.layer("watchexec");
    assert_eq!(layer.types(), Types::LAUNCH);
    assert_eq!(layer.files(), ["bin/watchexec", "libexec/watchexec", "licence/LICENSE"]);
    assert_eq!(build.sboms().len(), 3);
    assert!(build.sbom("kouti_watchexec/watchexec/sbom.cdx.json").contains("Apache-2.0"));

    let again = build.rebuild();
    assert!(again.layer("watchexec").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn the_build_gets_it_too_if_somebody_asks() {
    let build = case().requires("watchexec", "build = true").build();
    let types = build.layer("watchexec").types();
    assert!(types.build && types.launch && !types.cache);
    assert!(build.build_env()["PATH"].starts_with("<layers>/kouti_watchexec/watchexec/bin:"));
}

#[test]
fn the_program_is_for_the_architecture_of_the_image() {
    let target = Target { arch: "arm64".into(), ..Target::default() };
    let build = case().target(target).requires("watchexec", "").build();
    assert!(build.layer("watchexec").read("libexec/watchexec").contains("arm64"));
}

/// A language whose process reloads.
fn app() -> Fake {
    Fake::new("test/app").plan("requires = [{ name = \"watchexec\" }]").build(
        "cat >\"$CNB_LAYERS_DIR/launch.toml\" <<'END'\n[[processes]]\ntype = \"web\"\n\
         command = [\"watchexec\", \"--restart\", \"--watch\", \"/workspace\", \"--\", \"serve\"]\n\
         default = true\nEND",
    )
}

#[test]
fn the_container_says_how_changes_are_noticed() {
    let build = case().after(app()).env("BP_LIVE_RELOAD_PATHS", "src, views").build();
    let run = |variables: &[(&str, &str)]| {
        let launch = build.launch("web");
        let launch =
            variables.iter().fold(launch, |launch, (name, value)| launch.env(*name, *value));
        let exit = launch.start().unwrap().wait().unwrap();
        assert!(exit.status.success(), "{}", exit.log);
        (build.launch_calls().pop().unwrap().args.join(" "), exit.log)
    };
    let (args, _) = run(&[]);
    assert_eq!(args, "--watch=src --watch=views --restart -- serve");
    let (args, _) = run(&[("BPL_LIVE_RELOAD_POLL", "300"), ("BPL_LIVE_RELOAD_IGNORE", "*.log")]);
    assert!(args.starts_with("--poll=300ms --ignore=*.log --watch=src "), "{args}");
    let (_, log) = run(&[("BPL_LIVE_RELOAD_POLL", "1s")]);
    let warning =
        "warning: BPL_LIVE_RELOAD_POLL is `1s`, not a number of milliseconds; it has no effect";
    assert!(log.contains(warning), "{log}");

    let plain = build.rebuild_with(|case| case.env("BP_LIVE_RELOAD_PATHS", ""));
    let exit = plain.launch("web").start().unwrap().wait().unwrap();
    assert!(exit.status.success(), "{}", exit.log);
    let call = plain.launch_calls().pop().unwrap();
    assert_eq!(call.args.join(" "), "--restart --watch /workspace -- serve");
}

#[test]
fn another_artifact_makes_the_layer_anew() {
    let build = bare().artifact(artifact("amd64")).requires("watchexec", "").build();
    let newer = artifact("amd64").with("version", "2.6.0").file("watchexec-2.6.0/x", "");
    let again = build.rebuild_with(|case| case.artifact(newer));
    let log = again.log_of("kouti/watchexec");
    assert!(log.contains("Rebuilding watchexec 2.6.0: checksum changed"), "{log}");
}

#[test]
fn a_package_without_the_program_says_so() {
    assert_snapshot!(bare().requires("watchexec", "").fails().error(), @"
    error[no-watchexec]: this builder has no watchexec, which live reload needs

    hint: leave BP_LIVE_RELOAD_ENABLED out
    hint: use a builder whose kouti/watchexec has its program: one for the public profile
    ");
}
