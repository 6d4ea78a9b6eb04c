use std::collections::BTreeSet;
use std::fmt::Write as _;

use insta::assert_snapshot;
use kouti::Colour;

use super::*;

fn project(text: &str) -> ProjectToml {
    ProjectToml::parse(text).unwrap().unwrap()
}

/// Settings and remarks.
fn read(text: &str) -> String {
    let project = project(text);
    let mut shown = String::new();
    for (name, text) in project.settings() {
        for line in text.lines() {
            let _ = writeln!(shown, "{name}={line}");
        }
    }
    for notice in project.notices() {
        let _ = writeln!(shown, "{}: {}", notice.text, notice.hint.as_deref().unwrap_or_default());
    }
    shown
}

fn page(text: &str) -> String {
    Problem::from(ProjectToml::parse(text).unwrap_err()).page("", Colour::Off)
}

fn ours(lines: &str) -> String {
    format!("[{OURS}]\n{lines}\n")
}

#[test]
fn every_setting_of_a_build_has_a_key_whose_example_is_right() {
    let mut settings = BTreeSet::from(["BP_WEB_SERVER_IGNORE_APP_CONF"]);
    for known in &KEYS {
        let project = project(&ours(known.example));
        let names: Vec<_> = project.settings().map(|(name, _)| name).collect();
        assert_eq!(names, [known.setting], "{}", known.example);
        assert!(project.notices().is_empty() && known.example.starts_with(known.key));
        settings.insert(known.setting);
    }
    let shared = set::SHARED.iter().map(|setting| setting.name);
    assert_eq!(settings, shared.filter(|name| name.starts_with("BP_")).collect());
    assert!(KEYS.is_sorted_by_key(|known| known.key));
}

