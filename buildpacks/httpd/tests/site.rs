//! Sites without a configuration of their own, served by the real httpd.

use kouti_testing::Case;
use kouti_testing::real::{Answer, Site};

use crate::support::real;

/// A site with a page, an asset and things nobody should see; `None` without a real httpd.
pub(crate) fn site(settings: &[(&str, &str)]) -> Option<Case> {
    let case = real()?
        .env("BP_WEB_SERVER", "httpd")
        .file("public/index.html", "<html><head></head>home</html>")
        .file("public/about.html", "about")
        .file("public/assets/app.js", "js")
        .file("public/docs/index.html", "docs")
        .file("public/empty/file.txt", "text")
        .file("public/.env", "canary")
        .file("public/.git/config", "canary")
        .file("public/.well-known/security.txt", "contact")
        .file("public/.well-knownXYZ/x", "canary")
        .file("secret.txt", "canary");
    Some(settings.iter().fold(case, |case, (name, value)| case.env(name, value)))
}

pub(crate) fn started(settings: &[(&str, &str)]) -> Option<Site> {
    Some(Site::start(&site(settings)?.build(), &[]))
}

fn status_and_body(answer: &Answer) -> (u16, &str) {
    (answer.status, &answer.body)
}

#[test]
fn files_are_served_and_nothing_else() {
    let Some(site) = started(&[]) else { return };
    let answer = site.get("/");
    assert!(answer.body.contains("home"), "{answer:?}");
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("Cache-Control"), Some("no-cache"));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.header("Last-Modified"), None);
    assert_eq!(answer.header("Server"), Some("Apache"), "no version");
    assert_eq!(site.get("/assets/app.js").header("Content-Type"), Some("text/javascript"));
    assert_eq!(site.get("/docs").header("Location"), Some("http://site.example/docs/"));
    assert_eq!(site.get("/empty/").status, 404, "no listing");
    for path in ["/missing", "/.env", "/.git/config", "/.well-knownXYZ/x", "/docs/.x"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("Apache/"), "no version: {}", answer.body);
    }
    assert_eq!(site.get("/.well-known/security.txt").body, "contact");
    for path in
        ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/..%5csecret.txt"]
    {
        let answer = site.get(path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert!(!answer.body.contains("canary"));
    }
    let post =
        site.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_ne!(post.status, 500);
    let smuggled = site.send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n0\r\n\r\n",
    );
    assert_ne!(smuggled.status, 500, "{smuggled:?}");
}

#[test]
fn deep_links_get_the_index_page_and_missing_assets_do_not() {
    let push = ("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true");
    let Some(site) = started(&[push]) else { return };
    for path in ["/users/7", "/empty/", "/a/b/c?x=1"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.body.contains("home"), "{path}");
        assert_eq!(answer.header("Cache-Control"), Some("no-cache"));
    }
    for path in ["/assets/missing.js", "/.well-known/x", "/.env", "/users/.git/x"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/docs/").body, "docs");

    let none = started(&[push, ("BP_WEB_SERVER_PUSH_STATE_EXCLUDE", "none")]).unwrap();
    assert_eq!(none.get("/assets/missing.js").status, 200);
    let api = started(&[push, ("BP_WEB_SERVER_PUSH_STATE_EXCLUDE", "/api/**")]).unwrap();
    assert_eq!(api.get("/api/users").status, 404);
    assert_eq!(api.get("/missing.js").status, 200);

    let below = started(&[push, ("BP_WEB_SERVER_LOCATION_PATH", "/docs")]).unwrap();
    assert_eq!(below.get("/docs/a/b").body, "docs");
    assert_eq!(below.get("/other").status, 404);
}

