//! Who asks for nginx, and which one it gets.

use insta::assert_snapshot;
use kouti_testing::{Case, Subject, Target, Types};

use crate::support::{bare, case, nginx};

const CONF: &str = "events {}\nhttp {\n  server {\n    listen {{port}};\n  }\n}\n";

fn with_conf() -> Case {
    case().file("nginx.conf", CONF)
}

/// The version that the log says is chosen.
fn chosen(case: &Case) -> String {
    let log = case.build().log();
    let line = log.lines().find(|line| line.contains(" chosen (")).expect("a version is chosen");
    line.trim().split(' ').next().unwrap().to_owned()
}

#[test]
fn nobody_asks_for_it_in_an_app_of_something_else() {
    let package = case().file("package.json", "{}");
    assert_snapshot!(package.detect().plan(), @r#"
    [[provides]]
    name = "nginx"
    "#);
    let failed = package.fails();
    assert_eq!(failed.exit_code(), 20, "{}", failed.failure());
    let optional = package.subject(Subject::optional).detect();
    assert!(optional.group().is_empty(), "{:?}", optional.group());
    for value in ["none", "httpd"] {
        let detected = with_conf().env("BP_WEB_SERVER", value).detect();
        assert!(!detected.plan().contains("requires"), "{value}: {}", detected.plan());
    }
}

#[test]
fn a_configuration_of_the_app_asks_for_it() {
    assert_snapshot!(with_conf().env("BP_NGINX_VERSION", "stable").detect().plan(), @r#"
    [[provides]]
    name = "nginx"

    [[requires]]
    name = "nginx"

    [requires.metadata]
    launch = true
    version = "stable"
    version-source = "BP_NGINX_VERSION"
    "#);
    let elsewhere = case().file("deploy/nginx.conf", CONF);
    assert!(!elsewhere.detect().plan().contains("requires"));
    let named = elsewhere.env("BP_NGINX_CONF_LOCATION", "deploy/nginx.conf");
    assert_eq!(named.build().processes(), "web (default): nginx -c deploy/nginx.conf\n");
}

#[test]
fn the_version_is_a_range_or_the_name_of_a_line() {
    for (range, expected) in [
        ("", "1.31.3"),
        ("1.30.4", "1.30.4"),
        ("1.30.*", "1.30.4"),
        ("1.30.x", "1.30.4"),
        ("~> 1.30.1", "1.30.4"),
        ("^1.30", "1.31.3"),
        ("stable", "1.30.4"),
        ("mainline", "1.31.3"),
        ("default", "1.31.3"),
    ] {
        assert_eq!(chosen(&with_conf().env("BP_NGINX_VERSION", range)), expected, "{range}");
    }
}

#[test]
fn the_users_wish_comes_before_that_of_another_buildpack() {
    let other = "version = \"1.30.*\", version-source = \"composer.json\", launch = true";
    let asked = case().requires("nginx", other);
    assert_eq!(chosen(&asked), "1.30.4");
    let build = asked.env("BP_NGINX_VERSION", "mainline").build();
    assert_snapshot!(build.log_of("kouti/nginx"), @"
    Kouti nginx [version]
      Settings
        BP_NGINX_VERSION   mainline
      Choosing nginx
        BP_NGINX_VERSION: mainline   1.31.*   <- used
        composer.json                1.30.*
        default                      1.31.*
        1.31.3 chosen (newest that fits)
    warning: composer.json asks for nginx 1.30.*, but BP_NGINX_VERSION: mainline decides, and 1.31.3 does not fit it
      Installing nginx 1.31.3
        385 B from the buildpack in [time], sha256 ok
      Installing launch helper
      Done in [time]
    warning: composer.json asks for nginx 1.30.*, but BP_NGINX_VERSION: mainline decides, and 1.31.3 does not fit it
    ");
}

#[test]
fn a_file_that_nobody_reads_is_remarked_on() {
    let file = "nginx:\n  version: stable\n";
    let build = with_conf().file("buildpack.yml", file).build();
    let warning = "warning: buildpack.yml is not read\n\
        hint: set BP_NGINX_VERSION instead of its `nginx.version`\n";
    assert!(build.log().contains(warning), "{}", build.log());
    assert!(build.log().contains("1.31.3 chosen"), "{}", build.log());
    let other = with_conf().file("buildpack.yml", "php:\n  version: 8\n").build();
    assert!(!other.log().contains("warning: buildpack.yml"), "{}", other.log());
}

#[test]
fn a_line_without_support_is_remarked_on() {
    let case = bare()
        .artifact(nginx("1.28.3").with("eol-date", "2026-04-14"))
        .file("nginx.conf", CONF)
        .env("BP_NGINX_VERSION", "1.28.*");
    let log = case.build().log();
    assert!(log.contains("warning: ") && log.contains("2026-04-14"), "{log}");
}

#[test]
fn another_buildpack_may_want_it_for_the_build_alone() {
    let build = case().requires("nginx", "build = true").build();
    let types = build.layer("nginx").types();
    assert_eq!(types, Types { build: true, ..Types::default() });
    assert!(build.build_env()["PATH"].contains("<layers>/kouti_nginx/nginx/dist/sbin"));
    assert!(build.find_layer("helper").is_none() && build.processes().is_empty());
}

#[test]
fn php_brings_configuration_and_process() {
    let build = case().requires("nginx", "launch = true, config = \"php\"").build();
    assert!(build.processes().is_empty() && build.find_layer("web-server-config").is_none());
    // Rendered when the container starts, wherever the configuration comes from.
    assert!(build.layer("helper").has("bin/nginx"));
}

#[test]
fn a_front_end_with_a_configuration_is_served_as_it_is() {
    let package = r#"{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}"#;
    let app = with_conf().file("package.json", package);
    let build = app.build();
    assert_eq!(build.processes(), "web (default): nginx -c nginx.conf\n");
    let warning = "warning: the app has nginx.conf, so nothing of its package.json is built or started\n\
        hint: set BP_NODE_RUN_SCRIPTS to build it first, or BP_WEB_SERVER=none to run it with Node.js\n";
    assert!(build.log().contains(warning), "{}", build.log());
    let asked = app.clone().env("BP_NODE_RUN_SCRIPTS", "build").build();
    assert!(!asked.log().contains("warning"), "{}", asked.log());
    let none = app.env("BP_WEB_SERVER", "none").detect();
    assert!(!none.plan().contains("requires"), "{}", none.plan());
}

#[test]
fn the_server_is_for_the_machine_of_the_image() {
    let artifact = |arch: &str, distro: &str| {
        let distros = toml_list(&[("name", "ubuntu"), ("version", distro)]);
        nginx("1.31.3")
            .with("arch", arch)
            .with("distros", distros)
            .file("which", format!("{arch} {distro}"))
    };
    for (arch, distro) in
        [("amd64", "22.04"), ("amd64", "24.04"), ("arm64", "22.04"), ("arm64", "24.04")]
    {
        let all = [("amd64", "22.04"), ("amd64", "24.04"), ("arm64", "22.04"), ("arm64", "24.04")];
        let case =
            all.iter().fold(bare(), |case, (arch, distro)| case.artifact(artifact(arch, distro)));
        let target = Target {
            arch: arch.into(),
            distro_name: "ubuntu".into(),
            distro_version: distro.into(),
            ..Target::default()
        };
        let build = case.file("nginx.conf", CONF).target(target).build();
        assert_eq!(build.layer("nginx").read("dist/which"), format!("{arch} {distro}"));
    }
}

fn toml_list(pairs: &[(&str, &str)]) -> toml::Value {
    let table = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into()));
    vec![toml::Value::Table(table.collect())].into()
}

#[test]
fn a_build_without_a_network_uses_what_came_with_the_buildpack() {
    let build =
        with_conf().env("BP_OFFLINE", "true").env("HTTP_PROXY", "http://127.0.0.1:1").build();
    assert!(build.log().contains("from the buildpack"), "{}", build.log());
}
