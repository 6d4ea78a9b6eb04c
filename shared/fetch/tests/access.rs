//! Redirects, credentials and proxies.

use std::fmt::Write as _;

use insta::assert_snapshot;
use kouti_fetch::{BindingEntry, Credentials, Mappings, Mirrors, Options, Proxies};
use kouti_report::Problem;
use kouti_testing::upstream::{Authority, Fault, Page, Proxy, Upstream};

use crate::scene::{Scene, artifact, assert_small, options, small};

/// `user:s3cret`, as it goes over the wire.
const BASIC: &str = "Basic dXNlcjpzM2NyZXQ=";

fn with_auth(host: &str, value: &str) -> Options {
    let entry = BindingEntry { binding: "repo", key: host, value };
    Options { credentials: Credentials::parse([entry]).unwrap(), ..options() }
}

fn with_proxy(address: &str, no_proxy: &str) -> Options {
    let env = [("HTTP_PROXY", address), ("HTTPS_PROXY", address), ("NO_PROXY", no_proxy)];
    Options { proxies: Proxies::parse(env).unwrap(), ..options() }
}

/// Nothing that a user or a log reader sees has the secret in it.
fn assert_no_secret(scene: &Scene, problem: Option<&Problem>) {
    let mut seen = scene.said();
    if let Some(problem) = problem {
        seen += &scene.page(problem);
        write!(seen, "{problem:?}").unwrap();
    }
    for secret in ["s3cret", "s3%63ret", "dXNlcjpzM2NyZXQ", "t0ken"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn redirects_are_followed() {
    for target in ["/there", "there", "//127.0.0.1:PORT/there"] {
        let scene = Scene::new();
        let port = scene.upstream.address().port().to_string();
        scene.upstream.serve("/there", small());
        scene.upstream.fault("/it.tar.gz", [Fault::Redirect(target.replace("PORT", &port))]);
        scene.fetch(&small(), options()).unwrap();
        assert_small(&scene.out());
    }
}

#[test]
fn a_redirect_is_followed_again_when_a_download_is_continued() {
    let scene = Scene::new();
    scene.upstream.serve("/there", small());
    scene.upstream.always("/it.tar.gz", Fault::Redirect("/there".to_owned()));
    scene.upstream.fault("/there", [Fault::TruncateAt(700)]);
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());
    assert_eq!(scene.ranges(), ["-", "-", "bytes=700-", "bytes=700-"]);
}

#[test]
fn redirects_in_circles_end() {
    let scene = Scene::new();
    scene.upstream.always("/it.tar.gz", Fault::Redirect("/it.tar.gz".to_owned()));
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_eq!(scene.upstream.requests().len(), 11);
    assert_snapshot!(scene.page(&problem), @"
    error[download-failed]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: more than 10 redirects

    hint: open the address: it should lead to the file
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
}

#[test]
fn a_redirect_never_leaves_https() {
    let authority = Authority::new("CA");
    let scene = Scene::on(Upstream::tls(&authority.issue(&["127.0.0.1"])));
    fs_err::write(scene.path("ca.pem"), authority.pem()).unwrap();
    let plain = Upstream::start();
    plain.serve("/it.tar.gz", small());
    scene.upstream.always("/it.tar.gz", Fault::Redirect(plain.url("/it.tar.gz?token=s3cret")));
    let mut options = options();
    options.trust.files.push(scene.path("ca.pem"));
    let problem = scene.fetch(&small(), options).unwrap_err();
    assert_eq!(plain.requests(), []);
    assert_no_secret(&scene, Some(&problem));
    let page = scene.page(&problem).replace(&plain.address().port().to_string(), "OTHER");
    assert_snapshot!(page, @"
    error[download-failed]: cannot download It 1.2.3 from https://127.0.0.1:PORT/it.tar.gz: a redirect from https to http://127.0.0.1:OTHER/it.tar.gz

    hint: open the address: it should lead to the file
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
}

#[test]
fn other_schemes_are_not_followed() {
    for target in ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http://"] {
        let scene = Scene::new();
        scene.upstream.always("/it.tar.gz", Fault::Redirect(target.to_owned()));
        let problem = scene.fetch(&small(), options()).unwrap_err();
        assert_eq!(problem.id, "download-failed", "{target}");
        assert_eq!(scene.upstream.requests().len(), 1, "{target}");
    }
}

#[test]
fn credentials_come_from_the_address_or_a_binding() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", Page::from(small()).authorized_by(BASIC));
    let url = scene.upstream.url("/it.tar.gz").replace("http://", "http://user:s3%63ret@");
    scene.archive(&artifact(&url, &small()), options()).unwrap();
    assert_small(&scene.out());
    assert_no_secret(&scene, None);

    for (value, header) in [("user:s3cret", BASIC), ("Bearer t0ken", "Bearer t0ken")] {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", Page::from(small()).authorized_by(header));
        scene.fetch(&small(), with_auth("127.0.0.1", value)).unwrap();
        assert_small(&scene.out());
        assert_no_secret(&scene, None);
    }
}

#[test]
fn credentials_stay_with_their_host() {
    let scene = Scene::new();
    scene.upstream.serve("/there", small());
    scene.upstream.fault("/it.tar.gz", [Fault::Redirect("/there".to_owned())]);
    scene.fetch(&small(), with_auth("127.0.0.1", "user:s3cret")).unwrap();
    let sent: Vec<_> =
        scene.upstream.requests().iter().map(|r| r.header("authorization").is_some()).collect();
    assert_eq!(sent, [true, true]);

    // To another name of this machine and back: what is dropped stays dropped.
    let scene = Scene::new();
    let back = scene.upstream.url("/there");
    scene.upstream.serve("/there", small());
    scene
        .upstream
        .fault("/it.tar.gz", [Fault::Redirect(scene.upstream.url_at("localhost", "/via"))]);
    scene.upstream.fault("/via", [Fault::Redirect(back)]);
    scene.fetch(&small(), with_auth("127.0.0.1", "user:s3cret")).unwrap();
    let sent: Vec<_> =
        scene.upstream.requests().iter().map(|r| r.header("authorization").is_some()).collect();
    assert_eq!(sent, [true, false, false]);
}

#[test]
fn refused_credentials_are_told_from_missing_ones() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", Page::from(small()).authorized_by("Basic other"));
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[access-denied]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: HTTP 401 Unauthorized

    hint: add a binding of type `dependency-auth` with the key `127.0.0.1` and the value `user:password` (no credentials were sent)
    ");

    let problem = scene.fetch(&small(), with_auth("127.0.0.1", "user:s3cret")).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[access-denied]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: HTTP 403 Forbidden

    hint: check the user name and password for 127.0.0.1: they were sent, but not accepted
    ");
    assert_no_secret(&scene, Some(&problem));
    assert_eq!(scene.upstream.requests().len(), 2);
}

