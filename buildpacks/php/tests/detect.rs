//! For which apps it takes part, and what it asks others for.

use insta::assert_snapshot;
use kouti_testing::Case;

use crate::support::{bare, page, shop};

#[test]
fn a_page_wants_nginx_and_can_do_without() {
    assert_snapshot!(page().detect().plan(), @r#"
    [[provides]]
    name = "php"

    [[provides]]
    name = "php-fpm"

    [[provides]]
    name = "php-nginx-config"

    [[requires]]
    name = "php"

    [requires.metadata]
    launch = true
    mode = "app"

    [[requires]]
    name = "php-fpm"

    [requires.metadata]
    build = true
    launch = true
    mode = "app"

    [[requires]]
    name = "php-nginx-config"

    [requires.metadata]
    build = true
    launch = true
    mode = "app"

    [[requires]]
    name = "nginx"

    [requires.metadata]
    build = true
    config = "php"
    launch = true

    [[or]]

    [[or.provides]]
    name = "php"

    [[or.requires]]
    name = "php"

    [or.requires.metadata]
    launch = true
    mode = "app"
    "#);
}

#[test]
fn every_sign_of_php_alone_is_enough() {
    for case in [
        bare().file("index.php", ""),
        bare().file("public/app.php", ""),
        bare().file("htdocs/x.php", ""),
        bare().file("composer.json", "{}"),
        bare().env("BP_PHP_SERVER", "none"),
        bare().env("BP_PHP_WEB_DIR", "./site/").file("site/x.php", ""),
        bare().env("COMPOSER", "conf/other.json").file("conf/other.json", "{}"),
    ] {
        assert!(case.detect().plan().contains("mode = \"app\""));
    }
}

#[test]
fn other_apps_are_only_offered_php() {
    for case in [bare(), bare().file("scripts/tool.php", ""), bare().file("server.js", "")] {
        assert!(!case.detect().plan().contains("requires"));
    }
    assert_snapshot!(bare().detect().plan(), @r#"
    [[provides]]
    name = "php"

    [[provides]]
    name = "composer"

    [[or]]

    [[or.provides]]
    name = "php"
    "#);
}

#[test]
fn each_server_asks_for_what_it_needs() {
    let names = |case: Case| {
        let detected = case.detect();
        let plan = detected.plan();
        let first = plan.split("[[or]]").next().unwrap_or_default().to_owned();
        let mut names: Vec<_> = first.lines().filter(|line| line.starts_with("name")).collect();
        names.sort_unstable();
        names.dedup();
        names.join(" ").replace("name = ", "").replace('"', "")
    };
    let server = |name: &str| bare().file("index.php", "").env("BP_PHP_SERVER", name);
    assert_eq!(names(server("nginx")), "nginx php php-fpm php-nginx-config");
    assert_eq!(names(server("HTTPD")), "httpd php php-fpm php-httpd-config");
    assert_eq!(names(server("php-server")), "php");
    assert_eq!(names(server("fpm")), "php php-fpm");
    assert_eq!(names(server("none")), "php");
    assert_eq!(names(server("none").file("composer.json", "{}")), "composer composer-packages php");
    let reload = server("nginx").env("BP_LIVE_RELOAD_ENABLED", "true");
    assert_eq!(names(reload), "nginx php php-fpm php-nginx-config watchexec");
}

#[test]
fn the_version_of_the_web_server_is_passed_on() {
    let plan = page().env("BP_NGINX_VERSION", "1.26.*").detect().plan();
    assert!(plan.contains("config = \"php\""), "{plan}");
    assert!(plan.contains("version = \"1.26.*\"\nversion-source = \"BP_NGINX_VERSION\""), "{plan}");
}

#[test]
fn others_see_which_php_is_wanted() {
    let plan = shop().env("BP_PHP_VERSION", "8.4.*").detect().plan();
    for (version, source) in [("8.4.*", "BP_PHP_VERSION"), ("^8.2", "composer.lock")] {
        let entry = format!("version = \"{version}\"\nversion-source = \"{source}\"");
        assert!(plan.contains(&entry), "{plan}");
    }
}

#[test]
fn assets_are_built_if_somebody_can() {
    let case = page().file("package.json", r#"{"scripts": {"build": "vite build"}}"#);
    let plan = case.detect().plan();
    assert!(plan.contains("name = \"node_modules\""), "{plan}");
    assert!(plan.contains("assets = true"), "{plan}");
    assert!(case.detect().group().contains(&"kouti/php"), "nobody builds them here");
    let with = case.provides("node_modules").detect();
    assert!(with.group().contains(&"test/provides-node_modules"), "{:?}", with.group());
    let lint = page().file("package.json", r#"{"scripts": {"lint": "eslint"}}"#).detect();
    assert!(!lint.plan().contains("node_modules"));
}

#[test]
fn a_bad_setting_is_told_by_the_build() {
    for (name, value) in [("BP_PHP_SERVER", "apache"), ("BP_PHP_ENABLE_HTTPS_REDIRECT", "maybe")] {
        let case = page().env(name, value);
        assert!(case.detect().passes(), "{name}");
        assert!(case.fails().error().starts_with("error[bad-setting]"), "{name}");
    }
}

#[test]
fn a_composer_file_that_is_not_there_is_named() {
    let failed = bare().env("COMPOSER", "conf/other.json").fails();
    assert_snapshot!(failed.error(), @"
    error[no-composer-file]: COMPOSER names `conf/other.json`, which does not exist

    hint: name a file of the app, relative to its root, or leave COMPOSER out
    ");
}
