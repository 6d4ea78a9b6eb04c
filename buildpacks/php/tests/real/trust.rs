//! Certificates: whom nginx lets in, and whom PHP believes.

use std::path::Path;
use std::process::Command;

use kouti_testing::Subject;
use kouti_testing::real::Site;
use kouti_testing::upstream::{Authority, Upstream};

use super::{alone, body, case, probe};

/// An authority, and certificates by it for a server and a client; none without a program for it.
pub(super) fn certificates(dir: &Path) -> bool {
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority \
            -keyout authority.key -out ca.crt && for name in tls client; do
            openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout $name.key -out $name.csr &&
            openssl x509 -req -in $name.csr -CA ca.crt -CAkey authority.key -CAcreateserial -days 2 \
                -out $name.crt || exit 1
        done && chmod 644 *.key && curl --version";
    let made = Command::new("sh").args(["-c", script]).current_dir(dir).output().unwrap();
    if !made.status.success() {
        eprintln!("skipped: there is no openssl or no curl");
    }
    made.status.success()
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn nginx_speaks_tls_with_clients_that_it_knows() {
    let _alone = alone();
    let case = probe();
    let bindings = tempfile::tempdir().unwrap();
    for (name, kind) in [("site", "tls"), ("clients", "ca-certificates")] {
        fs_err::create_dir(bindings.path().join(name)).unwrap();
        fs_err::write(bindings.path().join(name).join("type"), kind).unwrap();
    }
    let site_dir = bindings.path().join("site");
    if !certificates(&site_dir) {
        return;
    }
    fs_err::rename(site_dir.join("ca.crt"), bindings.path().join("clients/ca.crt")).unwrap();
    let snippet = "ssl_client_certificate {{binding \"ca-certificates\" \"ca.crt\"}};\n\
                   ssl_verify_client on;\n";
    let built = case
        .file(".nginx.conf.d/clients-server.conf", snippet)
        .env("BP_PHP_FRONT_CONTROLLER", "index.php")
        .env("BP_PHP_NGINX_ENABLE_HTTPS", "true")
        .build();
    assert!(built.log().contains("warning: nginx cannot check all of it here"), "{}", built.log());
    let site = Site::start(&built, &[("SERVICE_BINDING_ROOT", bindings.path().to_str().unwrap())]);
    knows_its_clients(site, &site_dir);
}

/// A client with a certificate is let in, others are not.
fn knows_its_clients(mut site: Site, certificates: &Path) {
    site.wait_for("php-fpm is ready");
    let curl = |options: &[&str]| {
        let output = Command::new("curl")
            .args(["--silent", "--insecure", "--retry", "20", "--retry-connrefused"])
            .args(["--retry-delay", "1"])
            .args(options)
            .arg(format!("https://localhost:{}/x", site.port()))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let path = |name: &str| certificates.join(name).to_string_lossy().into_owned();
    let known = curl(&["--cert", &path("client.crt"), "--key", &path("client.key")]);
    assert!(known.contains("HTTPS=on\n"), "{known}");
    let unknown = curl(&[]);
    assert!(unknown.contains("No required SSL certificate was sent"), "{unknown}");
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn a_snippet_can_bring_the_certificate_which_the_build_checks() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    if !certificates(dir.path()) {
        return;
    }
    let path = ".nginx.conf.d/tls-server.conf";
    let text = "ssl_certificate certs/tls.crt;\nssl_certificate_key certs/tls.key;\n\
                ssl_client_certificate certs/ca.crt;\nssl_verify_client on;\n";
    let case = probe()
        .env("BP_PHP_FRONT_CONTROLLER", "index.php")
        .env("BP_PHP_NGINX_ENABLE_HTTPS", "true")
        .file(path, text);
    let case = ["tls.crt", "tls.key", "ca.crt"].iter().fold(case, |case, name| {
        case.file(&format!("certs/{name}"), fs_err::read(dir.path().join(name)).unwrap())
    });
    let built = case.clone().build();
    assert!(!built.log().contains("warning: nginx"), "{}", built.log());
    knows_its_clients(Site::start(&built, &[]), dir.path());

    let without_key = text.replace("ssl_certificate_key certs/tls.key;\n", "");
    let failed = case.file(path, without_key).fails().error();
    assert!(failed.starts_with("error[bad-server-configuration]: nginx refuses"), "{failed}");
    assert!(failed.contains("no \"ssl_certificate_key\" is defined"), "{failed}");
}

/// Asks a server with both clients that PHP has.
const ASK: &str = r#"<?php
function ask(): string {
    $url = getenv('ASKED');
    $streams = @file_get_contents($url) === 'hello' ? 'believed' : 'not believed';
    $curl = curl_init($url);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    $answer = curl_exec($curl) === 'hello' ? 'believed' : 'not believed';
    return "streams: $streams, curl: $answer\n";
}
"#;

#[test]
#[ignore = "needs runtimes of the local profile"]
fn a_bound_authority_is_believed_by_both_clients_of_php() {
    let _alone = alone();
    let authority = Authority::new("Company CA");
    let server = Upstream::tls(&authority.issue(&["localhost"]));
    server.serve("/", "hello");
    let asked = server.url_at("localhost", "/");
    let certificates = Subject::neighbour(
        env!("CARGO_BIN_EXE_kouti-php"),
        env!("CARGO_MANIFEST_DIR"),
        "ca-certificates",
    );
    let case = case()
        .before(certificates.optional())
        .file("composer.json", r#"{"scripts": {"post-autoload-dump": "@php build.php"}}"#)
        .file("ask.php", ASK)
        .file("build.php", "<?php require 'ask.php'; file_put_contents('said.txt', ask());")
        .file("public/index.php", "<?php require '../ask.php'; echo ask();")
        .env("BP_PHP_SERVER", "nginx")
        .env("ASKED", &asked);
    let (believed, not_believed) =
        ("streams: believed, curl: believed\n", "streams: not believed, curl: not believed\n");
    assert_eq!(case.build().app_file("said.txt"), not_believed);
    let bound = case.binding("corp", "ca-certificates", [("corp.crt", authority.pem().as_str())]);
    let built = bound.build();
    assert_eq!(built.app_file("said.txt"), believed);

    let bindings = tempfile::tempdir().unwrap();
    let corp = bindings.path().join("corp");
    fs_err::create_dir(&corp).unwrap();
    for (name, text) in [("type", "ca-certificates"), ("corp.crt", &authority.pem())] {
        fs_err::write(corp.join(name), text).unwrap();
    }
    let root = bindings.path().to_str().unwrap();
    let asks = |variables: &[(&str, &str)]| body(&Site::start(&built, variables));
    assert_eq!(asks(&[("ASKED", &asked)]), not_believed, "it is in no layer");
    assert_eq!(asks(&[("ASKED", &asked), ("SERVICE_BINDING_ROOT", root)]), believed);
}
