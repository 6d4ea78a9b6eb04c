//! What a second build does, and live reload.

use insta::assert_snapshot;
use kouti_testing::Case;

use crate::support::{case, nginx};

const CONF: &str = "events {}\nhttp {\n  server {\n    listen {{port}};\n  }\n}\n";

fn app() -> Case {
    case().file("nginx.conf", CONF)
}

#[test]
fn nothing_is_fetched_again() {
    let build = app().env("BP_NGINX_CONFIG_CHECK", "false").build();
    let again = build.rebuild();
    assert_snapshot!(again.log(), @"
    Kouti nginx [version]
      Settings
        BP_NGINX_CONFIG_CHECK   false
      Choosing nginx
        default   1.31.*   <- used
        1.31.3 chosen (newest that fits)
      Reusing nginx 1.31.3
      Reusing launch helper
      Processes
        web (default)   nginx -c nginx.conf
      Done in [time]
    ");
    assert_eq!(again.image_digest(), build.image_digest());
    let newer = nginx("1.31.4").file("sbin/other", "");
    let other = again.rebuild_with(|case| case.artifact(newer));
    assert!(other.log().contains("Rebuilding nginx 1.31.4: checksum changed"), "{}", other.log());
}

#[test]
fn from_a_configuration_of_the_app_to_a_generated_one() {
    let build = app().file("public/index.html", "hello").build();
    assert_eq!(build.launch_env("web")["EXECD_CONF"], "<app>/nginx.conf");
    let generated =
        build.rebuild_with(|case| case.without("nginx.conf").env("BP_WEB_SERVER", "nginx"));
    let env = generated.launch_env("web");
    assert_eq!(env["EXECD_CONF"], "<layers>/kouti_nginx/web-server-config/nginx.conf");
    assert_eq!((env["PORT"].as_str(), env["APP_ROOT"].as_str()), ("8080", "<app>"));
    let back = generated.rebuild_with(|case| case.file("nginx.conf", CONF));
    assert_eq!(back.launch_env("web")["EXECD_CONF"], "<app>/nginx.conf");
    assert!(back.find_layer("web-server-config").is_none());
}

#[test]
fn an_apps_own_configuration_stays_as_it_is() {
    let app = app().file("public/index.html", "hello").env("BP_WEB_SERVER", "nginx");
    let own = app.clone().env("BP_WEB_SERVER_FORCE_HTTPS", "true").build();
    let warning = "warning: BP_WEB_SERVER_FORCE_HTTPS, BP_WEB_SERVER have no effect: the app has its own nginx.conf\n\
        hint: set BP_WEB_SERVER_IGNORE_APP_CONF=true to leave that aside\n";
    assert!(own.log().contains(warning), "{}", own.log());
    assert_eq!(own.processes(), "web (default): nginx -c nginx.conf\n");
    assert_eq!(own.app_file("nginx.conf"), CONF);
    let generated = app.env("BP_WEB_SERVER_IGNORE_APP_CONF", "true").build();
    assert_eq!(
        generated.processes(),
        "web (default): nginx -c <layers>/kouti_nginx/web-server-config/nginx.conf\n"
    );
    assert_eq!(generated.app_file("nginx.conf"), CONF);
}

#[test]
fn live_reload_restarts_the_server_when_files_change() {
    let app = app().env("BP_LIVE_RELOAD_ENABLED", "true").provides("watchexec");
    let plan = app.detect().plan();
    assert!(plan.contains("name = \"watchexec\""), "{plan}");
    assert_snapshot!(app.build().processes(), @"
    no-reload: nginx -c nginx.conf
    web (default): watchexec --restart --watch . --shell none --no-vcs-ignore --no-project-ignore --debounce 200ms -- nginx -c nginx.conf
    ");
    let failed = app.env("BP_LIVE_RELOAD_ENABLED", "maybe").fails();
    assert!(
        failed.error().starts_with("error[bad-setting]: BP_LIVE_RELOAD_ENABLED"),
        "{}",
        failed.error()
    );
}