#[test]
fn secrets_of_mirrors_and_mappings_stay_out_of_messages() {
    let scene = Scene::new();
    let secret = scene.upstream.url("/missing?sig=t0ken").replace("http://", "http://user:s3cret@");
    let mut artifact = artifact(&secret, &small());
    artifact.alternates = vec![secret.clone()];
    let mapped = [BindingEntry { binding: "map", key: &artifact.checksum.hex, value: &secret }];
    // Nobody listens there: the message is about the address itself.
    let mirrored = format!("https://user:s3cret@{}/?sig=t0ken", Upstream::nobody());
    for options in [
        options(),
        Options { mappings: Mappings::parse(mapped).unwrap().0, ..options() },
        Options {
            mirrors: Mirrors::parse([("BP_DEPENDENCY_MIRROR", mirrored.as_str())], []).unwrap().0,
            ..options()
        },
    ] {
        let problem = scene.archive(&artifact, options).unwrap_err();
        assert_no_secret(&scene, Some(&problem));
    }
    assert_eq!(scene.upstream.requests()[0].header("authorization"), Some(BASIC));
}

#[test]
fn http_goes_through_a_proxy_with_a_password() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    let proxy = Proxy::authorized_by(&scene.upstream, BASIC);
    let options = with_proxy(&format!("http://user:s3%63ret@{}", proxy.address()), "");
    let artifact = artifact("http://artifacts.test/it.tar.gz", &small());
    scene.archive(&artifact, options).unwrap();
    assert_small(&scene.out());
    assert_eq!(proxy.requests()[0].path, "http://artifacts.test/it.tar.gz");
    assert_no_secret(&scene, None);
}

