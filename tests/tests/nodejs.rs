//! `kouti/nodejs`, from source to an answer.

use std::time::Duration;

use kouti_image_tests::{App, Build, docker, pack};

#[test]
#[ignore = "image test"]
fn an_npm_app_is_built_answers_and_is_rebuilt_without_new_work() {
    let app = App::sample("nodejs");
    let build = Build::new("npm");

    let cold = build.app(&app).succeeds();
    assert!(cold.contains("Installing Node.js 24."), "{cold}");
    assert!(cold.contains("Running npm ci"), "{cold}");
    let first = build.image.id();
    let layers = build.image.layers();

    let container = build.image.run().start();
    let answer = container.get("/");
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(container.get("/health").status, 200);
    let (took, code) = container.stop();
    assert_eq!(code, 0, "SIGTERM reaches the app: {}", container.log());
    assert!(took < Duration::from_secs(8), "not killed after ten seconds, but {took:?}");

    let warm = build.app(&app).succeeds();
    assert!(warm.contains("Reusing Node.js 24."), "{warm}");
    assert!(!warm.contains("Running npm ci"), "{warm}");
    assert_eq!(build.image.id(), first, "the same source gives the same image:\n{warm}");

    app.replace("pages/index.md", "Hello", "Good morning");
    let source = build.app(&app).succeeds();
    assert!(source.contains("Reusing Node.js 24."), "{source}");
    assert!(!source.contains("Running npm ci"), "{source}");
    assert_ne!(build.image.id(), first);
    let kept = build.image.layers().iter().filter(|layer| layers.contains(layer)).count();
    assert!(kept >= layers.len() - 3, "only the app's own layers change: {kept} of {layers:?}");
    assert!(build.image.run().start().get("/").body.contains("Good morning"));
}

#[test]
#[ignore = "image test"]
fn a_changed_lock_file_installs_again() {
    let app = App::sample("nodejs");
    let build = Build::new("lock");
    let _ = build.app(&app).succeeds();

    // The same packages in another text: npm decides what that means, so it has to run.
    let lock = fs_err::read_to_string(app.dir().join("package-lock.json")).unwrap();
    app.write("package-lock.json", &format!("{lock}\n"));
    let log = build.app(&app).succeeds();
    assert!(log.contains("Running npm ci"), "{log}");
    assert!(log.contains("Reusing Node.js"), "{log}");
}

#[test]
#[ignore = "image test"]
fn two_builds_on_their_own_give_the_same_image() {
    let app = App::sample("nodejs");
    let (one, other) = (Build::new("one"), Build::new("other"));
    let _ = one.app(&app).succeeds();
    let _ = other.app(&app).succeeds();
    assert_eq!(one.image.layers(), other.image.layers());
    assert_eq!(one.image.id(), other.image.id());
}

#[test]
#[ignore = "image test"]
fn an_app_without_dependencies_needs_no_network() {
    let app = App::fixture("no-dependencies");
    let build = Build::new("offline");
    let log = build.app(&app).offline().succeeds();
    assert!(!log.contains("Downloading"), "{log}");
    let container = build.image.run().hardened().start();
    assert!(container.get("/").body.starts_with("hello from v24."));
}

#[test]
#[ignore = "image test"]
fn a_strict_platform_can_run_it() {
    let build = Build::new("strict");
    let _ = build.app(&App::sample("nodejs")).succeeds();
    let container = build.image.run().hardened().start();
    assert_eq!(container.get("/").status, 200);
}

#[test]
#[ignore = "image test"]
fn an_image_says_what_is_in_it() {
    let build = Build::new("sbom");
    let _ = build.app(&App::sample("nodejs")).succeeds();
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    pack(&["sbom", "download", build.image.name(), "--output-dir", dir]);

    let launch = format!("{dir}/layers/sbom/launch/kouti_nodejs");
    let text = |path: &str| fs_err::read_to_string(format!("{launch}/{path}")).unwrap();
    for format in ["sbom.cdx.json", "sbom.spdx.json", "sbom.syft.json"] {
        assert!(text(format).contains("express"), "{format}");
        assert!(text(&format!("node/{format}")).contains("24."), "{format}");
    }
}

#[test]
#[ignore = "image test"]
fn nothing_that_only_builds_need_is_in_the_image() {
    let build = Build::new("small");
    let _ = build.app(&App::sample("nodejs")).succeeds();
    let headers = build.image.shell("find /layers -name node_api.h");
    assert_eq!(headers, "", "headers are for native modules");
    let caches = build.image.shell("find /layers /workspace -name '_cacache' -o -name '*.tar'");
    assert_eq!(caches, "", "caches are for builds");
}

#[test]
#[ignore = "image test"]
fn a_broken_app_fails_with_the_page_and_makes_no_image() {
    let app = App::fixture("no-dependencies");
    app.write("package.json", "{\n  \"name\": \"app\",\n  \"scripts\" {}\n}\n");
    let build = Build::new("broken");
    let log = build.app(&app).fails();
    assert!(log.contains("error[bad-package-json]"), "{log}");
    assert!(log.contains("package.json:3:13"), "{log}");
    let name = build.image.name();
    assert_eq!(docker(&["images", "--quiet", name]), "");
}

#[test]
#[ignore = "image test"]
fn secrets_of_the_build_are_nowhere_in_the_image() {
    let app = App::sample("nodejs");
    let bindings = tempfile::tempdir().unwrap();
    let canary = "canary-5d0c7f1e";
    fs_err::write(bindings.path().join("type"), "npmrc").unwrap();
    let npmrc = format!("//registry.example.invalid/:_authToken={canary}-binding\n");
    fs_err::write(bindings.path().join(".npmrc"), npmrc).unwrap();
    let volume = format!("{}:/platform/bindings/npm", bindings.path().display());

    let build = Build::new("secrets");
    let log = build
        .app(&app)
        .arg("--volume")
        .arg(&volume)
        .env("MY_API_TOKEN", &format!("{canary}-variable"))
        .env("BP_LOG_LEVEL", "debug")
        .succeeds();
    assert!(!log.contains(canary), "{log}");

    let dir = tempfile::tempdir().unwrap();
    let tar = dir.path().join("image.tar");
    docker(&["save", "--output", tar.to_str().unwrap(), build.image.name()]);
    let saved = fs_err::read(&tar).unwrap();
    let found = saved.windows(canary.len()).any(|window| window == canary.as_bytes());
    assert!(!found, "layers are saved uncompressed, so this sees every file, label and SBOM");
}
