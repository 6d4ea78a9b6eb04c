//! Secrets planted everywhere, and looked for everywhere: none may come out, at any log level.

use kouti_testing::upstream::{Fault, Page, Proxy, Upstream};
use kouti_testing::{Artifact, Case, Failed, Tool};

use crate::support::{express, node_with};

/// A secret that says where it was planted.
fn canary(place: &str) -> String {
    format!("canary-{place}-7f3a91")
}

const PLACES: [&str; 12] = [
    "variable",
    "npm-variable",
    "npmrc",
    "npmrc-password",
    "service",
    "vcap",
    "auth",
    "mapping",
    "proxy",
    "mirror",
    "lockfile",
    "pem",
];

/// Shows all that it can see, as a broken tool might, and leaves a record with a token in it.
const TALKATIVE: &str = r#"
case "$1" in ci)
    env
    cat "$CNB_PLATFORM_DIR"/bindings/*/* "$CNB_PLATFORM_DIR"/env/*
    echo "npm error 401 token $NPM_TOKEN is not valid"
    mkdir -p node_modules/left-pad
    echo "{}" >node_modules/left-pad/package.json
    cp package-lock.json node_modules/.package-lock.json
    ;;
esac
"#;

/// An app whose surroundings are full of secrets, and its Node.js.
fn planted(node: Artifact, report: &std::path::Path) -> Case {
    let lockfile = format!(
        r#"{{"lockfileVersion": 3, "packages": {{"node_modules/left-pad": {{
            "version": "1.0.0", "license": "MIT",
            "resolved": "https://me:{0}@npm.test/left-pad.tgz?token={0}"}}}}}}"#,
        canary("lockfile")
    );
    let npmrc = format!(
        "//npm.test/:_authToken={}\n//npm.test/:_password={}\n",
        canary("npmrc"),
        canary("npmrc-password")
    );
    let vcap = format!(
        r#"{{"p.mysql": [{{"name": "db", "label": "p.mysql", "credentials": {{"password": "{}"}}}}]}}"#,
        canary("vcap")
    );
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", canary("pem"));
    express()
        .file("package-lock.json", lockfile)
        .artifact(node)
        .env("BP_NODE_VERSION", "26")
        .env("BP_REPORT_DIR", report.to_str().unwrap())
        .env("NPM_TOKEN", canary("variable"))
        .env("npm_config__authToken", canary("npm-variable"))
        .env("VCAP_SERVICES", vcap)
        .binding("registry", "npmrc", [(".npmrc", npmrc.as_str())])
        .binding("queue", "rabbitmq", [("password", canary("service").as_str())])
        .binding("key", "tls", [("tls.key", pem.as_str())])
}

/// Where any of the canaries has come out.
fn leaks(
    find: impl for<'a> Fn(&[&'a str]) -> Vec<(&'a str, String)>,
    report: &std::path::Path,
) -> Vec<String> {
    let report = fs_err::read_to_string(report.join("kouti_nodejs.json")).unwrap();
    let secrets = PLACES.map(canary);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let mut found = find(&secrets);
    let reported = secrets.iter().filter(|secret| report.contains(**secret));
    found.extend(reported.map(|secret| (*secret, "the report".to_owned())));
    // Files of the app, and their copy in the cache, are the user's own business.
    let own = ["<app>/package-lock.json", "<app>/node_modules/.package-lock.json"];
    let is_own =
        |path: &str| own.contains(&path) || path.contains("modules") || path.contains("<cache>");
    found.retain(|(secret, path)| *secret != canary("lockfile") || !is_own(path));
    found.into_iter().map(|(secret, path)| format!("{secret} in {path}")).collect()
}

#[test]
fn a_build_that_succeeds_gives_no_secret_away() {
    for level in ["error", "warn", "info", "debug"] {
        let report = tempfile::tempdir().unwrap();
        let node = node_with("26.1.0", Tool::script(TALKATIVE));
        let built = planted(node, report.path()).env("BP_LOG_LEVEL", level).build();
        let told = built.log().contains("npm error 401 token *** is not valid");
        assert_eq!(told, ["info", "debug"].contains(&level), "{}", built.log());
        assert!(built.sbom("kouti_nodejs/sbom.cdx.json").contains("left-pad"));
        assert_eq!(leaks(|secrets| built.leaks_of(secrets), report.path()), [""; 0]);
        // What is kept is read by the next build, which must not tell either.
        if level != "debug" {
            continue;
        }
        let again = built.rebuild();
        assert_eq!(leaks(|secrets| again.leaks_of(secrets), report.path()), [""; 0]);
    }
}

#[test]
fn an_install_that_fails_gives_no_secret_away() {
    let report = tempfile::tempdir().unwrap();
    let script = format!("{TALKATIVE}\necho \"npm error code E401\"\nexit 1");
    let case = planted(node_with("26.1.0", Tool::script(script)), report.path());
    let failed = case.env("BP_LOG_LEVEL", "debug").fails();
    assert!(failed.error().starts_with("error["), "{}", failed.error());
    assert_eq!(leaks(|secrets| failed.leaks_of(secrets), report.path()), [""; 0]);
}

/// A download that fails, with secrets on the way to it.
fn failing_download(change: impl Fn(Case, &Upstream, &Artifact) -> Case) -> Failed {
    let report = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let node = node_with("26.1.0", Tool::succeeds()).uri("http://nodejs.test/node.tar.gz");
    let wrong = node_with("26.1.0", Tool::fails(1, "evil")).to_bytes();
    upstream.serve("/node.tar.gz", Page::simple(wrong));
    let case = planted(node.clone(), report.path()).env("BP_LOG_LEVEL", "debug");
    let case = case.binding(
        "us",
        "dependency-auth",
        [(
            upstream.address().to_string().replace(':', "_").as_str(),
            format!("me:{}", canary("auth")).as_str(),
        )],
    );
    let failed = change(case.env("BP_DOWNLOAD_ATTEMPTS", "1"), &upstream, &node).fails();
    assert_eq!(leaks(|secrets| failed.leaks_of(secrets), report.path()), [""; 0]);
    failed
}

#[test]
fn a_wrong_checksum_through_a_mapping_with_password_gives_no_secret_away() {
    let failed = failing_download(|case, upstream, node| {
        let address = format!("http://me:{}@{}/node.tar.gz", canary("mapping"), upstream.address());
        case.binding("map", "dependency-mapping", [(node.sha256().as_str(), address.as_str())])
    });
    assert!(failed.error().starts_with("error[checksum-mismatch]"), "{}", failed.error());
}

#[test]
fn a_mirror_that_cannot_be_reached_gives_no_secret_away() {
    let failed = failing_download(|case, _, _| {
        let address = format!("https://me:{}@{}/x", canary("mirror"), Upstream::nobody());
        case.env("BP_DEPENDENCY_MIRROR", address)
    });
    assert!(failed.error().starts_with("error[host-unreachable]"), "{}", failed.error());
    assert!(failed.error().contains("BP_DEPENDENCY_MIRROR"), "{}", failed.error());
}

#[test]
fn a_proxy_that_refuses_our_password_gives_no_secret_away() {
    let upstream = Upstream::start();
    let proxy = Proxy::authorized_by(&upstream, "Basic other");
    let failed = failing_download(|case, _, _| {
        case.container_env(
            "http_proxy",
            format!("http://me:{}@{}", canary("proxy"), proxy.address()),
        )
    });
    assert!(failed.error().starts_with("error[access-denied]"), "{}", failed.error());
    assert!(failed.error().contains("through the proxy http://127.0.0.1"), "{}", failed.error());
}

#[test]
fn credentials_that_are_refused_are_not_shown() {
    let failed = failing_download(|case, upstream, node| {
        let page = Page::from(node.to_bytes()).authorized_by("Bearer other");
        upstream.serve("/node.tar.gz", page);
        upstream.fault("/node.tar.gz", [Fault::None]);
        case.binding(
            "map",
            "dependency-mapping",
            [(node.sha256().as_str(), upstream.url("/node.tar.gz").as_str())],
        )
    });
    assert!(failed.error().starts_with("error[access-denied]"), "{}", failed.error());
}
