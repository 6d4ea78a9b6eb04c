//! What is compressed in the build, and what for each request; asked of the real httpd.

use kouti_testing::compression::{GZIP, for_each_request, in_the_build, text};
use kouti_testing::real::Site;

use crate::site::site;

#[test]
fn texts_are_compressed_in_the_build() {
    let Some(case) = site(&[]) else { return };
    let (site, compressed, plain) = in_the_build(case);
    assert_eq!(compressed.header("Content-Type"), Some("text/css"));
    for (headers, answer) in [(GZIP, compressed), ("", plain)] {
        let tag = answer.header("ETag").unwrap();
        let again = site.get_with("/big.css", &format!("{headers}If-None-Match: {tag}\r\n"));
        assert_eq!(again.status, 304, "{tag}");
    }
}

#[test]
fn what_the_build_leaves_is_compressed_for_each_request() {
    let Some(case) = site(&[("BP_WEB_SERVER_PRECOMPRESS", "off")]) else { return };
    let _ = for_each_request(case);
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