#[test]
fn https_goes_through_a_tunnel_with_a_password() {
    let authority = Authority::new("CA");
    let scene = Scene::on(Upstream::tls(&authority.issue(&["artifacts.test"])));
    fs_err::write(scene.path("ca.pem"), authority.pem()).unwrap();
    scene.upstream.serve("/it.tar.gz", small());
    scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(1000)]);
    let proxy = Proxy::authorized_by(&scene.upstream, BASIC);
    let mut options = with_proxy(&format!("http://user:s3cret@{}", proxy.address()), "");
    options.trust.files.push(scene.path("ca.pem"));
    let artifact = artifact("https://artifacts.test/it.tar.gz", &small());
    scene.archive(&artifact, options).unwrap();
    assert_small(&scene.out());
    let request = &proxy.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("CONNECT", "artifacts.test:443"));
    assert_eq!(scene.ranges(), ["-", "bytes=1000-"]);
    // The proxy's password is for the proxy.
    assert!(scene.upstream.requests().iter().all(|r| r.header("proxy-authorization").is_none()));
    assert_no_secret(&scene, None);
}

#[test]
fn a_proxy_that_wants_a_password_is_said_so() {
    let pages = ["http", "https"].map(|scheme| {
        let scene = Scene::new();
        let proxy = Proxy::authorized_by(&scene.upstream, "Basic other");
        let options = with_proxy(&format!("http://user:s3cret@{}", proxy.address()), "");
        let artifact = artifact(&format!("{scheme}://artifacts.test/it.tar.gz"), &small());
        let problem = scene.archive(&artifact, options).unwrap_err();
        assert_eq!(proxy.requests().len(), 1);
        assert_no_secret(&scene, Some(&problem));
        scene.page(&problem).replace(&proxy.address().port().to_string(), "PROXY")
    });
    assert_snapshot!(pages[0], @"
    error[access-denied]: cannot download It 1.2.3 from http://artifacts.test/it.tar.gz: the proxy wants a user name and password
      through the proxy http://127.0.0.1:PROXY/

    hint: put user name and password in front of the proxy's host, as in user:password@proxy.example:3128
    ");
    assert_eq!(pages[1], pages[0].replace("http://artifacts", "https://artifacts"));
}

#[test]
fn hosts_without_proxy_are_reached_directly() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    let nobody = format!("http://{}", Upstream::nobody());
    // Loopback never goes through a proxy.
    scene.fetch(&small(), with_proxy(&nobody, "")).unwrap();
    assert_small(&scene.out());
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let scene = Scene::new();
    let nobody = Upstream::nobody();
    let options = with_proxy(&format!("http://user:s3cret@{nobody}"), "");
    let artifact = artifact("https://artifacts.test/it.tar.gz", &small());
    let problem = scene.archive(&artifact, options).unwrap_err();
    assert_no_secret(&scene, Some(&problem));
    let page = scene.page(&problem).replace(&nobody.port().to_string(), "PROXY");
    assert_snapshot!(page, @"
    error[host-unreachable]: cannot download It 1.2.3 from https://artifacts.test/it.tar.gz: connection refused (5 attempts)
      through the proxy http://127.0.0.1:PROXY/

    hint: check HTTPS_PROXY, and NO_PROXY for hosts that need no proxy
    hint: set BP_DEPENDENCY_MIRROR to a mirror inside of this network, or use an offline package
    ");
}
