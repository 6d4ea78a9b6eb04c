//! Configurations of the app, who asks for httpd, and what a second build does.

use insta::assert_snapshot;
use kouti_testing::Case;
use kouti_testing::real::Site;

use crate::support::{case, real};

/// As little as httpd needs.
const CONF: &str = "ServerRoot \"${SERVER_ROOT}\"
ServerName 0.0.0.0
<IfModule !mpm_event_module>
  LoadModule mpm_event_module modules/mod_mpm_event.so
</IfModule>
<IfModule !authz_core_module>
  LoadModule authz_core_module modules/mod_authz_core.so
</IfModule>
<IfModule !dir_module>
  LoadModule dir_module modules/mod_dir.so
</IfModule>
Listen ${PORT}
PidFile \"${TMPDIR}/httpd.pid\"
DefaultRuntimeDir \"${TMPDIR}\"
ErrorLog /proc/self/fd/2
DocumentRoot \"${APP_ROOT}/public\"
DirectoryIndex index.html
";

fn app() -> Case {
    case().file("httpd.conf", CONF)
}

#[test]
fn the_real_httpd_serves_the_apps_own_configuration() {
    let Some(case) = real() else { return };
    let build = case.file("httpd.conf", CONF).file("public/index.html", "hello").build();
    assert!(build.log().contains("httpd accepts it"), "{}", build.log());
    let site = Site::start(&build, &[]);
    let answer = site.get("/");
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello"), "{}", answer.head);
    assert!(site.stop().status.success());
    assert_eq!(build.launch_env("web")["PORT"], "8080", "unless the platform gives one");
}

#[test]
fn the_real_httpd_names_the_line_of_the_app() {
    let Some(case) = real() else { return };
    let conf = CONF.replace("DirectoryIndex", "DirectoryIndexx");
    let line = 1 + CONF.lines().position(|line| line.starts_with("DirectoryIndex")).unwrap();
    let error = case.file("httpd.conf", conf).fails().error();
    let start = format!(
        "error[bad-httpd-configuration]: httpd.conf:{line}: httpd says: Invalid command 'DirectoryIndexx'"
    );
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn a_variable_that_nobody_sets_is_remarked_on() {
    let Some(case) = real() else { return };
    let conf = format!(
        "{CONF}<IfDefine X>\nServerAdmin ${{NOBODY_SETS_THIS}}\n</IfDefine>\nServerAdmin ${{NOBODY_SETS_THIS}}\n"
    );
    let log = case.file("httpd.conf", conf).build().log();
    assert!(log.contains("warning: ") && log.contains("NOBODY_SETS_THIS"), "{log}");
}

#[test]
fn a_configuration_or_a_setting_asks_for_it() {
    assert!(!case().detect().plan().contains("requires"));
    assert!(!app().env("BP_WEB_SERVER", "nginx").detect().plan().contains("requires"));
    assert_snapshot!(app().env("BP_HTTPD_VERSION", "2.4.*").detect().plan(), @r#"
    [[provides]]
    name = "httpd"

    [[requires]]
    name = "httpd"

    [requires.metadata]
    launch = true
    version = "2.4.*"
    version-source = "BP_HTTPD_VERSION"
    "#);
    let site = case().env("BP_WEB_SERVER", "httpd").env("BP_HTTPD_VERSION", "2.4.*");
    assert!(site.detect().plan().contains("version = \"2.4.*\""), "{}", site.detect().plan());
    let elsewhere =
        case().file("conf/web.conf", CONF).env("BP_HTTPD_CONF_LOCATION", "conf/web.conf");
    assert_eq!(
        elsewhere.build().processes(),
        "web (default): httpd -f conf/web.conf -k start -DFOREGROUND\n"
    );
}

#[test]
fn live_reload_restarts_the_server_when_files_change() {
    let app = app().env("BP_LIVE_RELOAD_ENABLED", "true").provides("watchexec");
    assert!(app.detect().plan().contains("name = \"watchexec\""), "{}", app.detect().plan());
    assert_snapshot!(app.build().processes(), @"
    no-reload: httpd -f httpd.conf -k start -DFOREGROUND
    web (default): watchexec --restart --watch . --shell none --no-vcs-ignore --no-project-ignore --debounce 200ms -- httpd -f httpd.conf -k start -DFOREGROUND
    ");
}

#[test]
fn a_second_build_reuses_everything() {
    let build = app().env("BP_HTTPD_CONFIG_CHECK", "false").build();
    let again = build.rebuild();
    assert!(again.layer("httpd").is_reused() && again.layer("helper").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn a_file_that_nobody_reads_is_remarked_on() {
    let log = app().file("buildpack.yml", "httpd:\n  version: 2.4.1\n").build().log();
    let warning = "warning: buildpack.yml is not read\n\
        hint: set BP_HTTPD_VERSION instead of its `httpd.version`\n";
    assert!(log.contains(warning), "{log}");
}

#[test]
fn an_open_request_ends_before_the_server_does() {
    let Some(case) = real() else { return };
    let case = case.env("BP_WEB_SERVER", "httpd").file("public/index.html", "hello");
    let build = case.file("public/big.bin", vec![7; 8 << 20]).build();
    let site = Site::start(&build, &[("BPL_WEB_SERVER_GRACEFUL_TIMEOUT", "30")]);
    assert_eq!(site.get("/").status, 200);
    let (bytes, exit) = site.stop_during("/big.bin");
    assert!(exit.status.success(), "{}", exit.log);
    assert!(bytes > 8 << 20, "{bytes}");
}
