//! What is compressed in the build and what for each request: questions to real servers.
#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking, here like anywhere")]

use crate::Case;
use crate::real::{Answer, Site};

/// What a client that takes gzip says.
pub const GZIP: &str = "Accept-Encoding: gzip\r\n";

/// A stylesheet of more than fits into one packet.
#[must_use]
pub fn text() -> Vec<u8> {
    "a { color: red }\n".repeat(200).into_bytes()
}

/// A site with the stylesheet `/big.css`, of which the build makes a copy: what answers, and the
/// answers to a client that takes gzip and to one that does not.
#[must_use]
pub fn in_the_build(case: Case) -> (Site, Answer, Answer) {
    let build = case.file("public/big.css", text()).build();
    let log = build.log();
    assert!(log.contains("  Compressing texts\n    1 file, 3.3 kB less to send\n"), "{log}");
    let again = build.rebuild();
    assert_eq!(again.image_digest(), build.image_digest());

    let site = Site::start(&again, &[]);
    let compressed = site.get_with("/big.css", GZIP);
    assert_eq!(compressed.header("Content-Encoding"), Some("gzip"));
    assert_eq!(compressed.header("Vary"), Some("Accept-Encoding"));
    let length: u64 = compressed
        .header("Content-Length")
        .expect("a copy has a length")
        .parse()
        .expect("a number");
    assert!(length < 200, "{compressed:?}");
    let plain = site.get("/big.css");
    assert_eq!(plain.header("Content-Encoding"), None);
    assert_eq!(plain.body.matches("color: red").count(), 200);
    (site, compressed, plain)
}

/// The same with `BP_WEB_SERVER_PRECOMPRESS=off`.
#[must_use]
pub fn for_each_request(case: Case) -> (Site, Answer) {
    let build = case.file("public/big.css", text()).build();
    assert!(!build.log().contains("Compressing"), "{}", build.log());
    let site = Site::start(&build, &[]);
    let compressed = site.get_with("/big.css", GZIP);
    assert_eq!(compressed.header("Content-Encoding"), Some("gzip"));
    assert_eq!(compressed.header("Vary"), Some("Accept-Encoding"));
    (site, compressed)
}
