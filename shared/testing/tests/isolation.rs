//! What a buildpack sees of this host and of the platform.

use insta::assert_debug_snapshot;
use kouti_testing::{Case, Fake, Tool};

/// A buildpack that calls the fake tool `look` in build.
fn looks() -> Fake {
    Fake::new("test/looks").build("look")
}

fn env_of(case: Case) -> std::collections::BTreeMap<String, String> {
    let build = case.tool("look", Tool::succeeds()).build();
    let mut env = build.calls("look")[0].env.clone();
    // Added by the shell that runs the fake.
    env.remove("PWD");
    // A temporary directory of its own for every run.
    env.remove("CNB_BP_PLAN_PATH");
    env
}

#[test]
fn the_environment_is_that_of_a_build_container() {
    assert_debug_snapshot!(env_of(Case::group([looks()])), @r#"
    {
        "CNB_BUILDPACK_DIR": "<buildpacks>/test_looks",
        "CNB_LAYERS_DIR": "<layers>/test_looks",
        "CNB_PLATFORM_DIR": "<platform>",
        "CNB_TARGET_ARCH": "amd64",
        "CNB_TARGET_DISTRO_NAME": "ubuntu",
        "CNB_TARGET_DISTRO_VERSION": "24.04",
        "CNB_TARGET_OS": "linux",
        "HOME": "<home>",
        "PATH": "<tools>:<system>",
        "TMPDIR": "<tmp>",
    }
    "#);
}

#[test]
fn user_operator_and_container_variables_reach_it_by_the_rules() {
    let env = env_of(
        Case::group([looks()])
            .env("PATH", "/user/bin")
            .env("MODE", "user")
            .env("FORCED", "user")
            .operator_env("MODE", "operator")
            .operator_env("FORCED.override", "operator")
            .operator_env("FALLBACK", "operator")
            .container_env("HTTPS_PROXY", "http://proxy.test")
            .container_env("SECRET_OF_THE_HOST", "x"),
    );
    assert_eq!(env["PATH"], "/user/bin:<tools>:<system>");
    assert_eq!(env["MODE"], "user");
    assert_eq!(env["FORCED"], "operator");
    assert_eq!(env["FALLBACK"], "operator");
    assert_eq!(env["HTTPS_PROXY"], "http://proxy.test");
    assert!(!env.contains_key("SECRET_OF_THE_HOST"));
}

#[test]
fn a_buildpack_that_clears_its_environment_does_not_see_the_user() {
    let case = Case::group([looks().header("clear-env = true")]).env("MODE", "user");
    assert!(!env_of(case).contains_key("MODE"));
}

#[test]
fn later_buildpacks_see_build_layers_and_not_launch_layers() {
    let first = Fake::new("test/first").build(
        r#"
        for layer in tool run; do mkdir -p "$layers/$layer/bin" "$layers/$layer/env"; done
        mkdir "$layers/tool/env.build" "$layers/tool/env.launch"
        printf '[types]\nbuild = true\n' >"$layers/tool.toml"
        printf '[types]\nlaunch = true\n' >"$layers/run.toml"
        printf one >"$layers/tool/env/MODE"
        printf two >"$layers/tool/env.build/MODE"
        printf three >"$layers/tool/env.launch/MODE"
        printf four >"$layers/run/env/MODE"
        "#,
    );
    let case = Case::group([first, looks()]);
    let env = env_of(case.clone());
    assert_eq!(env["MODE"], "two");
    assert_eq!(env["PATH"], "<layers>/test_first/tool/bin:<tools>:<system>");
    assert_eq!(env_of(case.env("MODE", "user"))["MODE"], "user", "the user has the last word");
}

#[test]
fn programs_of_this_host_are_out_of_reach() {
    let tries = Fake::new("test/tries")
        .build("for tool in node java php git curl; do which $tool || :; done");
    assert_eq!(Case::group([tries]).build().log(), "");
}

#[test]
fn bindings_are_files_of_the_platform_directory() {
    let reads = Fake::new("test/reads")
        .build(r#"cd "$CNB_PLATFORM_DIR/bindings"; head mine/.npmrc mine/type"#);
    let build = Case::group([reads]).binding("mine", "npmrc", [(".npmrc", "x=1\n")]).build();
    insta::assert_snapshot!(build.log(), @"
    ==> mine/.npmrc <==
    x=1

    ==> mine/type <==
    npmrc
    ");
}

#[test]
fn the_app_can_be_varied() {
    let shows =
        Fake::new("test/shows").build("cat package.json; ls -A; [ -x run.sh ]; readlink link");
    let build = Case::group([shows])
        .app_dir("tests/apps/small")
        .json("package.json", |package| package["engines"]["node"] = "22".into())
        .program("run.sh", "#!/bin/sh\n")
        .link("link", "run.sh")
        .dir("empty")
        .without("README.md")
        .build();
    insta::assert_snapshot!(build.log(), @r#"
    {
      "name": "small",
      "engines": {
        "node": "22"
      }
    }
    empty
    link
    package.json
    run.sh
    run.sh
    "#);
}
