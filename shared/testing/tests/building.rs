//! A build from end to end.

use indoc::indoc;
use insta::assert_snapshot;
use kouti_testing::{Case, Fake, Outcome, Tool, Types};

/// Installs a "runtime", runs a tool, and starts what it was given.
fn runtime() -> Fake {
    Fake::new("test/runtime")
        .plan(
            r#"
            provides = [{ name = "runtime" }]
            requires = [{ name = "runtime", metadata = { version = "1" } }]
        "#,
        )
        .build(indoc! {r#"
            echo "Building $PWD for $APP_MODE"
            mkdir -p "$layers/runtime/bin" "$layers/runtime/env.launch"
            printf '#!/bin/sh\necho "$MODE $*"\n' >"$layers/runtime/bin/run"
            chmod +x "$layers/runtime/bin/run"
            printf production >"$layers/runtime/env.launch/MODE.default"
            printf '[types]\nlaunch = true\n[metadata]\nversion = "1.0"\n' >"$layers/runtime.toml"
            npm ci --omit=dev
            cat >"$layers/launch.toml" <<END
            [[processes]]
            type = "web"
            command = ["run", "server"]
            args = ["--port", "80"]
            default = true
            END
        "#})
}

#[test]
fn everything_a_buildpack_does_can_be_seen() {
    let build = Case::group([runtime()])
        .file("server.txt", "hello")
        .env("APP_MODE", "speed")
        .tool("npm", Tool::prints("added 57 packages in 2s"))
        .build();

    assert_snapshot!(build.log(), @"
    Building <app> for speed
    added 57 packages in [time]
    ");
    assert_snapshot!(build.processes(), @"web (default): run server --port 80");
    assert_snapshot!(build.layers(), @"test/runtime:runtime (launch) Added");
    assert_eq!(build.layer("runtime").types(), Types::LAUNCH);
    assert_snapshot!(build.layer("runtime").metadata(), @r#"version = "1.0""#);
    assert_eq!(build.layer("runtime").files(), ["bin/run", "env.launch/MODE.default"]);
    assert_eq!(build.layer("runtime").env()["env.launch/MODE.default"], "production");
    assert_eq!(build.commands(), ["npm ci --omit=dev"]);
    assert_eq!(build.calls("npm")[0].dir, "<app>");
    assert_eq!(build.calls("npm")[0].env["APP_MODE"], "speed");
    assert_eq!(build.slices(), [["server.txt"]]);

    let exit = build.launch("web").env("MODE", "test").start().unwrap().wait().unwrap();
    assert_eq!(exit.log, "test server --port 80\n");
    let exit = build.launch("web").args(["--verbose"]).start().unwrap().wait().unwrap();
    assert_eq!(exit.log, "production server --verbose\n");
}

#[test]
fn the_same_input_makes_the_same_image() {
    let case = Case::group([runtime()]).file("a.txt", "1").env("APP_MODE", "x");
    let case = case.tool("npm", Tool::succeeds());
    let first = case.build();
    let digest = first.image_digest();

    let second = first.rebuild();
    assert_eq!(second.image_digest(), digest);
    assert_eq!(second.layer("runtime").outcome(), Outcome::Reused);

    let third = second.rebuild_with(|case| case.file("a.txt", "2"));
    assert_ne!(third.image_digest(), digest);
    assert_eq!(third.layer("runtime").outcome(), Outcome::Reused);
}

#[test]
fn a_case_builds_from_nothing_and_a_rebuild_does_not() {
    let script = r#"
        cat "$layers/it/file" 2>/dev/null || echo nothing
        mkdir -p "$layers/it" && echo content >"$layers/it/file"
        printf '[types]\ncache = true\n' >"$layers/it.toml"
    "#;
    let case = Case::group([Fake::new("test/it").build(script)]);
    let first = case.build();
    assert_eq!(first.log(), "nothing\n");
    assert_eq!(first.rebuild().log(), "content\n");
    assert_eq!(case.build().log(), "nothing\n");
}

#[test]
#[should_panic(expected = "replaced by a later one")]
fn files_of_an_older_build_cannot_be_mistaken_for_the_current_ones() {
    let first = Case::group([Fake::new("test/it")]).file("a", "").build();
    let _ = first.rebuild();
    let _ = first.app_file("a");
}
