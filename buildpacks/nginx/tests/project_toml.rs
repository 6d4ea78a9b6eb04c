//! What an app says of its site in `project.toml`.

use insta::assert_snapshot;
use kouti_testing::{Built, Case};

use crate::support::case;

const TABLE: &str = r#"
[io.kouti.web-server]
root = "site"
clean_urls = true
rooot = "x"
headers."/docs/**" = { X-Robots-Tag = "noindex" }
redirects = [{ from = "/old/**", to = "/new", status = 308 }]
"#;

fn app() -> Case {
    case().file("project.toml", TABLE).file("site/index.html", "").file("public/index.html", "")
}

fn conf(build: &Built) -> String {
    build.layer("web-server-config").read("nginx.conf")
}

#[test]
fn the_table_says_how_a_site_is_served() {
    let build = app().env("BP_WEB_SERVER", "nginx").build();
    assert_snapshot!(build.log(), @"
    Kouti nginx [version]
      Settings
        BP_WEB_SERVER   nginx
      Choosing nginx
        default   1.31.*   <- used
        1.31.3 chosen (newest that fits)
    warning: [io.kouti.web-server] of project.toml has `rooot`, which nobody reads
    hint: did you mean `root`?
      Installing nginx 1.31.3
        385 B from the buildpack in [time], sha256 ok
      Reading [io.kouti.web-server] of project.toml
        BP_WEB_SERVER_CLEAN_URLS=true
        BP_WEB_SERVER_HEADERS=/docs/** X-Robots-Tag: noindex
        BP_WEB_SERVER_REDIRECTS=/old/** /new 308
        BP_WEB_SERVER_ROOT=site
      Serving site (project.toml)
      Installing configuration of nginx
      Checking the configuration
        nginx accepts it
      Installing launch helper
      Processes
        web (default)   nginx -c <layers>/kouti_nginx/web-server-config/nginx.conf
      Done in [time]
    warning: [io.kouti.web-server] of project.toml has `rooot`, which nobody reads
    hint: did you mean `root`?
    ");
    let conf = conf(&build);
    assert!(
        conf.contains("X-Robots-Tag") && conf.contains("308") && conf.contains("/new"),
        "{conf}"
    );
}

#[test]
fn a_variable_of_the_build_counts_more() {
    let site = app().env("BP_WEB_SERVER", "nginx").env("BP_WEB_SERVER_ROOT", "public");
    let build = site.env("BP_WEB_SERVER_REDIRECTS", "/mine /x").build();
    assert!(build.log().contains("Serving public (BP_WEB_SERVER_ROOT)"), "{}", build.log());
    let conf = conf(&build);
    assert!(conf.contains("/mine") && !conf.contains("/new"), "{conf}");
    assert!(conf.contains("X-Robots-Tag"), "{conf}");
}

#[test]
fn another_buildpack_and_a_front_end_count_less() {
    let site =
        "launch = true, site = { BP_WEB_SERVER_ROOT = \"public\", BP_WEB_SERVER_SSI = \"true\" }";
    let build = app().requires("nginx", site).build();
    assert!(build.log().contains("Serving site (project.toml)"), "{}", build.log());
    assert!(conf(&build).contains("ssi on;"), "{}", conf(&build));

    let package = r#"{"scripts": {"build": "x"}, "devDependencies": {"vite": "7"}}"#;
    let table = "[io.kouti.web-server]\ncsp = \"default-src 'self'\"\n";
    let push_state = |table: &str| {
        let app = case().file("package.json", package).file("dist/index.html", "");
        let build = app.file("project.toml", table).env("BP_WEB_SERVER", "nginx").build();
        let conf = conf(&build);
        assert!(conf.contains("default-src 'self'"), "{conf}");
        conf.contains("immutable")
    };
    assert!(push_state(table), "what goes without saying for the tool");
}

#[test]
fn a_directory_that_is_not_there_is_said_to_be_of_the_file() {
    let table = "[io.kouti.web-server]\nroot = \"gone\"\n";
    let app = case().file("project.toml", table).env("BP_WEB_SERVER", "nginx");
    assert!(app.fails().error().contains("`gone` (project.toml), does not exist"));
}

#[test]
fn a_value_that_cannot_be_used_stops_only_what_would_use_it() {
    let broken = |case: Case| {
        let table = "[io.kouti.web-server]\nheaders.\"/**\".X-A = 1\n";
        case.file("project.toml", table).file("public/index.html", "")
    };
    assert_snapshot!(broken(case().env("BP_WEB_SERVER", "nginx")).fails().error(), @r#"
    error[bad-project-toml]: project.toml cannot be read: `headers."/**".X-A` is a number, not a text
     --> project.toml:2:21
      |
    2 | headers."/**".X-A = 1
      |                     ^ here

    hint: write it as `headers."/docs/**" = { X-Frame-Options = "DENY" }`
    "#);
    let php = broken(case().requires("nginx", "launch = true, config = \"php\""));
    assert!(php.build().processes().is_empty());
    let own =
        broken(case().file("nginx.conf", "events {}\nhttp { server { listen {{port}}; } }\n"));
    assert!(!own.build().log().contains("project.toml"));
}

#[test]
fn an_apps_own_configuration_leaves_the_table_without_effect() {
    let own = app().file("nginx.conf", "events {}\nhttp { server { listen {{port}}; } }\n");
    let warning = "warning: [io.kouti.web-server] of project.toml has no effect: the app has its own nginx.conf\n\
        hint: set BP_WEB_SERVER_IGNORE_APP_CONF=true to leave that aside\n";
    let log = own.build().log();
    assert!(log.contains(warning) && !log.contains("rooot"), "{log}");
    let aside = own.env("BP_WEB_SERVER", "nginx").env("BP_WEB_SERVER_IGNORE_APP_CONF", "true");
    assert!(aside.build().log().contains("Serving site (project.toml)"));
}