#[test]
fn plain_http_is_redirected_where_a_proxy_says_that_it_was() {
    let Some(site) = started(&[
        ("BP_WEB_SERVER_FORCE_HTTPS", "true"),
        ("BP_WEB_SERVER_HEALTH_PATH", "/healthz"),
        ("BP_WEB_SERVER_HSTS", "true"),
    ]) else {
        return;
    };
    let location = |headers: &str| {
        let answer = site.get_with("/a?b=c", headers);
        (answer.status, answer.header("Location").map(str::to_owned))
    };
    let to = |host: &str| (301, Some(format!("https://{host}/a?b=c")));
    assert_eq!(location(""), to("site.example"));
    assert_eq!(location("X-Forwarded-Proto: http\r\n"), to("site.example"));
    assert_eq!(location("X-Forwarded-Host: a.example, b.example\r\n"), to("a.example"));
    assert_eq!(location("X-Forwarded-Host: a.example/x\r\n"), to("site.example"));
    assert_eq!(location("X-Forwarded-Proto: https, http\r\n").0, 404);
    assert_eq!(location("X-Forwarded-Proto: HTTPS\r\n").0, 404);
    assert_eq!(status_and_body(&site.get("/healthz")), (200, "ok"));
    assert_eq!(site.get("/.well-known/acme-challenge/x").status, 404);
    let secure = site.get_with("/", "X-Forwarded-Proto: https\r\n");
    assert_eq!(secure.header("Strict-Transport-Security"), Some("max-age=31536000"));
    assert_eq!(site.get("/").header("Strict-Transport-Security"), None);
}

#[test]
fn a_protected_site_wants_a_user_and_never_starts_without_any() {
    let Some(case) =
        site(&[("BP_WEB_SERVER_BASIC_AUTH", "true"), ("BP_WEB_SERVER_HEALTH_PATH", "/healthz")])
    else {
        return;
    };
    let build = case.build();
    let site = Site::start(
        &build,
        &[("BPL_WEB_SERVER_BASIC_AUTH_USERS", "me:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=")],
    );
    assert_eq!(site.get("/").status, 401);
    assert_eq!(site.get_with("/", "If-None-Match: *\r\n").status, 401, "no way around");
    let login = "Authorization: Basic bWU6c2VjcmV0\r\n";
    assert_eq!(site.get_with("/", login).status, 200);
    assert_eq!(site.get("/healthz").status, 200);
    drop(site);

    let bindings = tempfile::tempdir().unwrap();
    let bind = |name: &str| {
        let dir = bindings.path().join(name);
        fs_err::create_dir(&dir).unwrap();
        fs_err::write(dir.join("type"), "htpasswd").unwrap();
        fs_err::write(dir.join(".htpasswd"), "me:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n").unwrap();
    };
    let root = bindings.path().display().to_string();
    let start = || build.launch("web").env("SERVICE_BINDING_ROOT", &root).start().unwrap();
    let said =
        |log: String| log.lines().take_while(|line| !line.contains("-->")).collect::<String>();
    let log = said(start().wait().unwrap().log);
    assert!(log.contains("nothing says who may see it"), "{log}");
    bind("one");
    let site = Site::start(&build, &[("SERVICE_BINDING_ROOT", &root)]);
    assert_eq!(site.get_with("/", login).status, 200);
    drop(site);
    bind("two");
    let log = said(start().wait().unwrap().log);
    assert!(log.contains("more than one binding of type `htpasswd`: one, two"), "{log}");
}

#[test]
fn pages_redirects_and_clean_paths() {
    let Some(case) = site(&[
        ("BP_WEB_SERVER_CLEAN_URLS", "true"),
        ("BP_WEB_SERVER_REDIRECTS", "/old/** /docs/ 308\n/away https://example.com/$x?a=1 302\n"),
    ]) else {
        return;
    };
    let build = case.file("public/404.html", "nothing here").build();
    let site = Site::start(&build, &[]);
    assert_eq!(site.get("/about").body, "about");
    let moved = |path: &str| {
        let answer = site.get(path);
        (answer.status, answer.header("Location").unwrap_or_default().to_owned())
    };
    assert_eq!(moved("/about.html?x=1"), (301, "http://site.example/about?x=1".to_owned()));
    assert_eq!(moved("/docs/index.html"), (301, "http://site.example/docs/".to_owned()));
    assert_eq!(moved("/index.html"), (301, "http://site.example/".to_owned()));
    assert_eq!(
        moved("//evil.example/x.html"),
        (301, "http://site.example/evil.example/x".to_owned())
    );
    assert_eq!(moved("/old/a/b?c=d"), (308, "http://site.example/docs/?c=d".to_owned()));
    assert_eq!(moved("/away"), (302, "https://example.com/$x?a=1".to_owned()));
    assert_eq!(status_and_body(&site.get("/missing")), (404, "nothing here"));
    assert_eq!(status_and_body(&site.get("/assets/missing.js")), (404, "nothing here"));
}
