//! The small buildpacks around every language.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use kouti_image_tests::{App, Build, docker};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// A directory that can be bound: its type, and its entries.
pub(crate) fn binding(kind: &str, entries: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("type"), kind).unwrap();
    for (name, content) in entries {
        fs_err::write(dir.path().join(name), content).unwrap();
    }
    docker_readable(&dir);
    dir
}

/// Builds and containers run as other users than this test.
fn docker_readable(dir: &TempDir) {
    fs_err::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn volume(dir: &TempDir, to: &str) -> String {
    format!("{}:{to}", dir.path().display())
}

/// Everything in the image: layers are saved uncompressed, so this sees every file and label.
fn image_contains(build: &Build, text: &str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let tar = dir.path().join("image.tar");
    docker(&["save", "--output", tar.to_str().unwrap(), build.image.name()]);
    let saved = fs_err::read(&tar).unwrap();
    saved.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
#[ignore = "image test"]
fn a_procfile_is_enough_for_an_image() {
    let app = App::fixture("procfile");
    let build = Build::new("procfile");
    let log = build.app(&app).succeeds();
    assert!(log.contains("web (default)   bash -c "), "{log}");
    let first = build.image.id();

    let container = build.image.run().env("GREETING", "hi").command(&["one", "two"]).hardened();
    let container = container.start();
    container.wait_for("greeting=hi extra= args=one two");
    let (took, _) = container.stop();
    assert!(took < Duration::from_secs(8), "not killed after ten seconds, but {took:?}");
    let task = docker(&["run", "--rm", "--entrypoint", "task", build.image.name()]);
    assert_eq!(task, "Procfile\ndocs\n");

    let _ = build.app(&app).succeeds();
    assert_eq!(build.image.id(), first, "the same source gives the same image");
}

#[test]
#[ignore = "image test"]
fn variables_labels_and_files_of_the_image_are_the_users() {
    let app = App::fixture("procfile");
    // Nobody may write there, and still it has to go.
    let docs = app.dir().join("docs");
    fs_err::set_permissions(docs, Permissions::from_mode(0o555)).unwrap();
    let build = Build::new("utilities");
    let log = build
        .app(&app)
        .env("BPE_DEFAULT_GREETING", "hello")
        .env("BPE_APPEND_EXTRA", "b")
        .env("BPE_DELIM_EXTRA", "+")
        .env("BP_OCI_TITLE", "My app")
        .env("BP_IMAGE_LABELS", "tier=2 'the team'=\"blue whale\"")
        .env("BP_EXCLUDE_FILES", "docs")
        .succeeds();
    assert!(log.contains("1 of 2 files"), "{log}");

    let labels =
        docker(&["image", "inspect", "--format", "{{json .Config.Labels}}", build.image.name()]);
    for label in [
        r#""org.opencontainers.image.title":"My app""#,
        r#""the team":"blue whale""#,
        r#""tier":"2""#,
    ] {
        assert!(labels.contains(label), "{labels}");
    }
    assert_eq!(build.image.shell("ls /workspace"), "Procfile\n");
    build.image.run().start().wait_for("greeting=hello extra=b args=");
    let container = build.image.run().env("GREETING", "hi").env("EXTRA", "a").start();
    container.wait_for("greeting=hi extra=a+b args=");
}

/// A server certificate for `localhost` and its key, and the certificate of who signed it.
pub(crate) fn signed() -> (String, String, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Kouti image test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &issuer).unwrap();
    (server.pem(), key.serialize_pem(), authority.pem())
}

#[test]
#[ignore = "image test"]
fn bound_authorities_are_believed_in_the_build_and_by_the_app() {
    let (certificate, key, authority) = signed();
    let app = App::fixture("trust");
    app.write("server.crt", &certificate);
    app.write("server.key", &key);
    let corp = binding("ca-certificates", &[("corp.crt", &authority)]);
    let volume_of_build = volume(&corp, "/platform/bindings/corp");
    let volume_of_app = volume(&corp, "/bindings/corp");

    let build = Build::new("trust");
    let log = build.app(&app).succeeds();
    assert!(log.contains("the build says: not believed"), "{log}");
    assert!(log.contains("curl says: not believed"), "{log}");
    let log = build
        .app(&app)
        .env("BP_LOG_LEVEL", "debug")
        .arg("--volume")
        .arg(&volume_of_build)
        .succeeds();
    assert!(log.contains("the build says: believed"), "{log}");
    assert!(log.contains("curl says: believed"), "{log}");
    let middle = authority.lines().nth(3).unwrap().trim();
    assert!(!image_contains(&build, middle), "nobody has asked to embed it");

    let answer = build.image.run().start().get("/").body;
    assert_eq!(answer, "not believed: UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    let run = build.image.run().hardened().env("SERVICE_BINDING_ROOT", "/bindings");
    let container = run.arg("--volume").arg(&volume_of_app).start();
    assert_eq!(container.get("/").body, "believed", "{}", container.log());
    // Not every run image has a curl.
    let curl = container.get("/curl").body;
    assert!(["believed", "there is none"].contains(&curl.as_str()), "{curl}");
    container.wait_for("1 CA certificate added");
    drop(container);
    // Not even /tmp can be written to.
    let run = build.image.run().arg("--user=54321:0").arg("--read-only");
    let run = run.env("SERVICE_BINDING_ROOT", "/bindings").arg("--volume").arg(&volume_of_app);
    assert_eq!(run.start().get("/").body, "believed");

    let log = build
        .app(&app)
        .env("BP_EMBED_CERTS", "true")
        .arg("--volume")
        .arg(&volume_of_build)
        .succeeds();
    assert!(log.contains("Installing 1 CA certificate"), "{log}");
    assert!(image_contains(&build, middle), "now somebody has");
    assert_eq!(build.image.run().hardened().start().get("/").body, "believed");
}

/// The app asks a server of its own when it starts, or for each request: the answers without a
/// binding, and with one of the authority.
fn answers_without_and_with(build: &Build, authority: &str) -> [String; 2] {
    let corp = binding("ca-certificates", &[("corp.crt", authority)]);
    let mount = volume(&corp, "/bindings/corp");
    ["/tmp", "/bindings"].map(|root| {
        let run = build.image.run().hardened().env("SERVICE_BINDING_ROOT", root);
        run.arg("--volume").arg(&mount).start().get("/").body
    })
}

#[test]
#[ignore = "image test"]
fn java_believes_bound_authorities_in_the_build_and_in_the_app() {
    // The class runs in Maven's own virtual machine.
    const ARGUMENTS: &str = "--batch-mode --no-transfer-progress package \
                             org.codehaus.mojo:exec-maven-plugin:3.5.0:java \
                             -Dexec.mainClass=trust.Web -Dexec.args=once";
    let (certificate, key, authority) = signed();
    let app = App::fixture("java-trust");
    fs_err::create_dir_all(app.dir().join("src/main/resources")).unwrap();
    app.write("src/main/resources/server.crt", &certificate);
    app.write("src/main/resources/server.key", &key);
    let build = Build::new("java-trust");
    let log = build.app(&app).env("BP_MAVEN_BUILD_ARGUMENTS", ARGUMENTS).succeeds();
    assert!(log.contains("the build says: not believed"), "{log}");
    let corp = binding("ca-certificates", &[("corp.crt", &authority)]);
    let mount = volume(&corp, "/platform/bindings/corp");
    let bound = Build::new("java-trust-bound");
    let bound = bound.app(&app).env("BP_MAVEN_BUILD_ARGUMENTS", ARGUMENTS);
    let log = bound.arg("--volume").arg(&mount).succeeds();
    assert!(log.contains("the build says: believed"), "{log}");
    assert_eq!(answers_without_and_with(&build, &authority), ["not believed", "believed"]);
}

#[test]
#[ignore = "image test"]
fn php_believes_bound_authorities_in_the_build_and_in_the_app() {
    let (certificate, key, authority) = signed();
    let app = App::fixture("php-trust");
    app.write("server.crt", &certificate);
    app.write("server.key", &key);
    let (believed, not_believed) =
        ("streams: believed, curl: believed", "streams: not believed, curl: not believed");
    let build = Build::new("php-trust");
    let log = build.app(&app).succeeds();
    assert!(log.contains(&format!("the build says: {not_believed}")), "{log}");
    let corp = binding("ca-certificates", &[("corp.crt", &authority)]);
    let mount = volume(&corp, "/platform/bindings/corp");
    let log = build.app(&app).arg("--volume").arg(&mount).succeeds();
    assert!(log.contains(&format!("the build says: {believed}")), "{log}");
    assert_eq!(answers_without_and_with(&build, &authority), [not_believed, believed]);
}

#[test]
#[ignore = "image test"]
fn entries_of_a_binding_that_nobody_asked_for_are_not_in_the_image() {
    let canary = "canary-91c2e7";
    let procs = binding("Procfile", &[("Procfile", "web: exec sleep 600\n"), ("token", canary)]);
    let build = Build::new("canary");
    let log = build
        .app(&App::fixture("procfile"))
        .arg("--volume")
        .arg(&volume(&procs, "/platform/bindings/procs"))
        .env("BP_LOG_LEVEL", "debug")
        .succeeds();
    assert!(log.contains("the binding `procs`"), "{log}");
    assert!(!log.contains(canary), "{log}");
    assert!(!image_contains(&build, canary));
}

#[test]
#[ignore = "image test"]
fn a_profile_is_sourced_before_the_process() {
    let app = App::fixture("procfile");
    app.write(
        ".profile",
        "echo \"profile sees $EXTRA\"\nexport GREETING=\"from $(basename \"$PWD\")\"\n",
    );
    let build = Build::new("profile");
    let _ = build.app(&app).env("BPE_DEFAULT_EXTRA", "more").succeeds();
    let container = build.image.run().hardened().start();
    container.wait_for("profile sees more");
    container.wait_for("greeting=from workspace extra=more");
}

#[test]
#[ignore = "image test"]
fn a_platform_can_ask_a_read_only_container_how_it_is() {
    let build = Build::new("health");
    let log = build.app(&App::sample("nginx")).env("BP_HEALTH_CHECKER_ENABLED", "true").succeeds();
    assert!(log.contains("check with the command `/workspace/health-check`"), "{log}");
    let run = build.image.run().hardened().env("THC_PATH", "/health");
    let run = run.arg("--health-cmd=/workspace/health-check").arg("--health-interval=1s");
    let container = run.start();
    assert_eq!(container.get("/health").status, 200);
    let health = || docker(&["inspect", "--format", "{{.State.Health.Status}}", container.id()]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while health().trim() != "healthy" {
        assert!(Instant::now() < deadline, "{}", health());
        std::thread::sleep(Duration::from_millis(200));
    }
    let sick = container.exec("THC_PATH=/missing /workspace/health-check 2>&1 || echo code $?");
    assert_eq!(sick, "unhealthy: http://localhost:8080/missing answers 404\ncode 1\n");
}

#[test]
#[ignore = "image test"]
fn a_broken_procfile_fails_with_its_place() {
    let app = App::fixture("procfile");
    app.write("Procfile", "web: ./serve\nworker ./work\n");
    let log = Build::new("broken-procfile").app(&app).fails();
    assert!(log.contains("error[bad-procfile]: a line of Procfile has no colon"), "{log}");
    assert!(log.contains("--> Procfile:2:1"), "{log}");
}
