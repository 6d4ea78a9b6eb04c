//! Options of Cloud Foundry's classic buildpack.

use insta::assert_snapshot;
use kouti_testing::Case;

use crate::support::{bare, page};

const OPTIONS: &str = r#"{
    "PHP_VERSION": "{PHP_82_LATEST}",
    "WEB_SERVER": "nginx",
    "WEBDIR": "web",
    "LIBDIR": "inc",
    "PHP_EXTENSIONS": ["pdo_mysql", "FPM"],
    "ADDITIONAL_PREPROCESS_CMDS": ["echo one", ["echo", "two"]],
    "COMPOSER_INSTALL_OPTIONS": ["--no-dev", "--ignore-platform-req=ext-x y"],
    "COMPOSER_VERSION": "latest",
    "PHP_VM": "php",
    "SNAPSHOT": true
}
"#;

fn classic(options: &str) -> Case {
    console(options).provides("nginx")
}

fn console(options: &str) -> Case {
    bare()
        .env("VCAP_APPLICATION", "{}")
        .file(".bp-config/options.json", options)
        .file("web/index.php", "")
}

#[test]
fn options_become_settings() {
    let build = classic(OPTIONS)
        .file(".bp-config/php/php.ini.d/own.ini", "extension=zip\n")
        .file(".bp-config/php/fpm.d/own.conf", "pm.max_children = 3\n")
        .file(".bp-config/nginx/server-defaults.conf", "")
        .build();
    assert_snapshot!(build.log().lines().take(14).collect::<Vec<_>>().join("\n"), @"
    Kouti PHP [version]
      Choosing PHP
        .bp-config/options.json   8.2.*   <- used
        default                   8.4.*
        8.2.30 chosen (newest that fits; supported until 2026-12-31)
      Choosing a server
        server             nginx (BP_PHP_SERVER)
        document root      web
        front controller   none
    warning: .bp-config/options.json: SNAPSHOT mean nothing here
    warning: .bp-config/nginx is not used
    hint: put directives into .nginx.conf.d, or name a whole file in BP_PHP_SERVER_CONF
      Installing PHP 8.2.30 for the build
        1.7 kB from the buildpack in [time], sha256 ok
    ");
    let env = build.launch_env("web");
    assert_eq!(env["KOUTI_PHP_PRE_START"], "echo one\necho two");
    assert!(env["PHP_INI_SCAN_DIR"].ends_with(":<app>/.bp-config/php/php.ini.d"), "{env:?}");
    let config = build.layer("php-config");
    let extensions = config.read("conf.d/20-extensions.ini");
    assert!(extensions.contains("pdo_mysql") && !extensions.contains("zip"), "{extensions}");
    assert!(config.read("conf.d/00-kouti.ini").contains("${APP_ROOT}/inc"));
    assert!(
        config.read("php-fpm.conf").contains("include = ${APP_ROOT}/.bp-config/php/fpm.d/*.conf")
    );
    for name in ["start", "pre-start"] {
        let link = fs_err::read_link(build.app_path(&format!(".bp/bin/{name}"))).unwrap();
        assert!(link.ends_with("kouti_php/helper/bin/helper"), "{}", link.display());
    }
}

#[test]
fn settings_of_the_user_win_and_composers_files_too() {
    let build = classic(OPTIONS)
        .file("composer.json", r#"{"require": {"php": "8.4.*"}}"#)
        .env("BP_PHP_LIB_DIR", "mine")
        .build();
    assert!(build.log().contains("8.4.20 chosen"), "{}", build.log());
    assert!(build.layer("php-config").read("conf.d/00-kouti.ini").contains("${APP_ROOT}/mine"));
    assert!(build.app_path("inc/vendor/autoload.php").is_file());
    let calls = build.calls("php");
    let install = calls.iter().find(|call| call.args.get(1).is_some_and(|arg| arg == "install"));
    assert_eq!(install.unwrap().args[4..], ["--no-dev", "--ignore-platform-req=ext-x y"]);
}

#[test]
fn without_options_the_defaults_are_those_of_cloud_foundry() {
    let options = r#"{"PHP_EXTENSIONS": []}"#;
    let case = bare().env("CF_STACK", "cflinuxfs4").file(".bp-config/options.json", options);
    let case = case.provides("httpd");
    let log = case.clone().file("htdocs/index.php", "").build().log();
    assert!(log.contains("server             httpd (BP_PHP_SERVER)"), "{log}");
    // The classic buildpack would move the app into a directory.
    let moved = case.file("index.php", "").build();
    assert!(moved.log().contains("document root      the app itself"), "{}", moved.log());
}

#[test]
fn a_console_app_is_the_process_web() {
    let options =
        r#"{"WEB_SERVER": "none", "PHP_EXTENSIONS": [], "APP_START_CMD": "cli.php --all"}"#;
    let build = console(options).file("cli.php", "").build();
    assert_eq!(build.processes(), "web (default): php cli.php --all\n");
    let found = console(r#"{"WEB_SERVER": "none", "PHP_EXTENSIONS": []}"#).file("run.php", "");
    assert_eq!(found.build().processes(), "web (default): php run.php\n");
}

#[test]
fn bad_options_are_told() {
    let errors: Vec<_> = [
        "{\n  \"WEBDIR\": \n}",
        r#"{"WEBDIR": 1}"#,
        r#"{"PHP_EXTENSIONS": "gd"}"#,
        r#"{"ADDITIONAL_PREPROCESS_CMDS": [1]}"#,
        r#"{"PHP_VERSION": "{PHP_LATEST}"}"#,
        r#"{"WEB_SERVER": "none", "APP_START_CMD": "missing.php"}"#,
    ]
    .iter()
    .map(|options| {
        let page = classic(options).fails().error();
        page.lines().next().unwrap_or_default().to_owned()
    })
    .collect();
    assert_snapshot!(errors.join("\n"), @"
    error[bad-cf-options]: .bp-config/options.json is not valid JSON
    error[bad-cf-options]: .bp-config/options.json has something else than a text in WEBDIR
    error[bad-cf-options]: .bp-config/options.json has something else than a list in PHP_EXTENSIONS
    error[bad-cf-options]: .bp-config/options.json has something else than commands in ADDITIONAL_PREPROCESS_CMDS
    error[bad-cf-options]: .bp-config/options.json asks for PHP `{PHP_LATEST}`, which is none
    error[bad-cf-options]: .bp-config/options.json names `missing.php` in APP_START_CMD, which the app does not have
    ");
    assert_snapshot!(classic("[1]").fails().error(), @"
    error[bad-cf-options]: .bp-config/options.json is not a JSON object

    hint: correct the file; what it may hold is said in the documentation of the classic PHP buildpack of Cloud Foundry
    hint: settings of this buildpack take its place: BP_PHP_SERVER, BP_PHP_WEB_DIR and others
    ");
}

#[test]
fn elsewhere_the_options_are_only_mentioned() {
    let build = page().file(".bp-config/options.json", "{\"WEB_SERVER\": 1}").build();
    assert!(
        build.log().contains("warning: .bp-config only counts on Cloud Foundry"),
        "{}",
        build.log()
    );
}
