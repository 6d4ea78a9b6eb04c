//! Whole builds over a network that misbehaves: the right image, or a clear error, and never half of a layer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use kouti_testing::upstream::{Authority, Fault, Identity, Page, Proxy, Upstream};
use kouti_testing::{Artifact, Built, Case, Failed, Tool};

use crate::support::{bare, node_with};

const PATH: &str = "/node.tar.gz";

/// `me:s3cret`, as it goes over the wire.
const BASIC: &str = "Basic bWU6czNjcmV0";

/// A server, and an app that gets its Node.js from there.
struct Site {
    upstream: Upstream,
    case: Case,
    bytes: Vec<u8>,
}

impl Site {
    fn new() -> Self {
        let upstream = Upstream::start();
        let uri = upstream.url(PATH);
        Self::on(upstream, &uri)
    }

    fn on(upstream: Upstream, uri: &str) -> Self {
        let node = node().uri(uri);
        let bytes = node.to_bytes();
        upstream.serve(PATH, bytes.clone());
        let case = bare()
            .file("package.json", r#"{"dependencies": {"a": "1"}, "scripts": {"start": "node a"}}"#)
            .file("package-lock.json", "{\"lockfileVersion\": 3}\n")
            .artifact(node)
            .env("BP_NODE_VERSION", "26")
            .env("BP_DOWNLOAD_ATTEMPTS", "3");
        Self { upstream, case, bytes }
    }

    /// Lets builds wait for a second where users wait for a minute, if waiting is what a fault is about.
    fn waiting_for(mut self, fault: &Fault) -> Self {
        if matches!(fault, Fault::StallAt(_) | Fault::Silence) {
            for limit in [
                "BP_DIALER_TIMEOUT",
                "BP_TLS_HANDSHAKE_TIMEOUT",
                "BP_RESPONSE_HEADER_TIMEOUT",
                "BP_DOWNLOAD_STALL_TIMEOUT",
            ] {
                self.case = self.case.env(limit, "1");
            }
            self.case = self.case.env("BP_DOWNLOAD_ATTEMPTS", "2");
        }
        self
    }

    /// Builds where these faults come one after the other; they must not be seen in the image.
    fn survives(&self, faults: &[Fault]) {
        self.upstream.fault(PATH, faults.iter().cloned());
        let built = self.case.build();
        let shown = built.log();
        let layers = result(&built);
        // What a server does wrong must not be in what is kept either.
        assert_eq!(result(&self.case.build()), layers, "{faults:?}: {shown}");
    }

    /// Builds where each answer is wrong. Nothing of Node.js is left, and when all is well again, nothing is in the way.
    fn fails(&self, fault: &Fault) -> String {
        self.upstream.always(PATH, fault.clone());
        let failed = self.case.fails();
        self.upstream.always(PATH, Fault::None);
        assert_nothing_left(&failed);
        assert_eq!(result(&failed.build_on_rest()), result(&self.case.build()), "{fault:?}");
        self.page(&failed)
    }

    fn page(&self, failed: &Failed) -> String {
        failed.error().replace(&self.upstream.address().port().to_string(), "PORT")
    }
}

fn node() -> Artifact {
    let npm = "mkdir -p node_modules/a && echo '{}' >node_modules/a/package.json";
    node_with("26.1.0", Tool::script(npm))
}

/// The image, and what is kept for the next build.
fn result(built: &Built) -> String {
    let kept = ["downloads", "npm-cache"].map(|name| built.layer(name).files().join(" "));
    format!("{}\n{}\n{}", built.image_digest(), built.layers(), kept.join("\n"))
}

#[track_caller]
fn assert_nothing_left(failed: &Failed) {
    assert_eq!(failed.files_left(), ["downloads/.kouti", "downloads.toml"], "{}", failed.log());
}

/// Runs a check for each item, several at a time: most of the time is spent waiting.
fn each<T: Sync>(items: &[T], check: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(item);
                }
            });
        }
    });
}

#[test]
fn a_body_that_breaks_off_anywhere_is_continued() {
    let length = node().uri("http://127.0.0.1:65535/node.tar.gz").to_bytes().len();
    let places: Vec<_> =
        (0..length).filter(|at| *at < 2 || *at > length - 2 || at % 97 == 0).collect();
    each(&places, |at| {
        let site = Site::new();
        site.survives(&[Fault::TruncateAt(*at), Fault::ResetAt(*at)]);
        assert!(site.upstream.requests().len() >= 3, "{at}");
    });
}

