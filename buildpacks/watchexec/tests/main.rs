//! The program in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Target, Tool, Types};

fn bare() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    Case::new(env!("CARGO_BIN_EXE_kouti-watchexec"), descriptor)
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
    assert_eq!(layer.files(), ["bin/watchexec", "licence/LICENSE"]);
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
    assert!(build.layer("watchexec").read("bin/watchexec").contains("arm64"));
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
