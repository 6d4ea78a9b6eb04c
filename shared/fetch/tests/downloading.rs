//! Connections that break, servers that lie: the right bytes, or a clear error.

use std::time::Duration;

use insta::assert_snapshot;
use kouti_fetch::{Limits, Options, Origin};
use kouti_testing::upstream::{Fault, Page, Upstream};

use crate::archive::{Tar, noise};
use crate::scene::{Scene, artifact, assert_small, limits, options, small};

#[test]
fn an_archive_is_unpacked_as_it_arrives() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());

    let fetched = scene.fetch(&small(), options()).unwrap();

    assert_eq!(fetched.origin, Origin::Host("127.0.0.1".to_owned()));
    assert_eq!(fetched.size, small().len() as u64);
    assert_small(&scene.out());
    assert_snapshot!(scene.said(), @"
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    3.3 kB from 127.0.0.1 in [time], sha256 ok
    ");
    let requests = scene.upstream.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("user-agent"), Some("kouti/test/1.0.0"));
    assert_eq!(requests[0].header("accept-encoding"), Some("identity"));
}

/// Some places in the middle, and all that are special.
fn places(length: usize) -> impl Iterator<Item = usize> {
    (0..length).filter(move |at| *at < 20 || *at > length - 20 || at % 211 == 0)
}

#[test]
fn a_body_that_is_cut_anywhere_is_continued() {
    let content = small();
    for at in places(content.len()) {
        for fault in [Fault::TruncateAt(at), Fault::ResetAt(at)] {
            let scene = Scene::new();
            scene.upstream.serve("/it.tar.gz", content.clone());
            scene.upstream.fault("/it.tar.gz", [fault.clone()]);

            scene
                .fetch(&content, options())
                .unwrap_or_else(|problem| panic!("{fault:?}: {problem:?}"));

            assert_small(&scene.out());
            let ranges = scene.ranges();
            assert_eq!(ranges.len(), 2, "{fault:?}: {ranges:?}");
            // A reset may overtake bytes that are on their way.
            if matches!(fault, Fault::TruncateAt(_)) && at > 0 {
                assert_eq!(ranges, ["-".to_owned(), format!("bytes={at}-")]);
            }
        }
    }
}

#[test]
fn a_body_that_is_cut_again_and_again_is_continued_until_attempts_run_out() {
    let content = small();
    let cuts = |count| (0..count).map(|_| Fault::TruncateAt(500));

    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", content.clone());
    scene.upstream.fault("/it.tar.gz", cuts(4));
    scene.fetch(&content, options()).unwrap();
    assert_eq!(scene.ranges(), ["-", "bytes=500-", "bytes=1000-", "bytes=1500-", "bytes=2000-"]);
    assert_small(&scene.out());

    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", content.clone());
    scene.upstream.fault("/it.tar.gz", cuts(5));
    let problem = scene.fetch(&content, options()).unwrap_err();
    assert_eq!(scene.ranges().len(), 5);
    assert_snapshot!(scene.page(&problem), @"
    error[download-failed]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: the connection broke after 2.5 kB of 3.3 kB (5 attempts)

    hint: try again: this may pass
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
}

#[test]
fn a_server_that_cannot_continue_starts_over() {
    let content = small();
    for page in [Page::simple(content.clone()), Page::from(content.clone()).without_validators()] {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", page);
        scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(900), Fault::TruncateAt(2000)]);
        scene.fetch(&content, options()).unwrap();
        assert_small(&scene.out());
        assert_eq!(scene.ranges(), ["-", "-", "-"]);
    }
    for fault in [Fault::IgnoreRange, Fault::WrongPart] {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", content.clone());
        scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(900), fault]);
        scene.fetch(&content, options()).unwrap();
        assert_small(&scene.out());
    }
}

#[test]
fn a_file_that_changes_in_the_middle_is_read_from_its_new_beginning() {
    let old: Vec<u8> = small().iter().rev().copied().collect();
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", old);
    scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(900), Fault::Replace(small())]);
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());

    // Shorter than what has come already.
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", noise(50_000));
    scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(40_000), Fault::Replace(small())]);
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());
}

#[test]
fn only_errors_that_may_pass_are_tried_again() {
    for (status, passes) in [
        (400, false),
        (404, false),
        (405, false),
        (408, true),
        (410, false),
        (418, false),
        (425, true),
        (429, true),
        (500, true),
        (501, false),
        (502, true),
        (503, true),
        (504, true),
        (204, false),
        (206, false),
        (304, false),
    ] {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", small());
        scene.upstream.fault("/it.tar.gz", [Fault::Status(status)]);
        let fetched = scene.fetch(&small(), options());
        assert_eq!(fetched.is_ok(), passes, "{status}");
        assert_eq!(scene.upstream.requests().len(), if passes { 2 } else { 1 }, "{status}");
        if let Err(problem) = fetched {
            assert_eq!(problem.id, "download-failed", "{status}");
        }
    }
}

