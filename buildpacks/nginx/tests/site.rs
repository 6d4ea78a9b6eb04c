//! Sites without a configuration of their own, served by the real nginx.

use std::thread;
use std::time::{Duration, Instant};

use kouti_testing::Case;
use kouti_testing::real::{Answer, Site};

use crate::support::real;

/// A site with a page, an asset and things nobody should see; `None` without a real nginx.
pub(crate) fn site(settings: &[(&str, &str)]) -> Option<Case> {
    let case = real()?
        .env("BP_WEB_SERVER", "nginx")
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
    assert_eq!(answer.header("Server"), Some("nginx"), "no version");
    assert_eq!(
        site.get("/assets/app.js").header("Content-Type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(site.get("/docs").header("Location"), Some("/docs/"));
    assert_eq!(site.get("/empty/").status, 403, "no listing");
    for path in ["/missing", "/.env", "/.git/config", "/.well-knownXYZ/x", "/docs/.x"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("nginx/"), "no version: {}", answer.body);
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
    assert_eq!(post.status, 405);
    let smuggled = site.send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n0\r\n\r\n",
    );
    assert_eq!(smuggled.status, 400, "two lengths");
}

#[test]
fn an_unchanged_site_is_not_sent_again() {
    let Some(case) = site(&[]) else { return };
    let build = case.build();
    let site = Site::start(&build, &[]);
    let tag = site.get("/").header("ETag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.len() == 18, "{tag}");
    let with =
        |site: &Site, value: &str| site.get_with("/", &format!("If-None-Match: {value}\r\n"));
    let answer = with(&site, &tag);
    assert_eq!((answer.status, answer.header("ETag")), (304, Some(tag.as_str())));
    for value in [format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        assert_eq!(with(&site, &value).status, 304, "{value}");
    }
    assert_eq!(with(&site, "\"other\"").status, 200);
    let date = "If-Modified-Since: Tue, 01 Jan 2030 00:00:00 GMT\r\n";
    assert_eq!(site.get_with("/", date).status, 200, "dates say nothing in an image");
    drop(site);

    let same = build.rebuild();
    assert!(same.layer("web-server-config").is_reused(), "{}", same.log());
    assert!(!same.log().contains("Checking"), "{}", same.log());
    let changed = same.rebuild_with(|case| case.file("public/assets/app.js", "j2"));
    let site = Site::start(&changed, &[]);
    assert_eq!(with(&site, &tag).status, 200, "one byte at equal size");
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
    assert_eq!(status_and_body(&site.get("/healthz")), (200, "ok\n"));
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
    let site = Site::start(&build, &[("BPL_WEB_SERVER_BASIC_AUTH_USERS", "me:{PLAIN}secret")]);
    assert_eq!(site.get("/").status, 401);
    assert_eq!(site.get_with("/", "If-None-Match: *\r\n").status, 401, "no way around");
    let login = "Authorization: Basic bWU6c2VjcmV0\r\n";
    assert_eq!(site.get_with("/", login).status, 200);
    assert_eq!(site.get("/healthz").status, 200);
    drop(site);
    let service = r#"{"user-provided": [{"label": "user-provided", "name": "users",
        "credentials": {"type": "htpasswd", ".htpasswd": "me:{PLAIN}secret"}}]}"#;
    let site = Site::start(&build, &[("VCAP_SERVICES", service)]);
    assert_eq!((site.get("/").status, site.get_with("/", login).status), (401, 200));
    drop(site);

    let bindings = tempfile::tempdir().unwrap();
    let bind = |name: &str| {
        let dir = bindings.path().join(name);
        fs_err::create_dir(&dir).unwrap();
        fs_err::write(dir.join("type"), "htpasswd").unwrap();
        fs_err::write(dir.join(".htpasswd"), "me:{PLAIN}secret\n").unwrap();
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
fn a_binding_in_the_build_protects_the_site() {
    let Some(case) = site(&[]) else { return };
    let build = case.binding("users", "htpasswd", [(".htpasswd", "me:{PLAIN}secret\n")]).build();
    let exit = build.launch("web").start().unwrap().wait().unwrap();
    assert!(exit.log.contains("error[no-template-value]"), "{}", exit.log);
    // The same in the container: it is the one that counts.
    let users = tempfile::tempdir().unwrap();
    fs_err::create_dir(users.path().join("users")).unwrap();
    fs_err::write(users.path().join("users/type"), "htpasswd").unwrap();
    fs_err::write(users.path().join("users/.htpasswd"), "you:{PLAIN}secret\n").unwrap();
    let root = users.path().display().to_string();
    let site = Site::start(&build, &[("SERVICE_BINDING_ROOT", &root)]);
    assert_eq!(site.get_with("/", "Authorization: Basic bWU6c2VjcmV0\r\n").status, 401);
    assert_eq!(site.get_with("/", "Authorization: Basic eW91OnNlY3JldA==\r\n").status, 200);
}

#[test]
fn a_binding_without_users_is_refused() {
    let Some(case) = site(&[]) else { return };
    let failed = case.binding("users", "htpasswd", [("users", "me:{PLAIN}secret\n")]).fails();
    insta::assert_snapshot!(failed.error(), @"
    error[binding-entry-missing]: the binding `users` has no entry `.htpasswd`

    hint: add a file `.htpasswd` to the binding
    hint: keys are case-sensitive; it has: users
    ");
}

#[test]
fn headers_and_caching_are_set_by_path() {
    let Some(site) = started(&[
        (
            "BP_WEB_SERVER_HEADERS",
            "/** X-A: one\n/docs/** X-A: two\n/** X-Price: 5$ {{x}} \"q\" \\z\n",
        ),
        ("BP_WEB_SERVER_CSP", "default-src 'self'"),
        ("BP_WEB_SERVER_CACHE_CONTROL", "/assets/** max-age=60\n"),
    ]) else {
        return;
    };
    let home = site.get("/");
    assert_eq!(home.header("X-A"), Some("one"));
    assert_eq!(home.header("X-Price"), Some("5$ {{x}} \"q\" \\z"));
    assert_eq!(home.header("Content-Security-Policy"), Some("default-src 'self'"));
    assert_eq!(site.get("/docs/").header("X-A"), Some("two"));
    let asset = site.get("/assets/app.js");
    assert_eq!(asset.header("Cache-Control"), Some("max-age=60"));
    assert_eq!(asset.header("Content-Security-Policy"), None);
    let missing = site.get("/missing");
    assert_eq!(missing.header("X-A"), Some("one"), "errors too");
    assert_eq!(missing.header("Cache-Control"), None);
    let unchanged = site.get_with("/", "If-None-Match: *\r\n");
    assert_eq!((unchanged.status, unchanged.header("X-A")), (304, Some("one")));

    let off = started(&[("BP_WEB_SERVER_CACHE_CONTROL", "off")]).unwrap();
    assert_eq!(off.get("/").header("Cache-Control"), None);
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
    assert_eq!(moved("/about.html?x=1"), (301, "/about?x=1".to_owned()));
    assert_eq!(moved("/docs/index.html"), (301, "/docs/".to_owned()));
    assert_eq!(moved("/index.html"), (301, "/".to_owned()));
    assert_eq!(moved("//evil.example/x.html"), (301, "/evil.example/x".to_owned()));
    assert_eq!(moved("/old/a/b?c=d"), (308, "/docs/?c=d".to_owned()));
    assert_eq!(moved("/away"), (302, "https://example.com/$x?a=1".to_owned()));
    assert_eq!(status_and_body(&site.get("/missing")), (404, "nothing here"));
    assert_eq!(status_and_body(&site.get("/assets/missing.js")), (404, "nothing here"));
}

#[test]
fn missing_assets_of_an_app_that_routes_in_the_browser_get_the_error_page() {
    let Some(case) = site(&[("BP_WEB_SERVER_ENABLE_PUSH_STATE", "true")]) else { return };
    let site = Site::start(&case.file("public/404.html", "nothing here").build(), &[]);
    assert_eq!(status_and_body(&site.get("/missing.js")), (404, "nothing here"));
    assert_eq!(site.get("/deep/link").status, 200);
}

#[test]
fn public_variables_reach_the_browser_and_no_others() {
    let variables = [("PUBLIC_WEB_API", "https://api/?a=$b"), ("SECRET", "canary")];
    let run = |mode: &str| {
        let case = site(&[("BP_WEB_SERVER_RUNTIME_ENV", mode)])?;
        Some(Site::start(&case.build(), &variables))
    };
    let Some(js) = run("js") else { return };
    let answer = js.get("/env.js");
    assert_eq!(answer.body, "window.__ENV__ = {\"PUBLIC_WEB_API\":\"https://api/?a=$b\"};\n");
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    let json = run("json").unwrap();
    assert_eq!(json.get("/env.json").body, "{\"PUBLIC_WEB_API\":\"https://api/?a=$b\"}\n");
    let html = run("html").unwrap().get("/");
    assert!(html.body.contains("<head data-public_web_api=\"https://api/?a=$b\">"), "{html:?}");
    assert_eq!(started(&[]).unwrap().get("/env.js").status, 404);

    let some = [
        ("BP_WEB_SERVER_RUNTIME_ENV", "html"),
        ("BP_WEB_SERVER_RUNTIME_ENV_FILES", "/index.html, /docs/**"),
    ];
    let case = site(&some).unwrap().file("public/other.html", "<head></head>");
    let site = Site::start(&case.build(), &variables);
    assert!(site.get("/").body.contains("<head data-public_web_api=\"https://api/?a=$b\">"));
    let other = site.get("/other.html").body;
    assert!(other.contains("<head></head>"), "{other}");
}

#[test]
fn dot_files_and_includes_are_served_where_that_is_asked_for() {
    let settings = [("BP_WEB_SERVER_SERVE_DOTFILES", "true"), ("BP_WEB_SERVER_SSI", "true")];
    let Some(case) = site(&settings) else { return };
    let page = "<!--#include virtual=\"/about.html\" -->, <!--#echo var=\"uri\" -->";
    let site = Site::start(&case.file("public/page.html", page).build(), &[]);
    assert_eq!(site.get("/.env").body, "canary");
    let page = site.send("GET /page.html HTTP/1.0\r\nHost: x\r\n\r\n").body;
    assert_eq!(page, "about, /page.html");
    let without = started(&[("BP_WEB_SERVER_SSI", "false")]).unwrap();
    assert_eq!(without.get("/.env").status, 404);
}

#[test]
fn a_container_says_how_many_workers_there_are_and_shows_its_configuration() {
    let Some(case) = site(&[]) else { return };
    let build = case.build();
    let variables = [
        ("BPL_NGINX_WORKERS", "3"),
        ("BPL_NGINX_WORKER_CONNECTIONS", "77"),
        ("BPL_DEBUG_CONFIG", "true"),
    ];
    let mut site = Site::start(&build, &variables);
    site.wait_for("worker_connections 77;");
    assert_eq!(site.get("/").status, 200);
    // The first worker may answer before the last one is there.
    let deadline = Instant::now() + Duration::from_secs(10);
    while children(site.id()).len() < 3 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    let workers = children(site.id());
    assert_eq!(workers.len(), 3, "{workers:?}");
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<String> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = fs_err::read_to_string(path).unwrap();
    children.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn status_and_log_and_an_addition() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(case) = site(&[
        ("BP_NGINX_STUB_STATUS_ADDRESS", "127.0.0.1"),
        ("BP_NGINX_STUB_STATUS_PORT", &port.to_string()),
        ("BP_WEB_SERVER_INCLUDE_FILE_PATH", "./more.conf"),
    ]) else {
        return;
    };
    let build =
        case.file("more.conf", "location = /more { return 200 \"{{env \"COLOUR\"}}\"; }\n").build();
    let variables = [("COLOUR", "blue"), ("BPL_WEB_SERVER_ACCESS_LOG", "json")];
    let site = Site::start(&build, &variables);
    assert_eq!(site.get("/more").body, "blue");
    assert_eq!(site.get("/stub_status").status, 404);
    assert!(site.get_at(port, "/stub_status").body.contains("Active connections"));
    let log = site.stop().log;
    let line = log.lines().find(|line| line.contains("/more")).unwrap();
    assert!(line.starts_with("{\"time\":\"") && line.contains("\"status\":200"), "{line}");
    assert!(!log.contains("stub_status\",\"protocol\":\"HTTP/1.1\",\"status\":200"), "{log}");

    let silent = Site::start(&build, &[("BPL_WEB_SERVER_ACCESS_LOG", "off")]);
    assert_eq!(silent.get("/").status, 200);
    assert_eq!(silent.stop().log, "");
}

#[test]
fn the_status_is_on_a_port_of_its_own_whoever_may_see_the_site() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings =
        [("BP_NGINX_STUB_STATUS_PORT", &*port.to_string()), ("BP_WEB_SERVER_BASIC_AUTH", "true")];
    let Some(case) = site(&settings) else { return };
    let users = [("BPL_WEB_SERVER_BASIC_AUTH_USERS", "me:{PLAIN}secret")];
    let site = Site::start(&case.build(), &users);
    assert_eq!(site.get("/").status, 401);
    assert!(site.get_at(port, "/stub_status").body.contains("Active connections"));
}

#[test]
fn an_open_request_ends_before_the_server_does() {
    let Some(case) = site(&[]) else { return };
    let build = case.file("public/big.bin", vec![7; 8 << 20]).build();
    for (timeout, whole) in [("", false), ("30", true)] {
        let site = Site::start(&build, &[("BPL_WEB_SERVER_GRACEFUL_TIMEOUT", timeout)]);
        assert_eq!(site.get("/").status, 200);
        let (bytes, exit) = site.stop_during("/big.bin");
        assert!(exit.status.success(), "{}", exit.log);
        assert_eq!(bytes > 8 << 20, whole, "{timeout:?}: {bytes}");
    }
}

#[test]
fn a_site_may_be_described_by_another_buildpack() {
    let Some(case) = real() else { return };
    // What `kouti/static` makes of a repository with a `Staticfile`.
    let hidden = "Procfile,Staticfile,Staticfile.auth,package.json,*.conf,/node_modules/**";
    let described = |more: &str| {
        case.clone()
            .file("index.html", "home")
            .file("missing.html", "nothing here")
            .file("Procfile", "canary")
            .file("Staticfile.auth", "me:{PLAIN}secret\n")
            .file("server.conf", "canary")
            .file("node_modules/a/index.js", "canary")
            .file(".git/HEAD", "canary")
            .requires(
                "nginx",
                &format!(
                    "launch = true, site = {{ BP_WEB_SERVER_ROOT = \".\", BP_WEB_SERVER_HIDDEN = \"{hidden}\", {more} }}"
                ),
            )
            .build()
    };
    let site = Site::start(&described("BP_WEB_SERVER_ERROR_PAGES = \"4xx=missing.html\""), &[]);
    assert_eq!(status_and_body(&site.get("/")), (200, "home"));
    for path in [
        "/Procfile",
        "/Staticfile.auth",
        "/server.conf",
        "/node_modules/a/index.js",
        "/.git/HEAD",
        "/gone",
    ] {
        assert_eq!(status_and_body(&site.get(path)), (404, "nothing here"), "{path}");
    }
    let protected = described("BP_WEB_SERVER_AUTH_FILE = \"Staticfile.auth\"");
    let site = Site::start(&protected, &[]);
    assert_eq!(site.get("/").status, 401);
    assert_eq!(site.get_with("/", "Authorization: Basic bWU6c2VjcmV0\r\n").body, "home");
}