#[test]
fn keys_become_settings() {
    assert_snapshot!(read(r#"
        [io.kouti.web-server]
        server = "httpd"
        root = "dist"
        push_state = true
        push_state_exclude = ["assets", "/api/**"]
        location_path = "/app"
        force_https = true
        clean_urls = false
        hsts = "max-age=60; preload"
        csp = "default-src 'self'"
        health_path = "/healthz"
        directory_listing = true
        serve_dotfiles = true
        ssi = true
        runtime_env = "html"
        runtime_env_files = "/index.html"
        precompress = "off"
        basic_auth = true
        include_file_path = "more.conf"
        redirects = [
            { from = "/old/**", to = "/new", status = 308 },
            { from = "/away", to = "https://example.com/" },
            "/a /b 302",
        ]

        [io.kouti.web-server.headers]
        "/**".X-Frame-Options = "DENY"
        "/docs/**" = { X-Robots-Tag = "noindex", X-A = "1: 2" }

        [io.kouti.web-server.errors]
        404 = "404.html"
        5xx = "error.html"

        [io.kouti.web-server.cache_control]
        "/img/**" = "max-age=3600"
        "*.js" = "max-age=60"
    "#), @"
    BP_WEB_SERVER=httpd
    BP_WEB_SERVER_BASIC_AUTH=true
    BP_WEB_SERVER_CACHE_CONTROL=/img/** max-age=3600
    BP_WEB_SERVER_CACHE_CONTROL=*.js max-age=60
    BP_WEB_SERVER_CLEAN_URLS=false
    BP_WEB_SERVER_CSP=default-src 'self'
    BP_WEB_SERVER_DIRECTORY_LISTING=true
    BP_WEB_SERVER_ENABLE_PUSH_STATE=true
    BP_WEB_SERVER_ERROR_PAGES=404=404.html,5xx=error.html
    BP_WEB_SERVER_FORCE_HTTPS=true
    BP_WEB_SERVER_HEADERS=/** X-Frame-Options: DENY
    BP_WEB_SERVER_HEADERS=/docs/** X-Robots-Tag: noindex
    BP_WEB_SERVER_HEADERS=/docs/** X-A: 1: 2
    BP_WEB_SERVER_HEALTH_PATH=/healthz
    BP_WEB_SERVER_HSTS=max-age=60; preload
    BP_WEB_SERVER_INCLUDE_FILE_PATH=more.conf
    BP_WEB_SERVER_LOCATION_PATH=/app
    BP_WEB_SERVER_PRECOMPRESS=off
    BP_WEB_SERVER_PUSH_STATE_EXCLUDE=assets,/api/**
    BP_WEB_SERVER_REDIRECTS=/old/** /new 308
    BP_WEB_SERVER_REDIRECTS=/away https://example.com/
    BP_WEB_SERVER_REDIRECTS=/a /b 302
    BP_WEB_SERVER_ROOT=dist
    BP_WEB_SERVER_RUNTIME_ENV=html
    BP_WEB_SERVER_RUNTIME_ENV_FILES=/index.html
    BP_WEB_SERVER_SERVE_DOTFILES=true
    BP_WEB_SERVER_SSI=true
    ");
    assert_eq!(read(&ours("cache_control = \"off\"")), "BP_WEB_SERVER_CACHE_CONTROL=off\n");
    let redirects = "[[io.kouti.web-server.redirects]]\nfrom = \"/a\"\nto = \"/b\"\n";
    assert_eq!(read(redirects), "BP_WEB_SERVER_REDIRECTS=/a /b\n");
}

#[test]
fn nothing_of_a_site_is_no_site() {
    for text in [
        "",
        "[_]\nschema-version = \"0.2\"\n",
        "[io.buildpacks]\nbuilder = \"x\"\n",
        "io = 1\n",
        "[io.kouti]\nother = 1\n",
        "this is no TOML [",
    ] {
        assert_eq!(ProjectToml::parse(text).unwrap(), None, "{text}");
    }
    assert_eq!(project("[io.kouti.web-server]\n").settings().count(), 0);
}

#[test]
fn what_nobody_reads_is_told() {
    assert_snapshot!(read(&ours(
        "rooot = \"x\"\npush-state = true\nenable_push_state = true\nBP_WEB_SERVER_HSTS = true\n\
         error_pages = \"\"\nproxy = \"/api\"\nredirects = [{ from = \"/a\", to = \"/b\", code = 301 }]",
    )), @"
    BP_WEB_SERVER_REDIRECTS=/a /b
    [io.kouti.web-server] of project.toml has `rooot`, which nobody reads: did you mean `root`?
    [io.kouti.web-server] of project.toml has `push-state`, which nobody reads: did you mean `push_state`?
    [io.kouti.web-server] of project.toml has `enable_push_state`, which nobody reads: did you mean `push_state`?
    [io.kouti.web-server] of project.toml has `BP_WEB_SERVER_HSTS`, which nobody reads: did you mean `hsts`?
    [io.kouti.web-server] of project.toml has `error_pages`, which nobody reads: did you mean `errors`?
    [io.kouti.web-server] of project.toml has `proxy`, which nobody reads: check its spelling, or remove it
    [io.kouti.web-server] of project.toml has `redirects[0].code`, which nobody reads: check its spelling, or remove it
    ");
}

#[test]
fn the_table_of_heroku_means_the_same() {
    assert_snapshot!(read(r#"
        [com.heroku.static-web-server]
        root = "dist"
        index = "index.html"

        [com.heroku.static-web-server.headers]
        "*".X-All = "1"
        "/".X-Home = "2"
        "/images/*" = { Cache-Control = "max-age=60", X-B = "3" }
        "/*.html".X-Page = "4"

        [com.heroku.static-web-server.errors.404]
        file_path = "index.html"
        status = 200
        path_exclusions = ["/api/*"]

        [com.heroku.static-web-server.runtime_config]
        html_files = ["index.html", "./docs/index.html"]

        [com.heroku.static-web-server.caddy_server_opts]
        clean_urls = true
        basic_auth = true
    "#), @"
    BP_WEB_SERVER_BASIC_AUTH=true
    BP_WEB_SERVER_CLEAN_URLS=true
    BP_WEB_SERVER_ENABLE_PUSH_STATE=true
    BP_WEB_SERVER_HEADERS=** X-All: 1
    BP_WEB_SERVER_HEADERS=/ X-Home: 2
    BP_WEB_SERVER_HEADERS=/images/** Cache-Control: max-age=60
    BP_WEB_SERVER_HEADERS=/images/** X-B: 3
    BP_WEB_SERVER_HEADERS=/*.html X-Page: 4
    BP_WEB_SERVER_PUSH_STATE_EXCLUDE=assets,/api/**
    BP_WEB_SERVER_ROOT=dist
    BP_WEB_SERVER_RUNTIME_ENV=html
    BP_WEB_SERVER_RUNTIME_ENV_FILES=/index.html,/docs/index.html
    ");
    assert_snapshot!(read(r#"
        [com.heroku.static-web-server]
        index = "main.html"
        build = { command = "make" }
        errors.404 = { file_path = "gone.html", status = 410, path_exclusions = ["/api/*"], other = 1 }
        errors.500.file_path = "500.html"
        runtime_config = { enabled = false, other = 1 }
        caddy_server_opts.access_logs.enabled = true
    "#), @"
    BP_WEB_SERVER_ERROR_PAGES=404=gone.html
    BP_WEB_SERVER_RUNTIME_ENV=off
    `index` in [com.heroku.static-web-server] of project.toml has no effect: call the page index.html
    `build` in [com.heroku.static-web-server] of project.toml has no effect: remove it: nothing here does the same
    [com.heroku.static-web-server] of project.toml has `errors.404.other`, which nobody reads: check its spelling, or remove it
    `errors.404.status` in [com.heroku.static-web-server] of project.toml has no effect: only index.html is served with 200 instead of 404
    `errors.404.path_exclusions` in [com.heroku.static-web-server] of project.toml has no effect: remove it: nothing here does the same
    `errors.500` in [com.heroku.static-web-server] of project.toml has no effect: remove it: nothing here does the same
    [com.heroku.static-web-server] of project.toml has `runtime_config.other`, which nobody reads: check its spelling, or remove it
    `caddy_server_opts.access_logs` in [com.heroku.static-web-server] of project.toml has no effect: remove it: nothing here does the same
    ");
}

#[test]
fn our_table_counts_more_than_that_of_heroku() {
    let project = project(
        "[io.kouti.web-server]\nroot = \"ours\"\n[com.heroku.static-web-server]\nroot = \"theirs\"\n\
         caddy_server_opts.clean_urls = true\n",
    );
    let settings: Vec<_> = project.settings().collect();
    assert_eq!(settings, [("BP_WEB_SERVER_CLEAN_URLS", "true"), ("BP_WEB_SERVER_ROOT", "ours")]);
    assert_eq!(
        project.title(),
        "[com.heroku.static-web-server] and [io.kouti.web-server] of project.toml"
    );
    let user: Env = [("BP_WEB_SERVER_ROOT", "mine")].into_iter().collect();
    let env = project.below(&user);
    assert_eq!(env.get("BP_WEB_SERVER_ROOT"), Some("mine"));
    assert_eq!(env.get("BP_WEB_SERVER_CLEAN_URLS"), Some("true"));
}

#[test]
fn a_value_of_another_type_is_shown() {
    assert_snapshot!(page("[io.kouti.web-server]\nroot = \"dist\"\npush_state = \"yes\"\n"), @r#"
    error[bad-project-toml]: project.toml cannot be read: `push_state` is a text, not true or false
     --> project.toml:3:14
      |
    3 | push_state = "yes"
      |              ^^^^^ here

    hint: write it as `push_state = true`
    "#);
    let reason = |lines: &str| {
        let page = page(lines);
        page.lines().next().unwrap().split_once("cannot be read: ").unwrap().1.to_owned()
    };
    for (line, expected) in [
        ("root = true", "`root` is true, not a text"),
        ("push_state = 1", "`push_state` is a number, not true or false"),
        ("hsts = 1", "`hsts` is a number, not a text"),
        ("headers = \"X-A: 1\"", "`headers` is a text, not a table"),
        ("headers.\"/**\" = \"X\"", "`headers.\"/**\"` is a text, not a table"),
        ("headers.\"/**\".X-A = 1", "`headers.\"/**\".X-A` is a number, not a text"),
        ("errors.404 = []", "`errors.404` is a list, not a text"),
        ("redirects = \"/a /b\"", "`redirects` is a text, not a list"),
        ("redirects = [1]", "`redirects[0]` is a number, not a table"),
        ("redirects = [{ from = \"/a\" }]", "`redirects[0]` has no `to`"),
        ("cache_control = 2026-01-01", "`cache_control` is a date, not a table"),
        ("push_state_exclude = { a = 1 }", "`push_state_exclude` is a table, not a list"),
        ("server = \"apache\"", "`server` is `apache`, not nginx or httpd"),
    ] {
        assert_eq!(reason(&ours(line)), expected, "{line}");
    }
    assert_eq!(
        reason("[io.kouti]\nweb-server = 1\n"),
        "`io.kouti.web-server` is a number, not a table"
    );
    let heroku = "com.heroku.static-web-server.errors.404 = { status = 200 }\n";
    assert_eq!(reason(heroku), "`errors.404` has no `file_path`");
}

#[test]
fn a_value_that_its_setting_refuses_is_shown() {
    assert_snapshot!(page(&ours(
        "redirects = [\n  { from = \"/a\", to = \"/b\" },\n  { from = \"/b\", to = \"/c\", status = 200 },\n]",
    )), @r#"
    error[bad-project-toml]: project.toml cannot be read: an entry of `redirects` is `/b /c 200`: `200` is no redirect: 301, 302, 303, 307, 308
     --> project.toml:4:3
      |
    4 |   { from = "/b", to = "/c", status = 200 },
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here

    hint: write it as `redirects = [{ from = "/old/**", to = "/new", status = 301 }]`
    "#);
    assert_snapshot!(page(&ours("redirects = [\n  \"/a /b\",\n  \"/b /a\",\n]")), @r#"
    error[bad-project-toml]: project.toml cannot be read: an entry of `redirects` is `/a /b`: by way of `/b /a` it leads back to itself
     --> project.toml:2:13
      |
    2 | redirects = [
      |             ^ here

    hint: write it as `redirects = [{ from = "/old/**", to = "/new", status = 301 }]`
    "#);
    assert_snapshot!(page(&ours("hsts = \"always\"")), @r#"
    error[bad-project-toml]: project.toml cannot be read: `hsts` is set to `always`, which is not true, false or a value such as `max-age=31536000`
     --> project.toml:2:8
      |
    2 | hsts = "always"
      |        ^^^^^^^^ here

    hint: write it as `hsts = true`
    "#);
    assert_snapshot!(page(&ours("errors.200 = \"ok.html\"")), @r#"
    error[bad-project-toml]: project.toml cannot be read: an entry of `errors` is `200=ok.html`: `200` is neither an error status, 400 to 599, nor 4xx or 5xx
     --> project.toml:2:14
      |
    2 | errors.200 = "ok.html"
      |              ^^^^^^^^^ here

    hint: write it as `errors.404 = "404.html"`
    "#);
}

#[test]
fn no_key_or_value_can_slip_something_else_in() {
    for line in [
        r#"headers."/a b".X-A = "1""#,
        r#"headers."/a"."X-A: 1" = "2""#,
        r#"headers."/a".X-A = "1\n/** X-B: 2""#,
        r#"headers."".X-A = "1""#,
        r#"cache_control."/a b" = "no-store""#,
        r#"errors."404=a.html,500" = "b.html""#,
        r#"errors.404 = "a.html,500=b.html,x""#,
        r#"redirects = ["/a /b\n/c /d"]"#,
        r#"redirects = [{ from = "/a /x", to = "/b" }]"#,
        r#"csp = "a\nb""#,
    ] {
        let page = page(&ours(line));
        assert!(page.starts_with("error[bad-project-toml]") && page.contains('^'), "{page}");
    }
}

#[test]
fn a_file_that_is_no_toml_is_only_ours_if_it_speaks_of_a_site() {
    assert_snapshot!(page("[io.kouti.web-server]\nroot = \"dist\npush_state = true\n"), @r#"
    error[bad-project-toml]: project.toml cannot be read: invalid basic string, expected `"`
     --> project.toml:2:13
      |
    2 | root = "dist
      |             ^ here

    hint: correct it where the message points
    "#);
    // Places at the end of the file, and signs of more than a byte.
    for text in [
        "[io.kouti.web-server",
        "[io.kouti.web-server]\ncsp = \"ä",
        "# io.kouti.web-server\nä",
        "\u{feff}[io.kouti.web-server]\r\ncsp = 1\r\n",
    ] {
        let page = page(text);
        assert!(page.contains(" --> project.toml:") && page.contains('^'), "{page}");
    }
}
