//! What a user is told when a build cannot go on.

use insta::assert_snapshot;

use crate::support::{bare, page, php, php_with, shop};

#[test]
fn a_version_nobody_can_read() {
    assert_snapshot!(page().env("BP_PHP_VERSION", "eight").fails().error(), @"
    error[bad-version-range]: `eight` (asked for in BP_PHP_VERSION) is not a range of versions

    hint: write it like `24`, `24.18.*`, `~24.18.1`, `^24.18`, `>=22 <25` or `22.* || 24.*`
    ");
}

#[test]
fn a_version_that_there_is_not() {
    assert_snapshot!(page().env("BP_PHP_VERSION", "9.*").fails().error(), @"
    error[no-release]: no PHP release fits `9.*` (asked for in BP_PHP_VERSION)

    hint: change the version in BP_PHP_VERSION
    hint: available: 8.5.4, 8.4.20, 8.2.30
    ");
}

#[test]
fn demands_that_contradict_each_other() {
    let failed = shop()
        .json("composer.lock", |lock| {
            lock["platform"]["php"] = "^8.5".into();
            lock["packages"][0]["require"]["php"] = "<8.4".into();
        })
        .fails();
    assert_snapshot!(failed.error(), @"
    error[no-php-release]: no PHP release fits everything that the app and its packages ask for
      composer.lock (php)   ^8.5
      acme/greeter (php)    <8.4

    hint: these two contradict each other: composer.lock (php): ^8.5, and acme/greeter (php): <8.4
    hint: available: 8.5.4, 8.4.20, 8.2.30
    hint: update the packages that keep PHP back with `composer update`; BP_PHP_VERSION alone does not help, because Composer checks again
    ");
}

#[test]
fn a_line_that_composer_takes_for_a_version() {
    let failed =
        shop().json("composer.lock", |lock| lock["platform"]["php"] = "8.4".into()).fails();
    assert_snapshot!(failed.error(), @"
    error[no-php-release]: no PHP release fits everything that the app and its packages ask for
      composer.lock (php)   8.4
      acme/greeter (php)    >=8.1

    hint: Composer takes `8.4` for exactly that version: write `8.4.*` or `^8.4`
    hint: available: 8.5.4, 8.4.20, 8.2.30
    hint: update the packages that keep PHP back with `composer update`; BP_PHP_VERSION alone does not help, because Composer checks again
    ");
}

#[test]
fn a_range_that_composer_cannot_read() {
    let failed =
        shop().json("composer.lock", |lock| lock["platform"]["php"] = "~>8.2".into()).fails();
    assert_snapshot!(failed.error(), @"
    error[bad-version-range]: `~>8.2` (asked for in composer.lock (php)) is not a range of versions

    hint: write `~` instead of `~>`
    hint: write it like `8.3.*`, `~8.3.1`, `^8.3`, `>=8.2 <8.5` or `^7.4 || ^8.0`
    ");
}

#[test]
fn a_php_that_is_compiled_in_another_way() {
    let failed = shop()
        .json("composer.lock", |lock| lock["packages"][0]["require"]["php-zts"] = "*".into())
        .fails();
    assert_snapshot!(failed.error(), @"
    error[unsupported-php-build]: acme/greeter requires php-zts, a way to compile PHP that this buildpack does not have

    hint: choose a package or version that does without php-zts
    ");
}

#[test]
fn a_composer_json_with_a_slip() {
    let failed = shop()
        .file("composer.json", "{\n    \"require\": {\n        \"php\": \"^8.2\",\n    }\n}\n")
        .fails();
    assert_snapshot!(failed.error(), @"
    error[bad-composer-file]: composer.json is not valid JSON
     --> composer.json:4:5
      |
    4 |     }
      |     ^ here it goes wrong

    hint: look for a comma too many or too few, a comment, or single quotes
    ");
}

#[test]
fn a_lock_with_a_merge_conflict() {
    let failed = shop()
        .file(
            "composer.lock",
            "{\n<<<<<<< HEAD\n    \"content-hash\": \"1\",\n=======\n>>>>>>> other\n}\n",
        )
        .fails();
    assert_snapshot!(failed.error(), @"
    error[bad-composer-file]: composer.lock is not valid JSON
     --> composer.lock:2:1
      |
    2 | <<<<<<< HEAD
      | ^ a merge conflict begins here

    hint: resolve the conflict; for a lock file, take one side and run `composer update --lock`
    ");
}

#[test]
fn a_lock_that_is_none() {
    assert_snapshot!(shop().file("composer.lock", "{\"name\": \"x\"}").fails().error(), @"
    error[bad-composer-lock]: composer.lock is not a lock file that Composer wrote: it lists no packages

    hint: run `composer update` and commit what it writes
    ");
}

#[test]
fn a_lock_that_does_not_fit() {
    let case = shop();
    assert!(
        case.clone().build().log().contains("warning: composer.lock does not fit composer.json")
    );
    assert_snapshot!(case.clone().env("BP_COMPOSER_LOCK_CHECK", "fail").fails().error(), @"
    error[composer-lock-out-of-date]: composer.lock does not fit composer.json: it was made from another version of it

    hint: run `composer update --lock` and commit composer.lock
    ");
    let build = case.env("BP_COMPOSER_LOCK_CHECK", "off").build();
    assert!(!build.log().contains("does not fit"));
}

#[test]
fn packages_outside_the_app() {
    assert_snapshot!(shop().env("COMPOSER_VENDOR_DIR", "../vendor").fails().error(), @"
    error[composer-dir-outside]: packages would go to `../vendor`, which is not a directory within the app

    hint: set COMPOSER_VENDOR_DIR or config.vendor-dir to a path relative to the app, such as `vendor`
    ");
}

#[test]
fn credentials_that_are_no_json() {
    let failed = shop().env("COMPOSER_AUTH", "{canary: 1}").fails();
    assert_snapshot!(failed.error(), @r#"
    error[bad-composer-auth]: COMPOSER_AUTH is not a JSON object (line 1, column 2)

    hint: write it like `{"github-oauth": {"github.com": "…"}}`, as Composer's auth.json
    hint: check the quotes: a shell may have removed them
    "#);
}

#[test]
fn an_extension_that_there_is_not() {
    let failed = shop()
        .json("composer.lock", |lock| lock["packages"][0]["require"]["ext-imap"] = "*".into())
        .fails();
    assert_snapshot!(failed.error(), @"
    error[no-php-extension]: acme/greeter requires the PHP extension `imap`, which this PHP does not have

    hint: PHP 8.3 was the last to have it: set BP_PHP_VERSION=8.3
    hint: the package javanile/php-imap2 provides it: `composer require javanile/php-imap2`, and commit the lock
    hint: do without it: `composer why ext-imap` tells everything that needs it
    hint: an extension of your own is loaded by its path: `extension=/workspace/imap.so` in .php.ini.d/own.ini
    hint: available: core, dom, igbinary, json, opcache, pdo, pdo_mysql, redis, standard, xdebug, xml, zip
    ");
    assert_snapshot!(page().env("BP_PHP_EXTENSIONS", "mysql").fails().error(), @"
    error[no-php-extension]: BP_PHP_EXTENSIONS requires the PHP extension `mysql`, which this PHP does not have

    hint: did you mean pdo_mysql?
    hint: correct BP_PHP_EXTENSIONS
    hint: an extension of your own is loaded by its path: `extension=/workspace/mysql.so` in .php.ini.d/own.ini
    hint: available: core, dom, igbinary, json, opcache, pdo, pdo_mysql, redis, standard, xdebug, xml, zip
    ");
}

#[test]
fn an_extension_in_another_version() {
    let failed =
        shop().json("composer.lock", |lock| lock["platform"]["ext-redis"] = "^99".into()).fails();
    assert_snapshot!(failed.error(), @"
    error[wrong-extension-version]: composer.lock requires the PHP extension `redis` in a version that fits `^99`, but this PHP has 6.1.0

    hint: change the version of ext-redis that is asked for
    hint: another PHP may have another version of it: set BP_PHP_VERSION
    ");
}

#[test]
fn an_extension_that_does_not_load() {
    let program = r#"
case "$*" in
*" -r "*) printf 'Core=8.4.99\n' ;;
*" -m"*)
    echo "PHP Warning:  PHP Startup: Unable to load dynamic library 'zip' (tried: /x/zip (/x/zip: cannot open shared object file: No such file or directory), /x/zip.so (libzip.so.5: cannot open shared object file: No such file or directory)) in Unknown on line 0" >&2
    ;;
esac"#;
    let failed = page().artifact(php_with("8.4.99", program)).fails();
    assert_snapshot!(failed.error(), @"
    error[php-extension-does-not-load]: PHP cannot load the extension `zip`: libzip.so.5: cannot open shared object file: No such file or directory

    hint: leave it out: BP_PHP_EXTENSIONS=-zip, or remove it from .php.ini.d
    hint: if it lacks a library of the system, use a fuller run image
    ");
    assert!(!failed.layers_left().contains(&"php-config.toml".to_owned()));
}

#[test]
fn a_php_that_does_not_run_here() {
    let program = "echo 'error while loading shared libraries: libxml2.so.2' >&2; exit 127";
    let failed = page().artifact(php_with("8.4.99", program)).fails();
    assert_snapshot!(failed.error(), @"
    error[php-does-not-run]: PHP does not run in this image: error while loading shared libraries: libxml2.so.2

    hint: if it lacks a library, use a fuller build and run image
    hint: set BP_LOG_LEVEL=debug and build again to see more
    ");
}

#[test]
fn an_archive_with_extensions_for_two_phps() {
    let odd = php("8.4.99").file("lib/php/extensions/no-debug-zts-20240924/zip.so", "");
    assert_snapshot!(page().artifact(odd).fails().error(), @"
    error[unusual-php-archive]: this PHP archive has 2 directories of extensions below lib/php/extensions, not one

    hint: report this at https://github.com/kouti/kouti/issues (kouti/php 0.0.0, error unusual-php-archive)
    ");
}

#[test]
fn a_document_root_that_there_is_not() {
    let failed = page().dir("public").dir("src").env("BP_PHP_WEB_DIR", "htdoc").fails();
    assert_snapshot!(failed.error(), @"
    error[no-web-directory]: BP_PHP_WEB_DIR is `htdoc`, which does not exist

    hint: name a directory of the app: public, src
    ");
    let failed = page().env("BP_PHP_WEB_DIR", "/etc").fails();
    assert!(failed.error().contains("which is outside the app"), "{}", failed.error());
    let failed = bare().file("composer.json", "{}").provides("nginx").fails();
    assert_snapshot!(failed.error(), @"
    error[no-web-directory]: this app has no document root: no index.php in the app or in htdocs, public, web, webroot, pub, docroot, public_html, www

    hint: name the directory with the entry script in BP_PHP_WEB_DIR
    hint: for an app without a web server, set BP_PHP_SERVER=none
    ");
}

#[test]
fn a_document_root_without_an_entry() {
    let log = bare().file("tool.php", "").provides("nginx").build().log();
    assert!(
        log.contains("warning: the app has no index.php: a request for `/` will be refused"),
        "{log}"
    );
}

#[test]
fn settings_that_name_nothing() {
    for (name, value, id) in [
        ("BP_PHP_FRAMEWORK", "zend", "unknown-framework"),
        ("BP_PHP_SERVER_CONF", "missing.conf", "no-server-conf"),
        ("BP_PHP_WRITABLE_DIRS", "../data", "bad-writable-dir"),
        ("BP_COMPOSER_INSTALL_OPTIONS", "'--no-dev", "bad-setting"),
        ("BP_COMPOSER_RUN_SCRIPTS", "warm", "unknown-composer-script"),
    ] {
        let failed = shop().env(name, value).fails();
        assert!(failed.error().starts_with(&format!("error[{id}]")), "{}", failed.error());
    }
    assert_snapshot!(shop().env("BP_PHP_FRAMEWORK", "zend").fails().error(), @"
    error[unknown-framework]: BP_PHP_FRAMEWORK is `zend`, which is no framework that this buildpack knows

    hint: it knows laravel, symfony, drupal, wordpress, cakephp, codeigniter, yii, laminas, slim, magento, typo3
    hint: without it, set BP_PHP_WEB_DIR, BP_PHP_FRONT_CONTROLLER and BP_PHP_WRITABLE_DIRS
    ");
    assert_snapshot!(shop().env("BP_PHP_SERVER_CONF", "x.conf").fails().error(), @"
    error[no-server-conf]: BP_PHP_SERVER_CONF names `x.conf`, which is not a file of the app

    hint: name a file relative to the app, such as `nginx.conf`
    ");
    assert_snapshot!(shop().env("BP_PHP_WRITABLE_DIRS", "..").fails().error(), @"
    error[bad-writable-dir]: BP_PHP_WRITABLE_DIRS names `..`, which is not a directory within the app

    hint: write paths relative to the app, separated by commas
    ");
    assert_snapshot!(shop().env("BP_COMPOSER_RUN_SCRIPTS", "warm").fails().error(), @"
    error[unknown-composer-script]: BP_COMPOSER_RUN_SCRIPTS names the script `warm`, which composer.json does not have

    hint: composer.json has no scripts: add one below `scripts`
    ");
}

#[test]
fn fpm_has_to_stay_where_the_server_looks_for_it() {
    let failed = page().file(".php.fpm.d/own.conf", "; ours\nlisten = 9001\n").fails();
    assert_snapshot!(failed.error(), @"
    error[fpm-listen-changed]: .php.fpm.d/own.conf, line 2, changes where PHP-FPM listens, but the web server looks for it elsewhere

    hint: remove `listen` from the file
    hint: to configure the web server as well, name its file in BP_PHP_SERVER_CONF
    ");
}

#[test]
fn a_snippet_that_fpm_refuses() {
    let program = r#"case "$*" in *" -r "*) printf 'Core=8.4.99\n' ;; esac"#;
    let fpm = "echo \"[01-Jun-2026 10:00:00] ERROR: [$APP_ROOT/.php.fpm.d/own.conf:1] unknown entry 'pmx'\" >&2; exit 78";
    let php = php_with("8.4.99", program).tool("sbin/php-fpm", kouti_testing::Tool::script(fpm));
    let failed = page().file(".php.fpm.d/own.conf", "pmx = 1\n").artifact(php).fails();
    assert_snapshot!(failed.error(), @"
    error[bad-server-configuration]: php-fpm refuses its configuration: [01-Jun-2026 10:00:00] ERROR: [.php.fpm.d/own.conf:1] unknown entry 'pmx'

    hint: correct the file that is named; those of the app are in .php.fpm.d
    ");
}

#[test]
fn a_php_for_another_distribution() {
    let case = shop().artifact(php("8.6.1").with("arch", "arm64"));
    let failed = case.json("composer.lock", |lock| lock["platform"]["php"] = "^8.6".into()).fails();
    assert_snapshot!(failed.error(), @"
    error[no-php-release]: no PHP release fits everything that the app and its packages ask for
      composer.lock (php)   ^8.6
      acme/greeter (php)    >=8.1

    hint: available: 8.5.4, 8.4.20, 8.2.30
    hint: what fits exists for another distribution or architecture only
    hint: update the packages that keep PHP back with `composer update`; BP_PHP_VERSION alone does not help, because Composer checks again
    ");
}

#[test]
fn a_snippet_that_a_web_server_refuses() {
    let refusing = |name: &str, message: &str| {
        let script = format!("case \"$1\" in -V) exit 0 ;; esac\necho \"{message}\" >&2; exit 1");
        kouti_testing::Fake::new(&format!("test/{name}"))
            .plan(&format!("provides = [{{ name = \"{name}\" }}]"))
            .build(&format!(
                "mkdir -p \"$layers/server/bin\"\n\
                 printf '#!/bin/sh\\n' >\"$layers/server/bin/{name}\"\n\
                 cat >>\"$layers/server/bin/{name}\" <<'END'\n{script}\nEND\n\
                 chmod +x \"$layers/server/bin/{name}\"\n\
                 printf '[types]\\nbuild = true\\n' >\"$layers/server.toml\""
            ))
    };
    let nginx = refusing(
        "nginx",
        "nginx: [emerg] unknown directive \\\"x\\\" in $APP_ROOT/.nginx.conf.d/own-server.conf:2",
    );
    let case = bare().file("index.php", "").before(nginx);
    assert_snapshot!(case.clone().fails().error(), @r#"
    error[bad-server-configuration]: nginx refuses its configuration: unknown directive "x" in .nginx.conf.d/own-server.conf:2

    hint: correct the file that is named; those of the app are in .nginx.conf.d
    "#);
    // With a template, nobody knows what will stand there.
    let template = case.file(".nginx.conf.d/own-server.conf", "\nx {{env \"X\"}};\n").build();
    let log = template.log();
    assert!(log.contains("warning: nginx cannot check all of it here: unknown directive"), "{log}");
    let httpd = refusing(
        "httpd",
        "AH00526: Syntax error on line 1 of $APP_ROOT/.httpd.conf.d/own.conf:\nInvalid command 'Heder'",
    );
    let case = bare().file("index.php", "").env("BP_PHP_SERVER", "httpd").before(httpd);
    assert_snapshot!(case.fails().error(), @"
    error[bad-server-configuration]: httpd refuses its configuration: AH00526: Syntax error on line 1 of .httpd.conf.d/own.conf: Invalid command 'Heder'

    hint: correct the file that is named; those of the app are in .httpd.conf.d
    ");
}
