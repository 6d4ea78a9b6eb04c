//! A fix reaches images that were built before it. The whole story, with a fixed runtime, is `cargo xtask bench rollout`.

use kouti_image_tests::{App, Build, docker, pack};

#[test]
#[ignore = "image test"]
fn a_fixed_base_image_needs_no_build() {
    let build = Build::new("rebase");
    let _ = build.app(&App::sample("nodejs")).succeeds();
    let before = build.image.layers();

    let fixed = kouti_image_tests::Image::owned("kouti/test-run-fixed");
    let dir = tempfile::tempdir().unwrap();
    let text = "FROM kouti/run:local\nCOPY fixed /etc/fixed\n";
    fs_err::write(dir.path().join("Dockerfile"), text).unwrap();
    fs_err::write(dir.path().join("fixed"), "a fixed package\n").unwrap();
    docker(&["build", "--quiet", "--tag", fixed.name(), dir.path().to_str().unwrap()]);
    // Forced, for it has another name here: other tests need the base as it is.
    let on = ["--run-image", fixed.name(), "--force", "--pull-policy", "never"];
    pack(&[&["rebase", build.image.name()], &on[..]].concat());

    let base = fixed.layers();
    let after = build.image.layers();
    assert!(after.starts_with(&base), "{after:?} stands on {base:?}");
    assert_eq!(after[base.len()..], before[base.len() - 1..], "what Kouti has built is untouched");
    let container = build.image.run().hardened().start();
    assert_eq!(container.get("/").status, 200);
    assert_eq!(build.image.shell("cat /etc/fixed"), "a fixed package\n");
}
