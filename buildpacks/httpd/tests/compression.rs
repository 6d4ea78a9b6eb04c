//! What is compressed in the build, and what for each request; asked of the real httpd.

use kouti_testing::real::Site;

use crate::site::site;

const GZIP: &str = "Accept-Encoding: gzip\r\n";

/// More than fits into one packet.
fn text() -> Vec<u8> {
    "a { color: red }\n".repeat(200).into_bytes()
}

#[test]
fn texts_are_compressed_in_the_build() {
    let Some(case) = site(&[]) else { return };
    let build = case.file("public/big.css", text()).build();
    let log = build.log();
    assert!(log.contains("  Compressing texts\n    1 file, 3.3 kB less to send\n"), "{log}");
    let again = build.rebuild();
    assert_eq!(again.image_digest(), build.image_digest());

    let site = Site::start(&again, &[]);
    let compressed = site.get_with("/big.css", GZIP);
    assert_eq!(compressed.header("Content-Encoding"), Some("gzip"));
    assert_eq!(compressed.header("Vary"), Some("Accept-Encoding"));
    assert_eq!(compressed.header("Content-Type"), Some("text/css"));
    let length: u64 = compressed.header("Content-Length").unwrap().parse().unwrap();
    assert!(length < 200, "a copy has a length: {compressed:?}");
    let plain = site.get("/big.css");
    assert_eq!(plain.header("Content-Encoding"), None);
    assert_eq!(plain.body.as_bytes(), text());

    for (headers, answer) in [(GZIP, compressed), ("", plain)] {
        let tag = answer.header("ETag").unwrap();
        let again = site.get_with("/big.css", &format!("{headers}If-None-Match: {tag}\r\n"));
        assert_eq!(again.status, 304, "{tag}");
    }
}

#[test]
fn what_the_build_leaves_is_compressed_for_each_request() {
    let Some(case) = site(&[("BP_WEB_SERVER_PRECOMPRESS", "off")]) else { return };
    let build = case.file("public/big.css", text()).build();
    assert!(!build.log().contains("Compressing"), "{}", build.log());
    let site = Site::start(&build, &[]);
    let compressed = site.get_with("/big.css", GZIP);
    assert_eq!(compressed.header("Content-Encoding"), Some("gzip"));
    assert_eq!(compressed.header("Vary"), Some("Accept-Encoding"));
}

#[test]
fn whoever_does_not_take_gzip_gets_the_file() {
    let Some(case) = site(&[]) else { return };
    let site = Site::start(&case.file("public/big.css", text()).build(), &[]);
    let encoding = |accepted: &str| {
        let answer = site.get_with("/big.css", &format!("Accept-Encoding: {accepted}\r\n"));
        answer.header("Content-Encoding").map(str::to_owned)
    };
    for accepted in ["identity", "br", "gzip;q=0", "gzip; q=0.0, br", "xgzip"] {
        assert_eq!(encoding(accepted), None, "{accepted}");
    }
    for accepted in ["gzip", "br, gzip", "deflate,gzip;q=0.5"] {
        assert_eq!(encoding(accepted).as_deref(), Some("gzip"), "{accepted}");
    }
}
