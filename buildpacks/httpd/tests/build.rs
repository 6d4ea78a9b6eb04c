//! What a build makes.

use crate::support::case;
use insta::assert_snapshot;

#[test]
fn an_app_with_a_configuration_gets_httpd_and_a_process() {
    let build = case().file("httpd.conf", "Listen ${PORT}\n").build();
    assert_snapshot!(build.log(), @"
    Kouti httpd [version]
      Choosing Apache HTTP Server
        default   2.4.*   <- used
        2.4.68 chosen (newest that fits)
      Installing Apache HTTP Server 2.4.68
        410 B from the buildpack in [time], sha256 ok
      Checking the configuration
        httpd accepts it
      Installing launch helper
      Processes
        web (default)   httpd -f httpd.conf -k start -DFOREGROUND
      Done in [time]
    ");
    assert_eq!(build.processes(), "web (default): httpd -f httpd.conf -k start -DFOREGROUND\n");
    let env = build.launch_env("web");
    assert_eq!(env["SERVER_ROOT"], "<layers>/kouti_httpd/httpd/dist");
    assert_eq!(env["PORT"], "8080");
}

#[test]
fn project_toml_says_how_a_site_is_served() {
    let table = "[io.kouti.web-server]\nroot = \"site\"\nheaders.\"/**\".X-A = \"one\"\n";
    let app = case().file("project.toml", table).file("site/index.html", "");
    let build = app.env("BP_WEB_SERVER", "httpd").build();
    assert!(build.log().contains("Serving site (project.toml)"), "{}", build.log());
    let conf = build.layer("web-server-config").read("httpd.conf");
    assert!(conf.contains("X-A"), "{conf}");
}
