//! What nobody may get from a web server, whatever it serves: requests that try to, for real servers.
#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking, here like anywhere")]

use crate::Case;
use crate::real::{Answer, Site};

/// All settings of a generated configuration that do not change who may see the site.
const SETTINGS: [(&str, &str); 13] = [
    ("BP_WEB_SERVER_CACHE_CONTROL", "/assets/** max-age=60\n"),
    ("BP_WEB_SERVER_CLEAN_URLS", "true"),
    ("BP_WEB_SERVER_CSP", "default-src 'self'"),
    ("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true"),
    ("BP_WEB_SERVER_ERROR_PAGES", "404=about.html,5xx=about.html"),
    ("BP_WEB_SERVER_FORCE_HTTPS", "true"),
    ("BP_WEB_SERVER_HEADERS", "/docs/** X-Frame-Options: DENY\n"),
    ("BP_WEB_SERVER_HEALTH_PATH", "/healthz"),
    ("BP_WEB_SERVER_HSTS", "true"),
    ("BP_WEB_SERVER_PUSH_STATE_EXCLUDE", "none"),
    ("BP_WEB_SERVER_REDIRECTS", "/old/** /docs/ 308\n"),
    ("BP_WEB_SERVER_RUNTIME_ENV", "js"),
    ("BP_WEB_SERVER_SSI", "true"),
];

/// Builds a site with few and with all settings, starts it, and tries everything.
///
/// `site` gives it with further settings: in `public` `index.html`, `about.html`, `assets/app.js`, `docs/index.html`
/// and `empty/file.txt`; what says `canary` is not to be seen. `version` is what a server that tells its version
/// says before that.
pub fn try_all(site: impl Fn(&[(&str, &str)]) -> Option<Case>, version: &str) {
    let whole_app = [("BP_WEB_SERVER_ROOT", ".")];
    let push_state = [("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true")];
    for settings in [&[][..], &push_state, &SETTINGS, &whole_app] {
        // Without a real server there is nothing to ask.
        let Some(case) = site(settings) else { return };
        let built = case.file("docs/index.html", "docs").build();
        assert!(built.log().contains(" accepts it"), "{}", built.log());
        // What is beside the site in other cases is a part of it then.
        ask(&Site::start(&built, &[]), version, settings == whole_app);
    }
}

fn ask(site: &Site, version: &str, is_whole_app: bool) {
    no_answer_names_a_version(site, version);
    no_directory_is_listed(site);
    no_dot_file_is_served_under_any_name(site);
    no_path_leads_out_of_the_site(site, is_whole_app);
    no_request_hides_another_one(site);
    no_redirect_leads_to_somebody_else_and_no_header_comes_from_a_path(site);
}

/// As a proxy in front would ask, so that no redirect hides the answer.
fn get(site: &Site, path: &str) -> Answer {
    site.get_with(path, "X-Forwarded-Proto: https\r\n")
}

fn no_answer_names_a_version(site: &Site, version: &str) {
    let head = "Host: x\r\nConnection: close\r\n";
    for request in [
        format!("GET / HTTP/1.1\r\n{head}\r\n"),
        format!("GET /missing.js HTTP/1.1\r\n{head}\r\n"),
        format!("GET /docs HTTP/1.1\r\n{head}\r\n"),
        format!("POST / HTTP/1.1\r\n{head}Content-Length: 0\r\n\r\n"),
        format!("TRACE / HTTP/1.1\r\n{head}X-Canary: canary\r\n\r\n"),
        "nonsense\r\n\r\n".to_owned(),
    ] {
        let answer = site.send(&request);
        let text = format!("{}{}", answer.head, answer.body);
        assert!(!text.contains(version), "{request}: {text}");
        assert!(!answer.body.contains("canary"), "{request}: {text}");
    }
}

fn no_directory_is_listed(site: &Site) {
    for path in ["/empty/", "/assets/", "/public/", "/public/assets/"] {
        let answer = get(site, path);
        assert!(!answer.body.contains("app.js") && !answer.body.contains("file.txt"), "{answer:?}");
    }
}

