//! Apps as they were pushed before.

use insta::assert_snapshot;
use kouti_report::Colour;

use super::*;

fn read(variables: &[(&str, &str)], buildpack: &str) -> Result<Classic, Problem> {
    Classic::read(&variables.iter().copied().collect(), None, &[buildpack.to_owned()])
}

fn shown(classic: &Classic, when: When) -> Vec<String> {
    classic.variables(when).map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn java_is_configured_in_yaml_of_two_kinds() {
    let classic = read(
        &[
            ("JBP_CONFIG_OPEN_JDK_JRE", "{ jre: { version: 17.+ }, memory_calculator: { stack_threads: 25, headroom: 5 } }"),
            ("JBP_CONFIG_TOMCAT", "[tomcat: { version: 10.1.+ }, access_logging_support: { access_logging: enabled }]"),
            ("JBP_CONFIG_JAVA_OPTS", "{ from_environment: true, java_opts: [-Da=1, -Db=2] }"),
            ("JBP_CONFIG_SPRING_AUTO_RECONFIGURATION", "{ enabled: false }"),
            ("JBP_DEFAULT_OPEN_JDK_JRE", "{ jre: { version: 11.+ } }"),
            ("JAVA_OPTS", "-Dmine=1"),
        ],
        "java",
    )
    .unwrap();
    assert_eq!(shown(&classic, When::Staging), ["BP_JVM_VERSION=17", "BP_TOMCAT_VERSION=10.1"]);
    assert_eq!(
        shown(&classic, When::Launch),
        [
            "BPL_JVM_HEAD_ROOM=5",
            "BPL_JVM_THREAD_COUNT=25",
            "BPL_TOMCAT_ACCESS_LOGGING_ENABLED=true",
            "JAVA_OPTS=-Da=1 -Db=2 -Dmine=1",
        ]
    );
    assert_eq!(classic.unknown, ["JBP_CONFIG_SPRING_AUTO_RECONFIGURATION: enabled"]);
}

#[test]
fn our_own_name_wins_and_all_of_it_can_be_switched_off() {
    let jre = ("JBP_CONFIG_OPEN_JDK_JRE", "{ jre: { version: 1.8.0_+ } }");
    assert_eq!(shown(&read(&[jre], "java").unwrap(), When::Staging), ["BP_JVM_VERSION=8"]);
    let ours = [jre, ("BP_JVM_VERSION", "21")];
    assert_eq!(read(&ours, "java").unwrap(), Classic::default());
    let off = [("JBP_CONFIG_OPEN_JDK_JRE", "{"), ("BP_CF_COMPAT", "false")];
    assert_eq!(read(&off, "java").unwrap(), Classic::default());
}

#[test]
fn what_cannot_be_read_is_named() {
    let page =
        |variables: &[(&str, &str)]| read(variables, "java").unwrap_err().page("", Colour::Off);
    assert_snapshot!(page(&[("JBP_CONFIG_OPEN_JDK_JRE", "17.+")]), @"
    error[cf-bad-classic-setting]: JBP_CONFIG_OPEN_JDK_JRE cannot be read: it has no key; it is YAML such as `{ jre: { version: 21.+ } }`

    hint: correct it, or leave classic settings aside with BP_CF_COMPAT=false
    ");
}

#[test]
fn other_languages_have_less_of_it() {
    let node = read(&[("NPM_CONFIG_PRODUCTION", "false"), ("BUILDPACK_X", "1")], "nodejs").unwrap();
    assert_eq!(shown(&node, When::Staging), ["BP_NODE_PRUNE_DEV_DEPENDENCIES=false"]);
    assert_eq!(node.unknown, ["BUILDPACK_X"]);
    let site = read(&[("FORCE_HTTPS", "1")], "staticfile").unwrap();
    assert_eq!(shown(&site, When::Staging), ["BP_WEB_SERVER_FORCE_HTTPS=true"]);
}

#[test]
fn php_knows_where_sessions_are_by_the_name_of_a_service() {
    let kind = |variables: &[(&str, &str)], buildpack: &str, name: &str| {
        type_of_service(&variables.iter().copied().collect(), &[buildpack.to_owned()], name)
    };
    assert_eq!(kind(&[], "php", "my-redis-sessions"), Some("php-redis-session"));
    assert_eq!(kind(&[], "php", "memcached-sessions-2"), Some("php-memcached-session"));
    assert_eq!(kind(&[], "php", "redis"), None);
    let named = [("REDIS_SESSION_STORE_SERVICE_NAME", "redis")];
    assert_eq!(kind(&named, "php", "redis"), Some("php-redis-session"));
    assert_eq!(kind(&named, "java", "redis"), None);
    assert_eq!(kind(&[("BP_CF_COMPAT", "false")], "php", "redis-sessions"), None);
}

fn php(options: &str, composer: bool) -> Result<Classic, Problem> {
    let app = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(app.path().join(".bp-config/nginx")).unwrap();
    fs_err::create_dir(app.path().join("htdocs")).unwrap();
    fs_err::write(app.path().join(".bp-config/options.json"), options).unwrap();
    if composer {
        fs_err::write(app.path().join("composer.json"), "{}").unwrap();
    }
    Classic::read(&Env::default(), Some(app.path()), &["php".to_owned()])
}

#[test]
fn php_has_its_options_in_a_file() {
    let options = r#"{
        "PHP_VERSION": "{PHP_83_LATEST}", "WEB_SERVER": "nginx", "WEBDIR": "htdocs", "ADMIN_EMAIL": "a@b.example",
        "PHP_EXTENSIONS": ["bz2", "gd"], "ZEND_EXTENSIONS": ["opcache"], "PHP_MODULES": ["cli", "fpm"],
        "COMPOSER_INSTALL_OPTIONS": ["--no-dev", "--ignore-platform-req=a b"], "COMPOSER_VERSION": "latest",
        "ADDITIONAL_PREPROCESS_CMDS": ["env", ["php", "migrate.php"]], "PHP_STRIP": true, "APP_START_CMD": "app.php"
    }"#;
    let classic = php(options, false).unwrap();
    assert_eq!(
        shown(&classic, When::Staging),
        [
            "BP_COMPOSER_INSTALL_OPTIONS=--no-dev '--ignore-platform-req=a b'",
            "BP_PHP_EXTENSIONS=bz2 gd opcache",
            "BP_PHP_PRE_START=env\nphp migrate.php",
            "BP_PHP_SERVER=nginx",
            "BP_PHP_SERVER_ADMIN=a@b.example",
            "BP_PHP_VERSION=8.3.*",
            "BP_PHP_WEB_DIR=htdocs",
        ]
    );
    assert_eq!(classic.unknown, [".bp-config/nginx", ".bp-config/options.json: APP_START_CMD"]);
    // Composer's files count for more, and httpd was the server where nothing was said.
    let composer = php(r#"{"PHP_VERSION": "8.2.1"}"#, true).unwrap();
    assert_eq!(shown(&composer, When::Staging), ["BP_PHP_SERVER=httpd"]);
}

#[test]
fn mistakes_in_the_file_are_told_with_their_place() {
    let page = |options: &str| php(options, false).unwrap_err().page("", Colour::Off);
    assert_snapshot!(page("{\"WEBDIR\":\n"), @"
    error[cf-bad-classic-setting]: .bp-config/options.json cannot be read: no JSON at line 2, column 0

    hint: correct it, or leave classic settings aside with BP_CF_COMPAT=false
    ");
    assert_snapshot!(page(r#"{"PHP_EXTENSIONS": "bz2"}"#), @"
    error[cf-bad-classic-setting]: .bp-config/options.json cannot be read: PHP_EXTENSIONS is not a list of texts

    hint: correct it, or leave classic settings aside with BP_CF_COMPAT=false
    ");
}