#[test]
fn what_may_pass_passes() {
    let wrong = || node_with("26.1.0", Tool::fails(1, "evil")).to_bytes();
    let sequences = [
        vec![Fault::StallAt(300)],
        vec![Fault::Silence],
        vec![Fault::Trickle(7)],
        vec![Fault::Status(408), Fault::Status(500)],
        vec![Fault::RetryAfter(429, "0".to_owned()), Fault::RetryAfter(503, "1".to_owned())],
        vec![Fault::Status(502), Fault::Status(504)],
        vec![Fault::TruncateAt(300), Fault::IgnoreRange],
        vec![Fault::TruncateAt(300), Fault::WrongPart],
        vec![Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())],
        vec![Fault::Instead("application/gzip", wrong())],
        vec![Fault::Instead("text/html", b"<!DOCTYPE html><title>Log in</title>".to_vec())],
        vec![Fault::Redirect("/elsewhere".to_owned())],
    ];
    each(&sequences, |faults| {
        let site = Site::new().waiting_for(&faults[0]);
        site.upstream.serve("/elsewhere", site.bytes.clone());
        site.survives(faults);
        assert!(site.upstream.requests().len() >= 2, "{faults:?}");
    });
}

#[test]
fn an_unchanged_rebuild_downloads_nothing() {
    let site = Site::new();
    let script = "mkdir -p node_modules/a && echo '{}' >node_modules/a/package.json";
    let yarn = Artifact::new("yarn", "1.22.22").with("name", "Yarn").with("bin", "bin/yarn.js");
    let yarn = yarn.tool("bin/yarn.js", Tool::script(script)).uri(site.upstream.url("/yarn.tgz"));
    site.upstream.serve("/yarn.tgz", yarn.to_bytes());
    let asked = || site.upstream.requests().into_iter().map(|request| request.path).collect();
    let case = site
        .case
        .artifact(yarn)
        .without("package-lock.json")
        .file("yarn.lock", "# yarn lockfile v1\n")
        // Something runs in every build.
        .env("BP_NODE_RUN_SCRIPTS", "start");
    let build = case.build();
    let once: Vec<String> = asked();
    assert_eq!(once, [PATH, "/yarn.tgz"]);
    let again = build.rebuild();
    assert!(again.log().contains("Running yarn run start"), "{}", again.log());
    assert_eq!(asked(), once);
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn a_file_that_changes_between_two_attempts_is_read_from_its_new_beginning() {
    let site = Site::new();
    site.upstream.serve(PATH, site.bytes.iter().rev().copied().collect::<Vec<_>>());
    site.survives(&[Fault::TruncateAt(300), Fault::Replace(site.bytes.clone())]);
}

#[test]
fn what_does_not_pass_is_said_and_leaves_nothing() {
    let html = b"<!DOCTYPE html><title>Log in</title>".to_vec();
    let faults = [
        Fault::Status(404),
        Fault::Status(503),
        Fault::TruncateAt(200),
        Fault::StallAt(200),
        Fault::Silence,
        Fault::Instead("text/html", html),
        Fault::Redirect(PATH.to_owned()),
        Fault::Redirect("ftp://127.0.0.1/node.tar.gz".to_owned()),
        Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        // Whether the head of the answer is seen before a reset is a matter of luck.
        Fault::ResetAt(0),
    ];
    let pages = Mutex::new(BTreeMap::new());
    each(&(0..faults.len()).collect::<Vec<_>>(), |number| {
        let fault = &faults[*number];
        let page = Site::new().waiting_for(fault).fails(fault);
        pages.lock().unwrap().insert(*number, page);
    });
    let mut pages: Vec<_> = pages.into_inner().unwrap().into_values().collect();
    let reset = pages.pop().unwrap();
    assert!(
        reset.starts_with("error[download-failed]: cannot download Node.js 26.1.0 from "),
        "{reset}"
    );
    let (first, _) = pages[0].split_once("HTTP").unwrap();
    let reasons: Vec<_> =
        pages.iter().map(|page| page.lines().next().unwrap().replace(first, "")).collect();
    assert_snapshot!(first, @"error[download-failed]: cannot download Node.js 26.1.0 from http://127.0.0.1:PORT/node.tar.gz: ");
    assert_snapshot!(reasons.join("\n"), @"
    HTTP 404 Not Found
    HTTP 503 Service Unavailable (3 attempts)
    the connection broke after 600 B of 659 B (3 attempts)
    no data within 1.0s (2 attempts)
    no answer within 1.0s (2 attempts)
    error[checksum-mismatch]: Node.js 26.1.0 from http://127.0.0.1:PORT/node.tar.gz is not what the catalogue promises
    more than 10 redirects
    a redirect to ftp://127.0.0.1/node.tar.gz
    the connection broke: invalid HTTP version parsed (3 attempts)
    ");
    let hints: Vec<_> = pages.iter().map(|page| page.split_once("\n\n").unwrap().1).collect();
    assert_snapshot!(hints[0], @"
    hint: use a newer version of this buildpack, whose addresses are current
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
    for number in [1, 2, 3, 4, 8] {
        assert_eq!(
            hints[number],
            "hint: try again: this may pass\nhint: set BP_DEPENDENCY_MIRROR to a mirror that has the file\n"
        );
    }
    assert_snapshot!(hints[5], @"
    hint: a web page came instead of the file, as from the login of a proxy: open the address
    hint: a mirror must serve exactly the same bytes as the original
    ");
    for number in [6, 7] {
        assert_eq!(
            hints[number],
            "hint: open the address: it should lead to the file\nhint: set BP_DEPENDENCY_MIRROR to a mirror that has the file\n"
        );
    }
    let facts: Vec<_> = pages[5].lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert!(
        facts[0].starts_with("expected sha256:") && facts[1].ends_with(" (36 B)"),
        "{}",
        pages[5]
    );
}

#[test]
fn nobody_there_is_said_and_leaves_nothing() {
    let nobody = Upstream::nobody();
    let site = Site::on(Upstream::start(), &format!("http://{nobody}{PATH}"));
    let failed = site.case.fails();
    assert_nothing_left(&failed);
    assert_snapshot!(failed.error().replace(&nobody.port().to_string(), "PORT"), @"
    error[host-unreachable]: cannot download Node.js 26.1.0 from http://127.0.0.1:PORT/node.tar.gz: connection refused (3 attempts)

    hint: set HTTPS_PROXY, if this network needs a proxy
    hint: set BP_DEPENDENCY_MIRROR to a mirror inside of this network, or use an offline package
    ");
}

/// A site with encryption, for the host that Node.js is to come from.
fn encrypted(identity: &Identity) -> Site {
    let upstream = Upstream::tls(identity);
    let uri = upstream.url(PATH);
    Site::on(upstream, &uri)
}

#[test]
fn a_private_authority_is_believed_by_binding_or_variable() {
    let authority = Authority::new("Company CA");
    let site = encrypted(&authority.issue(&["127.0.0.1"]));
    let bound =
        site.case.clone().binding("ca", "ca-certificates", [("ca.pem", authority.pem().as_str())]);
    let expected = result(&bound.build());

    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("company.pem"), authority.pem()).unwrap();
    let file = dir.path().join("company.pem");
    for (variable, path) in [("SSL_CERT_FILE", file.as_path()), ("SSL_CERT_DIR", dir.path())] {
        let case = site.case.clone().env(variable, path.to_str().unwrap());
        assert_eq!(result(&case.build()), expected, "{variable}");
    }
}

#[test]
fn a_certificate_that_is_not_believed_ends_the_build() {
    let authority = Authority::new("Inspecting Proxy CA");
    let unknown = encrypted(&authority.issue(&["127.0.0.1"]));
    let failed = unknown.case.fails();
    assert_nothing_left(&failed);
    assert_snapshot!(unknown.page(&failed), @"
    error[certificate-not-trusted]: cannot download Node.js 26.1.0 from https://127.0.0.1:PORT/node.tar.gz: certificate not trusted: it was issued by `Inspecting Proxy CA`

    hint: add the certificate authority with a binding of type `ca-certificates`
    ");
    assert_eq!(unknown.upstream.requests(), []);

    let own = encrypted(&Identity::self_signed(&["127.0.0.1"]));
    let failed = own.case.fails();
    assert_nothing_left(&failed);
    assert!(failed.error().starts_with("error[certificate-not-trusted]: "), "{}", failed.error());

    let pem = authority.pem();
    let trusting = |site: &Site| {
        site.case.clone().binding("ca", "ca-certificates", [("ca.pem", pem.as_str())])
    };
    let old = encrypted(&authority.issue_expired(&["127.0.0.1"]));
    let failed = trusting(&old).fails();
    assert_nothing_left(&failed);
    assert_snapshot!(old.page(&failed), @"
    error[certificate-not-trusted]: cannot download Node.js 26.1.0 from https://127.0.0.1:PORT/node.tar.gz: certificate not trusted: it has expired

    hint: check the clock of this machine
    hint: renew the certificate of the server
    ");
}

#[test]
fn a_redirect_that_gives_up_encryption_is_refused() {
    let authority = Authority::new("Company CA");
    let site = encrypted(&authority.issue(&["127.0.0.1"]));
    let plain = Upstream::start();
    plain.serve(PATH, site.bytes.clone());
    site.upstream.always(PATH, Fault::Redirect(plain.url(PATH)));
    let failed = site
        .case
        .clone()
        .binding("ca", "ca-certificates", [("ca.pem", authority.pem().as_str())])
        .fails();
    assert_nothing_left(&failed);
    assert_eq!(plain.requests(), []);
    let page = site.page(&failed).replace(&plain.address().port().to_string(), "OTHER");
    assert_snapshot!(page, @"
    error[download-failed]: cannot download Node.js 26.1.0 from https://127.0.0.1:PORT/node.tar.gz: a redirect from https to http://127.0.0.1:OTHER/node.tar.gz

    hint: open the address: it should lead to the file
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
}

#[test]
fn credentials_are_for_their_host_alone() {
    let site = Site::new();
    let elsewhere = Upstream::start();
    elsewhere.serve(PATH, site.bytes.clone());
    site.upstream.serve(PATH, Page::from(site.bytes.clone()).authorized_by(BASIC));
    let case = site.case.clone().binding("us", "dependency-auth", [("127.0.0.1", "me:s3cret")]);
    let expected = result(&case.build());

    site.upstream.always(PATH, Fault::Redirect(elsewhere.url_at("localhost", PATH)));
    assert_eq!(result(&case.build()), expected);

    let sent = |upstream: &Upstream| {
        let requests = upstream.requests().into_iter();
        requests
            .map(|request| request.header("authorization").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert!(sent(&site.upstream).iter().all(|header| header.as_deref() == Some(BASIC)));
    assert!(!sent(&elsewhere).is_empty() && sent(&elsewhere).iter().all(Option::is_none));

    let failed = site.case.clone();
    site.upstream.always(PATH, Fault::None);
    let failed = failed.fails();
    assert_nothing_left(&failed);
    assert_snapshot!(site.page(&failed), @"
    error[access-denied]: cannot download Node.js 26.1.0 from http://127.0.0.1:PORT/node.tar.gz: HTTP 401 Unauthorized

    hint: add a binding of type `dependency-auth` with the key `127.0.0.1` and the value `user:password` (no credentials were sent)
    ");
}

#[test]
fn a_proxy_gets_its_password_and_the_right_bytes_come_through() {
    let site = Site::on(Upstream::start(), "http://nodejs.test/node.tar.gz");
    let proxy = Proxy::authorized_by(&site.upstream, BASIC);
    let through = |user: &str| {
        let address = format!("http://{user}@{}", proxy.address());
        site.case.clone().container_env("http_proxy", address)
    };
    site.upstream.fault(PATH, [Fault::TruncateAt(300)]);
    let built = through("me:s3cret").build();
    assert!(built.log().contains("from nodejs.test"), "{}", built.log());
    assert_eq!(proxy.requests().len(), 2);

    let failed = through("me:wrong").fails();
    assert_nothing_left(&failed);
    let page = failed.error().replace(&proxy.address().port().to_string(), "PROXY");
    assert_snapshot!(page, @"
    error[access-denied]: cannot download Node.js 26.1.0 from http://nodejs.test/node.tar.gz: the proxy wants a user name and password
      through the proxy http://127.0.0.1:PROXY/

    hint: put user name and password in front of the proxy's host, as in user:password@proxy.example:3128
    ");
}

#[test]
fn wrong_numbers_stop_only_builds_that_download() {
    // Packaged with the buildpack.
    let case = bare()
        .file("package.json", r#"{"scripts": {"start": "node a"}}"#)
        .env("BP_NODE_VERSION", "26")
        .env("BP_DOWNLOAD_ATTEMPTS", "three")
        .env("HTTPS_PROXY", "ftp://proxy");
    let built = case.clone().artifact(node()).build();
    let warning = "warning: BP_DOWNLOAD_ATTEMPTS is set to `three`, which is not a whole number\n\
                   hint: set BP_DOWNLOAD_ATTEMPTS to a whole number\n";
    assert!(built.log().contains(warning), "{}", built.log());

    let upstream = Upstream::start();
    let failed = case.artifact(node().uri(upstream.url(PATH))).fails();
    assert_nothing_left(&failed);
    assert_snapshot!(failed.error(), @"
    error[bad-setting]: BP_DOWNLOAD_ATTEMPTS is set to `three`, which is not a whole number

    hint: set BP_DOWNLOAD_ATTEMPTS to a whole number
    ");
    assert_eq!(upstream.requests(), []);
}
