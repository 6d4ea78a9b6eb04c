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
        .file(".bp-config/nginx/nginx.conf", "")
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
    warning: .bp-config/nginx/nginx.conf is not used
    hint: put what differs into .nginx.conf.d, or name a whole configuration in BP_PHP_SERVER_CONF
      Installing PHP 8.2.30 for the build
        1.8 kB from the buildpack in [time], sha256 ok
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
fn files_of_nginx_join_the_generated_configuration() {
    let build = classic(OPTIONS)
        .file(
            ".bp-config/nginx/http-php.conf",
            "map $http_x_forwarded_proto $proxy_https { https on; }\n\
             upstream php_fpm {\n    server unix:@{PHP_FPM_LISTEN};\n}\n",
        )
        .file(
            ".bp-config/nginx/http-defaults.conf",
            "include mime.types;\ngzip off;\nroot @{HOME}/#{WEBDIR};\n",
        )
        .file(".bp-config/nginx/server-defaults.conf", "listen ${PORT};\nserver_name _;\n")
        .file(
            ".bp-config/nginx/server-locations.conf",
            "include own.conf;\nlocation ~ \\.php$ {\n    fastcgi_pass php_fpm;\n}\n",
        )
        .file(".bp-config/nginx/own.conf", "location = /own {\n    return 204;\n}\n")
        .build();
    assert!(!build.log().contains("is not used"), "{}", build.log());
    let conf = build.app_file("nginx.conf");
    let lines: Vec<_> = conf.lines().map(str::trim).collect();
    let count = |line: &str| lines.iter().filter(|found| **found == line).count();
    for file in ["http-defaults", "http-php", "server-defaults", "server-locations"] {
        assert_eq!(count(&format!("include .bp-config/nginx/{file}.conf;")), 1, "{conf}");
    }
    // What they say is not said twice, and what they do not say is there.
    for other in
        ["gzip on;", "upstream php_fpm {", "server_name localhost;", "fastcgi_pass php_fpm;"]
    {
        assert_eq!(count(other), 0, "{other}: {conf}");
    }
    for ours in ["gzip_vary on;", "index index.php index.html;", "location ~ /\\. {"] {
        assert_eq!(count(ours), 1, "{ours}: {conf}");
    }
    let file = |name: &str| build.app_file(&format!(".bp-config/nginx/{name}.conf"));
    assert_eq!(
        file("http-defaults"),
        "include mime.types;\ngzip off;\nroot {{env \"APP_ROOT\"}}/web;\n"
    );
    assert!(file("http-php").contains("server unix:/tmp/php-fpm.socket;"));
    assert_eq!(file("server-defaults"), "listen {{port}};\nserver_name _;\n");
    assert!(file("server-locations").starts_with("include .bp-config/nginx/own.conf;\n"));
}

#[test]
fn files_of_httpd_follow_the_generated_configuration() {
    let build = console(r#"{"PHP_EXTENSIONS": [], "WEBDIR": "web"}"#)
        .provides("httpd")
        .file(
            ".bp-config/httpd/extra/httpd-php.conf",
            "ProxySet @{PHP_FPM_LISTEN}${HOME}/#{WEBDIR}\n",
        )
        .file(
            ".bp-config/httpd/extra/httpd-modules.conf",
            "LoadModule dir_module modules/mod_dir.so\n",
        )
        .file(".bp-config/httpd/extra/httpd-logging.conf", "CustomLog /dev/stdout common\n")
        .file(".bp-config/httpd/httpd.conf", "")
        .build();
    let log = build.log();
    assert!(log.contains("warning: .bp-config/httpd/httpd.conf is not used"), "{log}");
    let conf = build.layer("php-config").read("httpd.conf");
    let included: Vec<_> = conf.lines().filter(|line| line.contains(".bp-config")).collect();
    assert_snapshot!(included.join("\n"), @"
    Include ${APP_ROOT}/.bp-config/httpd/extra/httpd-modules.conf
    Include ${APP_ROOT}/.bp-config/httpd/extra/httpd-logging.conf
    Include ${APP_ROOT}/.bp-config/httpd/extra/httpd-php.conf
    ");
    let file = |name: &str| build.app_file(&format!(".bp-config/httpd/extra/httpd-{name}.conf"));
    assert_eq!(file("php"), "ProxySet 127.0.0.1:9000${APP_ROOT}/web\n");
    assert!(file("modules").starts_with("<IfModule !dir_module>\n"), "{}", file("modules"));
    assert_eq!(build.launch_env("web")["BPL_PHP_ACCESS_LOG"], "off", "each request is logged once");
}

#[test]
fn placeholders_in_files_of_php_become_variables() {
    let build = classic(OPTIONS)
        .file(".bp-config/php/php.ini.d/own.ini", "error_log = @{HOME}/#{LIBDIR}/log\n")
        .file(".bp-config/php/fpm.d/own.conf", "env[ROOT] = #{HOME}/@{WEBDIR}\n")
        .build();
    let file = |name: &str| build.app_file(&format!(".bp-config/php/{name}"));
    assert_eq!(file("php.ini.d/own.ini"), "error_log = ${APP_ROOT}/inc/log\n");
    assert_eq!(file("fpm.d/own.conf"), "env[ROOT] = ${APP_ROOT}/web\n");
}

#[test]
fn packages_are_found_where_the_classic_buildpack_finds_them() {
    let options = r#"{"PHP_EXTENSIONS": [], "WEBDIR": "web"}"#;
    let build = console(options)
        .provides("httpd")
        .file("conf/composer.json", "{}")
        .env("COMPOSER_PATH", "conf")
        .build();
    assert!(build.app_path("lib/vendor/autoload.php").is_file(), "{}", build.log());
    // Apps name it from the document root.
    let link = fs_err::read_link(build.app_path("web/vendor")).unwrap();
    assert_eq!(link, std::path::Path::new("../lib/vendor"));
    let build = console(options).provides("httpd").file("web/composer.json", "{}").build();
    assert!(build.app_path("web/vendor/autoload.php").is_file(), "{}", build.log());
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
