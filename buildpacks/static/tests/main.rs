//! The programs in the miniature lifecycle.
#![cfg(test)]

use insta::assert_snapshot;
use kouti_testing::Case;

fn case() -> Case {
    Case::new(
        env!("CARGO_BIN_EXE_kouti-static"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .provides("nginx")
}

#[test]
fn files_where_sites_have_them_are_served() {
    for dir in ["public", "dist", "build", "_site", "site", "htdocs"] {
        let plan = case().file(&format!("{dir}/index.html"), "").detect().plan();
        assert!(plan.contains(&format!("BP_WEB_SERVER_ROOT = \"{dir}\"")), "{plan}");
        assert!(!plan.contains("node_modules"), "{plan}");
    }
}

#[test]
fn a_repository_that_is_the_site_hides_what_else_it_has() {
    let case = case().file("index.html", "").file("package.json", "{}");
    assert_snapshot!(case.detect().plan(), @r#"
    [[requires]]
    name = "nginx"

    [requires.metadata]
    launch = true
    version-source = "static"

    [requires.metadata.site]
    BP_WEB_SERVER_HIDDEN = "Procfile,Staticfile,Staticfile.auth,buildpack.yml,firebase.json,manifest.yaml,manifest.yml,package.json,package-lock.json,pnpm-lock.yaml,project.toml,static.json,yarn.lock,*.conf,/node_modules/**,/vendor/**"
    BP_WEB_SERVER_ROOT = "."
    "#);
    assert_snapshot!(case.build().log_of("kouti/static"), @"
    Kouti static [version]
      Recognised a site in the app's directory
        BP_WEB_SERVER_HIDDEN=Procfile,Staticfile,Staticfile.auth,buildpack.yml,firebase.json,manifest.yaml,manifest.yml,package.json,package-lock.json,pnpm-lock.yaml,project.toml,static.json,yarn.lock,*.conf,/node_modules/**,/vendor/**
        BP_WEB_SERVER_ROOT=.
      Done in [time]
    ");
}

#[test]
fn a_front_end_is_built_by_node() {
    let package = r#"{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}"#;
    let plan = case().provides("node_modules").file("package.json", package).detect().plan();
    assert_snapshot!(plan, @r#"
    [[requires]]
    name = "nginx"

    [requires.metadata]
    launch = true
    version-source = "static"

    [requires.metadata.site]

    [[requires]]
    name = "node_modules"

    [requires.metadata]
    assets = true
    build = true
    "#);
}

#[test]
fn a_staticfile_says_how() {
    let case = case()
        .file("Staticfile", "root: site\npushstate: enabled\nrooot: x\n")
        .file("Staticfile.auth", "me:x\n")
        .file("site/index.html", "");
    assert_snapshot!(case.build().log_of("kouti/static"), @"
    Kouti static [version]
      Recognised a site with a Staticfile
        BP_WEB_SERVER_AUTH_FILE=Staticfile.auth
        BP_WEB_SERVER_ENABLE_PUSH_STATE=true
        BP_WEB_SERVER_ROOT=site
    warning: Staticfile has the key `rooot`, which nobody reads
    hint: check its spelling, or remove it
      Done in [time]
    warning: Staticfile has the key `rooot`, which nobody reads
    hint: check its spelling, or remove it
    ");
    assert_snapshot!(case.file("Staticfile", "root: [\n").fails().error(), @"
    error[bad-staticfile]: Staticfile cannot be read: expected string scalar
     --> Staticfile:1:7
      |
    1 | root: [
      |       ^ here

    hint: write it as lines `key: value`, such as `root: public` and `pushstate: enabled`
    ");
}

/// A `project.toml` with these lines in our table.
fn table(lines: &str) -> String {
    format!("[io.kouti.web-server]\n{lines}\n")
}

#[test]
fn a_table_of_project_toml_makes_a_site() {
    let app = case().file("project.toml", table("root = \"web\"\npush_state = true\nhsts = true"));
    assert_snapshot!(app.detect().plan(), @r#"
    [[requires]]
    name = "nginx"

    [requires.metadata]
    launch = true
    version-source = "static"

    [requires.metadata.site]
    BP_WEB_SERVER_ENABLE_PUSH_STATE = "true"
    BP_WEB_SERVER_HSTS = "true"
    BP_WEB_SERVER_ROOT = "web"
    "#);
    assert_snapshot!(app.build().log_of("kouti/static"), @"
    Kouti static [version]
      Recognised a site with [io.kouti.web-server] of project.toml
        BP_WEB_SERVER_ENABLE_PUSH_STATE=true
        BP_WEB_SERVER_HSTS=true
        BP_WEB_SERVER_ROOT=web
      Done in [time]
    ");
    let root = |case: Case| {
        let plan = case.detect().plan();
        let line = plan.lines().find(|line| line.starts_with("BP_WEB_SERVER_ROOT"));
        (line.unwrap_or_default().to_owned(), plan.contains("BP_WEB_SERVER_HIDDEN"))
    };
    let site = || case().file("project.toml", table("hsts = true"));
    assert_eq!(root(site()), ("BP_WEB_SERVER_ROOT = \"public\"".to_owned(), false));
    let found = site().file("dist/index.html", "");
    assert_eq!(root(found), ("BP_WEB_SERVER_ROOT = \"dist\"".to_owned(), false));
    let whole = site().file("index.html", "");
    assert_eq!(root(whole), ("BP_WEB_SERVER_ROOT = \".\"".to_owned(), true));
    let whole = case().file("project.toml", table("root = \"./\""));
    assert_eq!(root(whole), ("BP_WEB_SERVER_ROOT = \"./\"".to_owned(), true));
    let heroku = case().file("project.toml", "[com.heroku.static-web-server]\nroot = \"web\"\n");
    assert_eq!(root(heroku), ("BP_WEB_SERVER_ROOT = \"web\"".to_owned(), false));
}

#[test]
fn a_table_of_project_toml_counts_more_than_what_else_is_there() {
    let site = case().file("project.toml", table("root = \"web\"\nssi = false"));
    let staticfile = site.clone().file("Staticfile", "ssi: enabled\npushstate: enabled\n");
    assert_snapshot!(staticfile.build().log_of("kouti/static"), @"
    Kouti static [version]
      Recognised a site with a Staticfile, and [io.kouti.web-server] of project.toml
        BP_WEB_SERVER_ENABLE_PUSH_STATE=true
        BP_WEB_SERVER_ROOT=web
        BP_WEB_SERVER_SSI=false
      Done in [time]
    ");
    let package = r#"{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}"#;
    let front_end = site.provides("node_modules").file("package.json", package);
    assert!(front_end.detect().plan().contains("node_modules"), "the build makes `web`");
    let made = front_end.file("web/index.html", "");
    assert!(!made.detect().plan().contains("node_modules"), "`web` is there");
    let usual = made.file("dist/index.html", "").file("project.toml", table("root = \"./dist/\""));
    assert!(usual.detect().plan().contains("node_modules"), "`dist` is what Vite makes");
}

#[test]
fn a_table_of_project_toml_names_the_server() {
    let site = case().provides("httpd").file("project.toml", table("server = \"httpd\""));
    let server = |case: &Case| case.detect().plan().lines().nth(1).unwrap().to_owned();
    assert_eq!(server(&site), "name = \"httpd\"");
    assert_eq!(server(&site.env("BP_WEB_SERVER", "nginx")), "name = \"nginx\"");
}

#[test]
fn a_table_of_project_toml_that_cannot_be_read() {
    let site = case().file("project.toml", table("root = \"web\"\npush_state = \"yes\""));
    assert_snapshot!(site.fails().error(), @r#"
    error[bad-project-toml]: project.toml cannot be read: `push_state` is a text, not true or false
     --> project.toml:3:14
      |
    3 | push_state = "yes"
      |              ^^^^^ here

    hint: write it as `push_state = true`
    "#);
    // Whoever else reads it says what is wrong with it.
    let other = case().file("index.html", "").file("project.toml", "[io.buildpacks\n");
    assert!(other.detect().plan().contains("BP_WEB_SERVER_ROOT"));
}

#[test]
fn live_reload_takes_what_it_needs() {
    let site = case().file("public/index.html", "").env("BP_LIVE_RELOAD_ENABLED", "true");
    let plan = site.provides("watchexec").detect().plan();
    assert!(plan.contains("name = \"watchexec\"\n\n[requires.metadata]\nlaunch = true"), "{plan}");
}

#[test]
fn what_another_platform_was_told_is_remarked_on() {
    let found = case().file("static.json", "{}").file("dist/index.html", "");
    assert_snapshot!(found.build().log_of("kouti/static"), @"
    Kouti static [version]
      Recognised a site in dist
        BP_WEB_SERVER_ROOT=dist
    warning: static.json is for Heroku's static buildpack, and has no effect
    hint: say the same with BP_WEB_SERVER_ROOT, BP_WEB_SERVER_ENABLE_PUSH_STATE, BP_WEB_SERVER_CLEAN_URLS, BP_WEB_SERVER_ERROR_PAGES, BP_WEB_SERVER_REDIRECTS and BP_WEB_SERVER_HEADERS, or with a Staticfile
      Done in [time]
    warning: static.json is for Heroku's static buildpack, and has no effect
    hint: say the same with BP_WEB_SERVER_ROOT, BP_WEB_SERVER_ENABLE_PUSH_STATE, BP_WEB_SERVER_CLEAN_URLS, BP_WEB_SERVER_ERROR_PAGES, BP_WEB_SERVER_REDIRECTS and BP_WEB_SERVER_HEADERS, or with a Staticfile
    ");
    let skipped = case().file("firebase.json", r#"{"hosting": {"public": "web"}}"#);
    let log = skipped.file("web/index.html", "").fails().log();
    let reason = "skipped: firebase.json has no effect: set BP_WEB_SERVER and BP_WEB_SERVER_ROOT, or write a Staticfile";
    assert!(log.contains(reason), "{log}");
}

#[test]
fn others_come_first() {
    for (case, reason) in [
        (case().file("index.html", "").file("nginx.conf", ""), "skipped: no Staticfile"),
        (case().file("index.html", "").env("BP_WEB_SERVER", "none"), "BP_WEB_SERVER is none"),
        (case().file("main.py", ""), "skipped: no Staticfile"),
    ] {
        let failed = case.fails();
        assert!(failed.log().contains(reason), "{}", failed.log());
    }
}
