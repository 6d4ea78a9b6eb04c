//! What is compressed in the build, and what for each request; asked of the real nginx.

use kouti_testing::compression::{GZIP, for_each_request, in_the_build, text};
use kouti_testing::real::Site;

use crate::site::site;

/// As `gzip -n` makes it.
fn gzipped(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let mut command = Command::new("gzip");
    let mut child =
        command.arg("-nc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn texts_are_compressed_in_the_build() {
    let Some(case) = site(&[]) else { return };
    let (site, compressed, plain) = in_the_build(case);
    assert_eq!(compressed.header("Content-Type"), Some("text/css; charset=utf-8"));
    assert!(compressed.header("ETag").unwrap().starts_with("W/"), "other bytes: {compressed:?}");

    // Both are what the client has already.
    let tag = plain.header("ETag").unwrap().trim_start_matches("W/").to_owned();
    for tag in [tag.clone(), format!("W/{tag}")] {
        let answer = site.get_with("/big.css", &format!("{GZIP}If-None-Match: {tag}\r\n"));
        assert_eq!(answer.status, 304, "{tag}");
    }
}

#[test]
fn what_the_build_leaves_is_compressed_for_each_request() {
    let Some(case) = site(&[("BP_WEB_SERVER_PRECOMPRESS", "off")]) else { return };
    let (site, compressed) = for_each_request(case.file("public/small.css", "a {}"));
    assert!(compressed.header("ETag").unwrap().starts_with("W/"), "{compressed:?}");
    let small = site.get_with("/small.css", GZIP);
    assert_eq!(small.header("Content-Encoding"), None, "less than 1100 bytes");
}

#[test]
fn a_file_that_is_only_there_compressed_is_for_everybody() {
    let push = ("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true");
    for settings in [&[][..], &[push]] {
        let Some(case) = site(settings) else { return };
        let site = Site::start(&case.file("public/only.txt.gz", gzipped("only here")).build(), &[]);
        let plain = site.get("/only.txt");
        assert!(plain.status == 200 && plain.body.contains("only here"), "{plain:?}");
        assert_eq!(plain.header("Content-Encoding"), None);
        let compressed = site.get_with("/only.txt", GZIP);
        assert_eq!(compressed.header("Content-Encoding"), Some("gzip"));
    }
}

#[test]
fn a_copy_that_is_none_is_remarked_on() {
    let Some(case) = site(&[]) else { return };
    let build = case
        .file("public/big.css", text())
        .file("public/big.css.gz", gzipped("another"))
        .file("public/fine.txt", "x".repeat(2000))
        .file("public/fine.txt.gz", gzipped(&"x".repeat(2000)))
        .build();
    let warning = "warning: `big.css.gz` is not `big.css` compressed, but is sent in its place\n\
        hint: remove it from the site, or let the build make it anew\n";
    let log = build.log();
    assert!(log.contains(warning) && !log.contains("fine.txt"), "{log}");
}

#[test]
fn brotli_is_not_to_be_had() {
    let Some(case) = site(&[("BP_WEB_SERVER_PRECOMPRESS", "gzip,br")]) else { return };
    let build = case.file("public/big.css", text()).build();
    let warning = "warning: this server cannot send files that are compressed with Brotli\n\
        hint: set BP_WEB_SERVER_PRECOMPRESS to gzip\n";
    assert!(build.log().contains(warning), "{}", build.log());
    assert!(build.app_path("public/big.css.gz").exists());
    let failed = site(&[("BP_WEB_SERVER_PRECOMPRESS", "zstd")]).unwrap().fails();
    let error = "error[bad-setting]: BP_WEB_SERVER_PRECOMPRESS is set to `zstd`, which is not `gzip` or `off`";
    assert!(failed.error().starts_with(error), "{}", failed.error());
}

#[test]
fn what_is_hidden_or_changes_on_its_way_has_no_copy() {
    for settings in [
        ("BP_WEB_SERVER_HIDDEN", "big.css"),
        ("BP_WEB_SERVER_DIRECTORY_LISTING", "true"),
        ("BP_WEB_SERVER_RUNTIME_ENV", "html"),
        ("BP_WEB_SERVER_ROOT", "."),
    ] {
        let Some(case) = site(&[settings]) else { return };
        let build = case.file("public/big.css", text()).file("index.html", "").build();
        assert!(!build.app_path("public/big.css.gz").exists(), "{settings:?}");
    }
}
