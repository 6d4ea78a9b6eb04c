//! Rebuilds after something has changed or is lost that is not of the app.

use kouti_testing::{Built, Case};

use crate::support::{jdk, jre, maven_app};

/// Rebuilds after a change, and tells which layers of the image are not as before.
fn changed(build: &Built, change: impl FnOnce(Case) -> Case) -> (Built, Vec<String>) {
    let again = build.rebuild_with(change);
    let before = &build.image().app;
    assert_eq!(again.image().app, *before, "the app stays as it is: {}", again.log());
    let names = ["helper", "jre"].into_iter();
    let names = names.filter(|name| again.layer(name).digest() != build.layer(name).digest());
    let names = names.map(str::to_owned).collect();
    (again, names)
}

#[test]
fn a_patch_of_java_changes_only_the_runtime() {
    let build = maven_app().env("BP_JVM_VERSION", "21").build();
    let (again, layers) = changed(&build, |case| {
        case.artifact(jdk("liberica", "21.0.12")).artifact(jre("liberica", "21.0.12"))
    });
    assert_eq!(layers, ["jre"]);
    assert!(again.log().contains("Rebuilding BellSoft Liberica JRE 21.0.12: "), "{}", again.log());
    assert_eq!(again.calls("mvn").len(), 1, "the new JDK builds the app");
}

#[test]
fn other_certificates_in_the_build_change_only_the_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = dir.path().join("bundle.pem");
    let certificate = || {
        let key = rcgen::generate_simple_self_signed(["one".to_owned()]).unwrap();
        fs_err::write(&bundle, key.cert.pem()).unwrap();
    };
    certificate();
    let build = maven_app().env("SSL_CERT_FILE", bundle.display().to_string()).build();
    certificate();
    let (again, layers) = changed(&build, |case| case);
    assert_eq!(layers, ["jre"]);
    assert!(again.log().contains("certificates changed"), "{}", again.log());
    assert!(again.log().contains("Reusing application"), "{}", again.log());
}

#[test]
fn what_is_lost_is_made_again_and_nothing_else() {
    let build = maven_app().build();
    let mvn = ["mvn --batch-mode -Dmaven.test.skip=true --no-transfer-progress package"];
    let again = |change: fn(Case) -> Case| {
        let (again, layers) = changed(&build, change);
        assert!(layers.is_empty(), "{layers:?}");
        assert_eq!(again.image_digest(), build.image_digest());
        again
    };

    let without_cache = again(Case::without_cache);
    assert_eq!(without_cache.commands(), mvn);
    assert!(without_cache.layer("jre").is_reused());

    let without_image = again(Case::without_image);
    assert!(without_image.commands().is_empty(), "{:?}", without_image.commands());
    assert!(!without_image.layer("jre").is_reused());

    let without_both = again(|case| case.without_cache().without_image());
    assert_eq!(without_both.commands(), mvn);
}