#[test]
fn the_server_says_when_to_come_back() {
    // As seconds, and as a time half an hour after the server's own clock.
    for when in ["1800", "Wed, 01 Jan 2025 00:30:00 GMT"] {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", small());
        scene.upstream.fault("/it.tar.gz", [Fault::RetryAfter(429, when.to_owned())]);
        let longest = Duration::from_millis(150);
        let limits = Limits { longest_requested_pause: longest, ..limits() };
        let started = std::time::Instant::now();
        scene.fetch(&small(), Options { limits, ..options() }).unwrap();
        assert!(started.elapsed() >= longest, "{when}");
        let said = scene.said();
        assert!(said.contains("HTTP 429 Too Many Requests; attempt 2 of 5 in "), "{said}");
    }
}

#[test]
fn a_server_that_is_ill_is_reported_after_all_attempts() {
    let scene = Scene::new();
    scene.upstream.always("/it.tar.gz", Fault::Status(503));
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_eq!(scene.upstream.requests().len(), 5);
    assert_snapshot!(scene.page(&problem), @"
    error[download-failed]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: HTTP 503 Service Unavailable (5 attempts)

    hint: try again: this may pass
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
    assert_snapshot!(scene.said(), @"
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    HTTP 503 Service Unavailable; attempt 2 of 5 in [time]
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    HTTP 503 Service Unavailable; attempt 3 of 5 in [time]
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    HTTP 503 Service Unavailable; attempt 4 of 5 in [time]
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    HTTP 503 Service Unavailable; attempt 5 of 5 in [time]
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    http://127.0.0.1:PORT/it.tar.gz: HTTP 503 Service Unavailable (5 attempts)
    ");
}

#[test]
fn a_file_that_has_gone_is_looked_for_elsewhere() {
    let content = small();
    for (fault, requests) in
        [(Fault::Status(404), 1), (Fault::Status(410), 1), (Fault::Status(500), 5)]
    {
        let scene = Scene::new();
        scene.upstream.always("/gone", fault);
        scene.upstream.serve("/archive", content.clone());
        let mut artifact = artifact(&scene.upstream.url("/gone"), &content);
        artifact.alternates = vec![scene.upstream.url("/archive")];
        scene.archive(&artifact, options()).unwrap();
        assert_small(&scene.out());
        assert_eq!(scene.upstream.requests().len(), requests + 1);
    }

    let scene = Scene::new();
    let mut artifact = artifact(&scene.upstream.url("/gone"), &content);
    artifact.alternates = vec![scene.upstream.url("/gone-too")];
    let problem = scene.archive(&artifact, options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[download-failed]: cannot download It 1.2.3 from http://127.0.0.1:PORT/gone: HTTP 404 Not Found
      http://127.0.0.1:PORT/gone: HTTP 404 Not Found
      http://127.0.0.1:PORT/gone-too: HTTP 404 Not Found

    hint: use a newer version of this buildpack, whose addresses are current
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
}

#[test]
fn other_addresses_are_for_files_that_cannot_be_had() {
    // Not for those that are wrong or withheld.
    for (fault, requests, id) in [
        (Fault::Status(403), 1, "access-denied"),
        (Fault::Status(401), 1, "access-denied"),
        (Fault::Status(400), 1, "download-failed"),
        (Fault::Instead("application/gzip", noise(10)), 2, "checksum-mismatch"),
    ] {
        let scene = Scene::new();
        scene.upstream.always("/wrong", fault);
        scene.upstream.serve("/other", small());
        let mut artifact = artifact(&scene.upstream.url("/wrong"), &small());
        artifact.alternates = vec![scene.upstream.url("/other")];
        assert_eq!(scene.archive(&artifact, options()).unwrap_err().id, id);
        assert_eq!(scene.upstream.requests().len(), requests);
    }
}

#[test]
fn a_stalled_body_is_continued() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    scene.upstream.fault("/it.tar.gz", [Fault::StallAt(1000), Fault::Silence]);
    let limits = Limits {
        stall: Some(Duration::from_millis(80)),
        connect: Some(Duration::from_millis(100)),
        tls_handshake: Some(Duration::ZERO),
        response_header: Some(Duration::from_millis(100)),
        ..limits()
    };
    scene.fetch(&small(), Options { limits, ..options() }).unwrap();
    assert_small(&scene.out());
    assert_eq!(scene.ranges(), ["-", "bytes=1000-", "bytes=1000-"]);
    assert_snapshot!(scene.said(), @"
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    no data within 0.1s; attempt 2 of 5 in [time]
    [debug] GET http://127.0.0.1:PORT/it.tar.gz from byte 1000
    no answer within 0.1s; attempt 3 of 5 in [time]
    [debug] GET http://127.0.0.1:PORT/it.tar.gz from byte 1000
    3.3 kB from 127.0.0.1 in [time], sha256 ok
    ");
}

#[test]
fn a_slow_server_is_no_problem_and_tells_of_its_progress() {
    let content = Tar::new().file("a", &noise(4000)).gz();
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", content.clone());
    scene.upstream.fault("/it.tar.gz", [Fault::Trickle(7)]);
    let limits = Limits { progress: Duration::ZERO, ..limits() };
    scene.fetch(&content, Options { limits, ..options() }).unwrap();
    let said = scene.said();
    let progress: Vec<_> = said.lines().filter(|line| line.contains("%)")).collect();
    assert!(progress.len() > 1, "{said}");
    let size = kouti_report::bytes(content.len() as u64);
    assert!(progress.last().unwrap().contains(&format!("{size} of {size} (100 %), ")), "{said}");
}

#[test]
fn wrong_bytes_are_fetched_once_more_and_then_refused() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    let problem = scene.fetch(b"something else", options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[checksum-mismatch]: It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz is not what the catalogue promises
      expected sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8
      actual   sha256:4511ef3143835cb1a10fbcd891ea28938c73cf954c918c9f32c63e4a0a3c5488 (3.3 kB)

    hint: a mirror must serve exactly the same bytes as the original, not a repacked file
    hint: if the original was replaced upstream, update the buildpack
    ");
    assert_snapshot!(scene.said(), @"
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    3.3 kB came with the wrong checksum; downloading once more
    [debug] GET http://127.0.0.1:PORT/it.tar.gz
    ");
    let requests = scene.upstream.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("cache-control"), None);
    assert_eq!(requests[1].header("cache-control"), Some("no-cache"));

    // The second time may be better.
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    scene.upstream.fault("/it.tar.gz", [Fault::Instead("application/gzip", noise(3000))]);
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());
}

#[test]
fn a_web_page_instead_of_an_archive_is_recognised() {
    let page = b"\xef\xbb\xbf\n<!DOCTYPE html><title>Log in</title>".to_vec();
    let scene = Scene::new();
    scene.upstream.always("/it.tar.gz", Fault::Instead("text/html", page));
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[checksum-mismatch]: It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz is not what the catalogue promises
      expected sha256:4511ef3143835cb1a10fbcd891ea28938c73cf954c918c9f32c63e4a0a3c5488
      actual   sha256:809892a548e3a59875da4f93389bcdc140f62d1146f72690dbce93247d11d7da (40 B)

    hint: a web page came instead of the file, as from the login of a proxy: open the address
    hint: a mirror must serve exactly the same bytes as the original
    ");
}

#[test]
fn a_body_without_length_ends_with_its_connection() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", Page::from(small()).without_length());
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());

    // A cut cannot be seen then, but the checksum is wrong.
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", Page::from(small()).without_length());
    scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(1000)]);
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());
}

