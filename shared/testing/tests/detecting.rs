//! The detector, from a case's point of view.

use insta::assert_snapshot;
use kouti_testing::{Case, Fake};

fn provider() -> Fake {
    Fake::new("test/node").plan(r#"provides = [{ name = "node" }]"#)
}

#[test]
fn a_passing_buildpack_shows_its_plan() {
    let node = provider().plan(
        r#"
        provides = [{ name = "node" }]
        requires = [{ name = "node", metadata = { version = "22", build = true } }]
        [[or]]
        provides = [{ name = "node" }]
        "#,
    );
    let detected = Case::group([node]).detect();
    assert!(detected.passes());
    assert_eq!(detected.group(), ["test/node"]);
    assert_snapshot!(detected.plan(), @r#"
    [[provides]]
    name = "node"

    [[requires]]
    name = "node"

    [requires.metadata]
    build = true
    version = "22"

    [[or]]

    [[or.provides]]
    name = "node"
    "#);
}

#[test]
fn a_skipping_buildpack_says_why() {
    let skips = Fake::new("test/node").detect("echo 'skipped: no package.json'; exit 100");
    let detected = Case::group([skips]).detect();
    assert!(!detected.passes());
    assert_eq!(detected.skipped().as_deref(), Some("no package.json"));
    assert_eq!(detected.error(), None);
    assert_snapshot!(detected.failure().unwrap(), @"
    no buildpack group passed detection
      test/node skips
        skipped: no package.json
    ");
    assert_eq!(detected.failure().unwrap().exit_code(), 20);
}

#[test]
fn another_exit_code_is_an_error() {
    let fails = Fake::new("test/node").detect("echo 'error[x]: broken' >&2; exit 1");
    let detected = Case::group([fails]).detect();
    assert_eq!(detected.error().as_deref(), Some("error[x]: broken\n"));
    assert_eq!(detected.failure().unwrap().exit_code(), 21);
}

#[test]
fn an_unreadable_plan_is_an_error() {
    let detected = Case::group([provider().plan("provides = 1")]).detect();
    assert!(detected.error().is_some());
    assert_eq!(detected.failure().unwrap().exit_code(), 21);
}

#[test]
fn a_failing_optional_buildpack_is_left_out() {
    for exit in ["exit 1", "exit 100"] {
        let case = Case::group([Fake::new("test/app")])
            .before(Fake::new("test/optional").detect(exit).optional());
        assert_eq!(case.detect().group(), ["test/app"], "{exit}");
    }
}

#[test]
fn a_plan_that_does_not_hold_says_why() {
    let detected = Case::group([provider()]).detect();
    assert!(detected.passes());
    assert_snapshot!(detected.failure().unwrap(), @"
    no buildpack group passed detection
      test/node passes
      test/node provides `node`, which neither it nor a later one requires
    ");
}

#[test]
fn requirers_are_heard_in_the_order_of_the_group() {
    let build = Case::group([provider().build("cat $CNB_BP_PLAN_PATH")])
        .requires("node", r#"version = "22", build = true"#)
        .after(
            Fake::new("test/second")
                .plan(r#"requires = [{ name = "node", metadata = { launch = true } }]"#),
        )
        .build();
    assert_snapshot!(build.log(), @r#"
    [[entries]]
    name = "node"

    [entries.metadata]
    build = true
    version = "22"

    [[entries]]
    name = "node"

    [entries.metadata]
    launch = true
    "#);
}

#[test]
fn an_entry_left_unmet_goes_to_a_later_provider() {
    let unmet = r#"printf '[[unmet]]\nname = "node"\n' >"$layers/build.toml""#;
    let shows_plan = r#"echo "gets $(grep -c node "$CNB_BP_PLAN_PATH")""#;
    let second =
        Fake::new("test/second").plan(r#"provides = [{ name = "node" }]"#).build(shows_plan);

    let met = Case::group([provider(), second.clone()]).requires("node", "");
    assert_snapshot!(met.build().log(), @"gets 0");
    let left = Case::group([provider().build(unmet), second]).requires("node", "");
    assert_snapshot!(left.build().log(), @"gets 1");
}

#[test]
fn a_required_buildpack_for_another_target_is_an_error() {
    let alpine = "[[targets]]\nos = \"linux\"\ndistros = [{ name = \"alpine\" }]\n";
    let elsewhere = Fake::new("test/musl").targets(alpine);
    let detected = Case::group([elsewhere.clone()]).detect();
    assert_eq!(detected.failure().unwrap().exit_code(), 21);

    let optional = Case::group([Fake::new("test/app")]).before(elsewhere.optional());
    assert_eq!(optional.detect().group(), ["test/musl", "test/app"], "it is asked all the same");
}

#[test]
#[should_panic(expected = "detect has changed the app")]
fn detect_must_not_change_the_app() {
    let _ = Case::group([Fake::new("test/writes").detect("touch file")]).detect();
}
