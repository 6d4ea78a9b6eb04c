//! Certificates: who is believed, and what is said about the others.

use std::path::PathBuf;

use insta::assert_snapshot;
use kouti_fetch::{Options, Trust};
use kouti_testing::upstream::{Authority, Identity, Upstream};

use crate::scene::{Scene, assert_small, options, small};

const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

fn scene(identity: &Identity) -> Scene {
    let scene = Scene::on(Upstream::tls(identity));
    scene.upstream.serve("/it.tar.gz", small());
    scene
}

fn trusting(files: Vec<PathBuf>, dirs: Vec<PathBuf>) -> Options {
    Options { trust: Trust { system: true, files, dirs }, ..options() }
}

#[test]
fn a_private_authority_comes_from_a_file_or_a_directory() {
    let authority = Authority::new("Company CA");
    let scene = scene(&authority.issue(&HOSTS));
    let (file, dir) = (scene.path("bundle.pem"), scene.path("certificates"));
    let other = Authority::new("Another CA");
    fs_err::write(&file, format!("# ours\n{}{}", other.pem(), authority.pem())).unwrap();
    fs_err::create_dir(&dir).unwrap();
    // OpenSSL's hash names are links; other names do as well.
    fs_err::os::unix::fs::symlink(&file, dir.join("5ed36f99.0")).unwrap();
    fs_err::write(dir.join("notes.txt"), "no certificate").unwrap();
    fs_err::write(dir.join("broken.pem"), "-----BEGIN CERTIFICATE-----\n!!!\n").unwrap();

    for options in [
        trusting(vec![file.clone()], vec![]),
        trusting(vec![], vec![dir.clone()]),
        trusting(vec![], vec![scene.path("missing"), dir.clone()]),
        trusting(vec![scene.path("missing.pem"), file.clone()], vec![scene.path("missing")]),
    ] {
        scene.fetch(&small(), options).unwrap();
        assert_small(&scene.out());
        fs_err::remove_dir_all(scene.out()).unwrap();
    }
    let said = scene.said();
    assert!(
        said.contains(
            "[debug] no certificates from DIR/certificates/notes.txt: there are none in it"
        ),
        "{said}"
    );
    assert!(
        said.contains("[debug] no certificates from failed to read directory `DIR/missing`"),
        "{said}"
    );
}

#[test]
fn an_unknown_authority_is_refused_at_once() {
    let scene = scene(&Authority::new("Inspecting Proxy CA").issue(&HOSTS));
    let known = Authority::new("Known CA");
    fs_err::write(scene.path("known.pem"), known.pem()).unwrap();
    let trusting_other = trusting(vec![scene.path("known.pem")], vec![]);
    let problem = scene.fetch(&small(), trusting_other).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[certificate-not-trusted]: cannot download It 1.2.3 from https://127.0.0.1:PORT/it.tar.gz: certificate not trusted: it was issued by `Inspecting Proxy CA`

    hint: add the certificate authority with a binding of type `ca-certificates`
    ");
    // Neither a second attempt, nor a request that could have carried a secret.
    assert_eq!(scene.said().matches("GET").count(), 1);
    assert_eq!(scene.upstream.requests(), []);
}

#[test]
fn a_system_without_any_authority_is_told_so() {
    let scene = scene(&Authority::new("Public CA").issue(&HOSTS));
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_snapshot!(problem.summary.replace(&scene.upstream.url(""), ""), @"cannot download It 1.2.3 from /it.tar.gz: certificate not trusted: it was issued by `Public CA`, and this system has no certificates at all");
}

#[test]
fn other_faults_of_a_certificate_are_named() {
    let authority = Authority::new("Company CA");
    for (identity, reason) in [
        (authority.issue(&["other.test"]), "it is for another host"),
        (authority.issue_expired(&HOSTS), "it has expired"),
        (authority.issue_early(&HOSTS), "it is not valid yet"),
        (Identity::self_signed(&HOSTS), "it was issued by `server`"),
    ] {
        let scene = scene(&identity);
        fs_err::write(scene.path("ca.pem"), authority.pem()).unwrap();
        let options = trusting(vec![scene.path("ca.pem")], vec![]);
        let problem = scene.fetch(&small(), options).unwrap_err();
        assert_eq!(problem.id, "certificate-not-trusted");
        assert!(problem.summary.contains(reason), "{}", problem.summary);
        let about_time = reason.contains("expired") || reason.contains("yet");
        let page = scene.page(&problem);
        assert_eq!(page.contains("hint: check the clock of this machine\n"), about_time, "{page}");
    }
}

#[test]
fn a_certificate_can_be_believed_for_itself() {
    let identity = Identity::self_signed(&HOSTS);
    let scene = scene(&identity);
    fs_err::write(scene.path("server.pem"), identity.pem()).unwrap();
    scene.fetch(&small(), trusting(vec![scene.path("server.pem")], vec![])).unwrap();
    assert_small(&scene.out());
}

#[test]
fn bindings_count_while_no_variable_is_set() {
    let files = || vec![PathBuf::from("/bindings/ca.pem")];
    let trust = Trust::new(None, Some(""), files());
    assert_eq!((trust.files, trust.dirs), (files(), vec![]));
    let trust = Trust::new(Some("/etc/ca.pem"), None, files());
    assert_eq!((trust.files, trust.dirs), (vec!["/etc/ca.pem".into()], vec![]));
    let trust = Trust::new(None, Some("/a::/b"), files());
    assert_eq!((trust.files, trust.dirs), (vec![], vec!["/a".into(), "/b".into()]));
}

#[test]
fn plain_http_on_a_tls_port_is_an_error() {
    let authority = Authority::new("Company CA");
    let scene = scene(&authority.issue(&HOSTS));
    let url = scene.upstream.url("/it.tar.gz").replace("https", "http");
    let artifact = crate::scene::artifact(&url, &small());
    let problem = scene.archive(&artifact, options()).unwrap_err();
    assert_eq!(problem.id, "download-failed");
}