#[test]
fn what_is_no_http_is_an_error() {
    let scene = Scene::new();
    scene.upstream.always("/it.tar.gz", Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[download-failed]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: the connection broke: invalid HTTP version parsed (5 attempts)

    hint: try again: this may pass
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
}

#[test]
fn nobody_there_is_said_so() {
    let scene = Scene::new();
    let nobody = Upstream::nobody();
    let url = format!("http://{nobody}/it.tar.gz");
    let problem = scene.archive(&artifact(&url, &small()), options()).unwrap_err();
    let page = scene.page(&problem).replace(&nobody.port().to_string(), "PORT");
    assert_snapshot!(page, @"
    error[host-unreachable]: cannot download It 1.2.3 from http://127.0.0.1:PORT/it.tar.gz: connection refused (5 attempts)

    hint: set HTTPS_PROXY, if this network needs a proxy
    hint: set BP_DEPENDENCY_MIRROR to a mirror inside of this network, or use an offline package
    ");

    // A label that is longer than DNS allows: no question leaves this machine.
    let url = format!("http://{}.test/it.tar.gz", "long".repeat(20));
    let problem = scene.archive(&artifact(&url, &small()), options()).unwrap_err();
    assert_eq!(problem.id, "host-unreachable");
    assert!(problem.summary.contains("the host name cannot be resolved"), "{}", problem.summary);
}