fn no_dot_file_is_served_under_any_name(site: &Site) {
    for path in [
        "/.env",
        "/%2eenv",
        "/%2Eenv",
        "//.env",
        "/./.env",
        "/docs/../.env",
        "/docs/..//.env",
        "/.git/config",
        "/.git%2fconfig",
        "/public/.env",
        "/public/.git/config",
        "/.env/",
        "/.env.html",
        "/.well-known/../.env",
        "/.well-knownXYZ/x",
    ] {
        let answer = get(site, path);
        assert!(!answer.body.contains("canary"), "{path}: {answer:?}");
        assert_ne!(answer.status, 200, "{path}: {answer:?}");
    }
}

fn no_path_leads_out_of_the_site(site: &Site, is_whole_app: bool) {
    for path in [
        "/../secret.txt",
        "/..",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%2fsecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/../../secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/assets//..//..//secret.txt",
        "/%252e%252e/secret.txt",
        "/..%00/secret.txt",
        "/..;/secret.txt",
        "/assets../secret.txt",
        "/../../../../etc/passwd",
    ] {
        let answer = get(site, path);
        assert!(!answer.body.contains("root:"), "{path}: {answer:?}");
        assert!(is_whole_app || !answer.body.contains("canary"), "{path}: {answer:?}");
    }
}

fn no_request_hides_another_one(site: &Site) {
    let start = "POST / HTTP/1.1\r\nHost: x\r\n";
    let hidden = "GET /about.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (what, request) in [
        (
            "two lengths",
            format!(
                "{start}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
            ),
        ),
        (
            "a length twice",
            format!("{start}Content-Length: 0\r\nContent-Length: 9\r\n\r\n{hidden}"),
        ),
        ("a length with a sign", format!("{start}Content-Length: +0\r\n\r\n{hidden}")),
        ("a blank before the colon", format!("{start}Content-Length : 0\r\n\r\n{hidden}")),
        (
            "an unknown coding",
            format!("{start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "two codings",
            format!(
                "{start}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{hidden}"
            ),
        ),
        ("two hosts", format!("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n{hidden}")),
        ("no host", format!("GET / HTTP/1.1\r\nX: y\r\n\r\n{hidden}")),
        ("a zero byte", format!("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n{hidden}")),
    ] {
        let answer = site.send(&request);
        // A page for errors may answer in its place, or one of both lengths may count, but then
        // nothing else is read.
        let is_last = answer.header("Connection") == Some("close") || what == "two lengths";
        assert!(matches!(answer.status, 400 | 501) || is_last, "{what}: {answer:?}");
        assert!(!answer.body.contains("HTTP/1."), "{what}: {answer:?}");
    }
}

fn no_redirect_leads_to_somebody_else_and_no_header_comes_from_a_path(site: &Site) {
    for path in [
        "//evil.example/docs",
        "//evil.example/%2e%2e/docs",
        "/\\evil.example/docs",
        "//docs",
        "///docs",
        "//evil.example/index.html",
        "/docs%0d%0aX-Evil:%201",
        "/old/%0d%0aX-Evil:%201",
        "/about.html%0d%0aX-Evil:%201",
        "/%0aX-Evil:1.html",
    ] {
        let answer = get(site, path);
        assert_eq!(answer.header("X-Evil"), None, "{path}: {answer:?}");
        if let Some(location) = answer.header("Location") {
            // Some servers complete it with the host that the client has asked for.
            let below = location.strip_prefix("http://site.example").unwrap_or(location);
            let is_own =
                below.starts_with('/') && !below.starts_with("//") && !below.starts_with("/\\");
            assert!(is_own, "{path}: {location}");
        }
    }
    // Of what a client says about its host only a name is believed.
    for host in ["evil.example/x?", "evil.example\\@", "a b", "\"", "evil.example#"] {
        let answer = site.get_with("/", &format!("X-Forwarded-Host: {host}\r\n"));
        let location = answer.header("Location").unwrap_or("https://site.example/");
        assert_eq!(location, "https://site.example/", "{host}");
    }
}
