//! What a build makes.

use insta::assert_snapshot;
use kouti_testing::Types;
use kouti_testing::real::Site;

use crate::support::{case, real};

const CONF: &str =
    "events {}\nhttp {\n  server {\n    listen {{port}};\n    root public;\n  }\n}\n";

#[test]
fn an_app_with_a_configuration_gets_nginx_and_a_process() {
    let build = case().file("nginx.conf", CONF).file("public/index.html", "hello").build();
    assert_snapshot!(build.log(), @"
    Kouti nginx [version]
      Choosing nginx
        default   1.31.*   <- used
        1.31.3 chosen (newest that fits)
      Installing nginx 1.31.3
        385 B from the buildpack in [time], sha256 ok
      Checking the configuration
        nginx accepts it
      Installing launch helper
      Processes
        web (default)   nginx -c nginx.conf
      Done in [time]
    ");
    assert_eq!(build.layer("nginx").types(), Types::LAUNCH);
    assert_eq!(build.processes(), "web (default): nginx -c nginx.conf\n");
    assert_eq!(build.layer("helper").env()["env.launch/PORT.default"], "8080");
}

#[test]
fn the_real_nginx_serves_a_generated_site() {
    let Some(case) = real() else { return };
    let build = case
        .env("BP_WEB_SERVER", "nginx")
        .file("public/index.html", "hello")
        .file("public/.env", "secret")
        .build();
    assert!(build.log().contains("Serving public (it has an index.html)"), "{}", build.log());
    let site = Site::start(&build, &[]);
    let answer = site.get("/");
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello"), "{}", answer.head);
    assert_eq!(site.get("/.env").status, 404);
}

#[test]
fn the_real_nginx_reads_what_the_apps_own_configuration_includes() {
    let Some(case) = real() else { return };
    let conf = "events {}\nhttp {\n  include mime.types;\n  include conf.d/*.conf;\n}\n";
    let server = "server {\n  listen {{port}};\n  root public;\n  include snippets/headers;\n  \
                  location /private { auth_basic x; auth_basic_user_file ../certs/.htpasswd; }\n}\n";
    let build = case
        .env("BP_NGINX_CONF_LOCATION", "config/nginx.conf")
        .file("config/nginx.conf", conf)
        .file("config/conf.d/server.conf", server)
        .file("config/snippets/headers", "add_header X-Colour \"{{env \"COLOUR\"}}\";\n")
        .file("certs/.htpasswd", "me:{PLAIN}secret\n")
        .file("public/style.css", "a {}")
        .file("public/private/index.html", "private")
        .build();
    let site = Site::start(&build, &[("COLOUR", "blue")]);
    let answer = site.get("/style.css");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("X-Colour"), Some("blue"));
    assert_eq!(answer.header("Content-Type"), Some("text/css"));
    assert_eq!(site.get("/private/").status, 401);
    assert_eq!(site.get_with("/private/", "Authorization: Basic bWU6c2VjcmV0\r\n").body, "private");
    assert!(site.temp().join("nginx.pid").is_file());
    assert!(site.stop().status.success());
    assert!(!build.app_path("config/client_body_temp").exists());
    assert!(build.app_file("config/snippets/headers").contains("{{env"), "the app is as it was");

    let again = Site::start(&build, &[("COLOUR", "red")]);
    assert_eq!(again.get("/style.css").header("X-Colour"), Some("red"));
}
