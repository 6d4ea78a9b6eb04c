//! Packages: installing, reuse, credentials.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::support::{bare, php, shop};

/// The calls of Composer, as a user would type them.
fn composer(build: &kouti_testing::Built) -> Vec<String> {
    let calls = build.calls("php").into_iter();
    let composer =
        calls.filter(|call| call.args.first().is_some_and(|arg| arg.ends_with("/composer")));
    composer.map(|call| call.args[1..].join(" ")).collect()
}

#[test]
fn packages_are_installed_without_those_for_development() {
    let build = shop().build();
    assert_snapshot!(build.log(), @"
    Kouti PHP [version]
      Choosing PHP
        composer.lock (php)   ^8.2    <- used
        default               8.4.*
        8.5.4 chosen (newest that fits; supported until 2028-12-31)
      Choosing Composer
        default   2.*   <- used
        2.10.2 chosen (newest that fits)
      Choosing a server
        server             nginx (default)
        document root      public
        front controller   none
    warning: composer.lock does not fit composer.json: it was made from another version of it
    hint: run `composer update --lock` and commit composer.lock
      Installing PHP 8.5.4 for the build
        1.8 kB from the buildpack in [time], sha256 ok
      Installing list of PHP's extensions
      Installing Composer 2.10.2
        35 B from the buildpack in [time], sha256 ok
      Running composer install --no-progress --no-interaction --no-dev --prefer-dist --optimize-autoloader
            - Installing acme/greeter (v1.2.0): Extracting archive
          Generating optimized autoload files
      Installing configuration
      Installing PHP 8.5.4
      Installing launch helper
      Processes
        web (default)   php-start
      Done in [time]
    warning: composer.lock does not fit composer.json: it was made from another version of it
    hint: run `composer update --lock` and commit composer.lock
    ");
    assert_eq!(
        composer(&build),
        ["install --no-progress --no-interaction --no-dev --prefer-dist --optimize-autoloader"]
    );
    assert_snapshot!(build.layers(), @"
    kouti/php:composer (build) Added
    kouti/php:composer-cache (cache) Added
    kouti/php:composer-packages (cache) Added
    kouti/php:helper (launch) Added
    kouti/php:php (launch) Added
    kouti/php:php-build (build) Added
    kouti/php:php-config (launch) Added
    kouti/php:php-inventory (cache) Added
    ");
    assert_eq!(
        build.slices()[0],
        ["vendor/acme/greeter/Greeter.php", "vendor/autoload.php", "vendor/composer/classes",]
    );
}

#[test]
fn a_rebuild_takes_packages_over_and_runs_scripts_again() {
    let build = shop().build();
    let again = build.rebuild();
    assert!(again.log().contains("Nothing to install"), "{}", again.log());
    assert_eq!(again.app_file("public/build/info.txt"), "made\n");
    assert_eq!(again.image_digest(), build.image_digest());

    let renamed = again.rebuild_with(|case| case.file("src/New.php", "<?php\n"));
    assert!(renamed.app_file("vendor/composer/classes").contains("src"), "the autoloader is fresh");
}

#[test]
fn another_php_does_not_get_the_packages_of_the_last() {
    let build = shop().build();
    let again = build.rebuild_with(|case| case.env("BP_PHP_VERSION", "8.2.*"));
    assert!(again.log().contains("Installing acme/greeter"), "{}", again.log());
    assert!(
        again.log().contains("Emptying composer packages: php was 8.5, is 8.2"),
        "{}",
        again.log()
    );
}

#[test]
fn without_a_lock_every_build_resolves_anew() {
    let build = shop().without("composer.lock").build();
    assert!(build.log().contains("warning: there is no composer.lock"), "{}", build.log());
    assert!(build.find_layer("composer-packages").is_none());
    let failed = shop().without("composer.lock").env("BP_COMPOSER_REQUIRE_LOCK", "true").fails();
    assert_snapshot!(failed.error(), @"
    error[no-composer-lock]: composer.lock is missing, and BP_COMPOSER_REQUIRE_LOCK is true

    hint: run `composer update` and commit composer.lock
    hint: if it is there on your machine, check .gitignore, and what is left out of uploads
    ");
}

#[test]
fn options_and_scripts_can_be_chosen() {
    let build = shop()
        .json("composer.json", |json| {
            json["scripts"]["warm"] = "x".into();
            json["scripts"]["compile"] = "y".into();
        })
        .env("BP_COMPOSER_INSTALL_OPTIONS", "--ignore-platform-req='ext-x y'")
        .build();
    assert_eq!(
        composer(&build),
        [
            "install --no-progress --no-interaction --ignore-platform-req=ext-x y",
            "run-script --no-interaction compile",
        ]
    );
    let build = build.rebuild_with(|case| {
        case.env("BP_COMPOSER_INSTALL_OPTIONS", "--no-dev").env("BP_COMPOSER_RUN_SCRIPTS", "warm")
    });
    assert_eq!(composer(&build)[1], "run-script --no-interaction --no-dev warm");
}

#[test]
fn composer_works_where_the_app_says() {
    let build = shop()
        .env("COMPOSER_VENDOR_DIR", "./vendor2/")
        .env("BP_COMPOSER_INSTALL_GLOBAL", "acme/tool:^1")
        .build();
    assert!(build.app_path("vendor2/autoload.php").is_file());
    assert!(!build.app_path("vendor").exists());
    assert_eq!(composer(&build)[0], "global require --no-progress --no-interaction acme/tool:^1");
    let calls = build.calls("php");
    let call = calls.iter().find(|call| call.args.get(1).is_some_and(|arg| arg == "install"));
    let call = call.unwrap();
    assert!(call.env["PATH"].contains("composer-global/vendor/bin:"), "{}", call.env["PATH"]);
    let configured = shop()
        .json("composer.json", |json| json["config"]["vendor-dir"] = "lib/vendor".into())
        .build();
    assert!(configured.app_path("lib/vendor/autoload.php").is_file());
}

#[test]
fn an_older_composer_can_be_asked_for() {
    let case =
        shop().artifact(crate::support::composer("2.2.5")).env("BP_COMPOSER_VERSION", "2.2.*");
    let log = case.build().log();
    assert!(log.contains("BP_COMPOSER_VERSION   2.2.*   <- used"), "{log}");
    assert!(log.contains("2.2.5 chosen"), "{log}");
}

#[test]
fn credentials_reach_composer_and_nothing_else() {
    let build = shop()
        .env("BP_LOG_LEVEL", "debug")
        .binding(
            "packages",
            "composer-auth",
            [("auth.json", r#"{"bearer": {"packages.test": "canary-1"}}"#)],
        )
        .env("COMPOSER_GITHUB_OAUTH_TOKEN", "canary-2")
        .env("COMPOSER_AUTH", r#"{"bearer": {"other.test": "canary-3"}}"#)
        .build();
    let calls = build.calls("php");
    let call =
        calls.iter().find(|call| call.args.get(1).is_some_and(|arg| arg == "install")).unwrap();
    assert_eq!(
        call.env["COMPOSER_AUTH"],
        r#"{"bearer":{"packages.test":"canary-1","other.test":"canary-3"},"github-oauth":{"github.com":"canary-2"}}"#
    );
    assert_eq!(call.env["COMPOSER_HOME"], "<layers>/kouti_php/composer-cache/home");
    assert!(!build.log().contains("canary"), "{}", build.log());
    assert_eq!(build.leaks("canary"), [""; 0]);
}

#[test]
fn the_image_lists_its_packages() {
    let build = shop().build();
    let launch = build.sbom("kouti_php/sbom.cdx.json");
    assert!(launch.contains("pkg:composer/acme/greeter@1.2.0"), "{launch}");
    assert!(!launch.contains("acme/tester"), "{launch}");
    let php = build.sbom("kouti_php/php/sbom.cdx.json");
    assert!(php.contains("pkg:generic/php@8.5.4"), "{php}");
    assert!(php.contains("pkg:generic/php-redis@6.1.0"), "{php}");
}

#[test]
fn packages_for_the_build_alone_stay_in_the_build() {
    let build = shop().env("BP_COMPOSER_INSTALL_GLOBAL", "acme/tool:^1").build();
    assert!(!build.launch_env("web")["PATH"].contains("composer-global"));
    let required = |build: &kouti_testing::Built| build.layer("composer-global").read("required");
    assert_eq!(required(&build), "acme/tool:^1\n");
    let other = build.rebuild_with(|case| case.env("BP_COMPOSER_INSTALL_GLOBAL", "acme/other"));
    assert_eq!(required(&other), "acme/other\n", "those of the last build are gone");
}

#[test]
fn a_changed_lock_starts_from_the_packages_of_the_last() {
    let build = shop().build();
    let before = build.layer("composer-packages").read("vendor.lock");
    let changed = build.rebuild_with(|case| {
        case.json("composer.lock", |lock| lock["packages"][0]["version"] = "v1.3.0".into())
    });
    assert!(changed.log().contains("Nothing to install"), "they were put back: {}", changed.log());
    assert_eq!(composer(&changed).len(), 1, "and Composer had its say");
    assert_ne!(changed.layer("composer-packages").read("vendor.lock"), before);
}

#[test]
fn another_distribution_gets_nothing_of_the_last() {
    let of = |release: &str| {
        let distro = [("name", "ubuntu"), ("version", release)];
        let distro = distro.map(|(key, value)| (key.to_owned(), value.to_owned()));
        php("8.6.0").with("distros", vec![BTreeMap::from(distro)]).file("release", release)
    };
    let build = shop().artifact(of("24.04")).artifact(of("99")).build();
    let again = build.rebuild_with(|case| {
        case.target(kouti_testing::Target {
            distro_version: "99".to_owned(),
            ..kouti_testing::Target::default()
        })
    });
    let log = again.log();
    assert!(log.contains("Installing acme/greeter"), "{log}");
    assert!(log.contains("Emptying composer packages: platform"), "{log}");
    assert!(log.contains("Rebuilding PHP 8.6.0: checksum changed"), "{log}");
    assert!(log.contains("Rebuilding configuration: php.checksum changed"), "{log}");
    assert_eq!(again.layer("php").read("dist/release"), "99");
}

#[test]
fn another_composer_file_has_a_lock_of_its_own() {
    let build = bare()
        .file("conf/other.json", r#"{"require": {"php": "^8.2"}}"#)
        .file("conf/other.lock", r#"{"packages": [], "platform": {"php": "8.2.*"}}"#)
        .file("public/index.php", "")
        .env("COMPOSER", "conf/other.json")
        .provides("nginx")
        .build();
    assert!(build.log().contains("conf/other.lock (php)   8.2.*   <- used"), "{}", build.log());
    let calls = build.calls("php");
    let call = calls.iter().find(|call| call.args.get(1).is_some_and(|arg| arg == "install"));
    assert_eq!(call.unwrap().env["COMPOSER"], "<app>/conf/other.json");
    assert!(build.app_path("vendor/autoload.php").is_file());
    assert!(build.app_path("public/build/info.txt").is_file(), "Composer runs in the app");
}

#[test]
fn packages_in_the_source_are_kept() {
    let build = shop()
        .file("vendor/composer/installed.json", "{}")
        .file("vendor/acme/greeter/Greeter.php", "<?php // own")
        .build();
    let log = build.log();
    assert!(log.contains("warning: the source has a `vendor` of its own: it is kept"), "{log}");
    assert_eq!(build.app_file("vendor/acme/greeter/Greeter.php"), "<?php // own");
    assert!(build.find_layer("composer-packages").is_none());
}

#[test]
fn packages_that_nobody_maintains_are_one_line() {
    let build =
        shop().json("composer.lock", |lock| lock["packages"][0]["abandoned"] = true.into()).build();
    let line = "warning: nobody maintains these packages any more: acme/greeter";
    assert!(build.log().contains(line), "{}", build.log());
}

const ADVISORIES: &str = r#"{"advisories": {"acme/greeter": [{"cve": "CVE-2026-1", "severity": "high",
    "title": "Greets anybody", "affectedVersions": "<1.3"}]}, "abandoned": []}"#;

#[test]
fn known_vulnerabilities_can_be_told_or_end_the_build() {
    let case = shop().env("AUDIT", ADVISORIES);
    let log = case.clone().env("BP_COMPOSER_AUDIT", "report").build().log();
    assert!(log.contains("acme/greeter CVE-2026-1, high: Greets anybody (affects <1.3)"), "{log}");
    assert!(log.contains("warning: packages of the app have 1 known vulnerability"), "{log}");
    assert_snapshot!(case.env("BP_COMPOSER_AUDIT", "fail").fails().error(), @"
    error[composer-audit]: packages of the app have 1 known vulnerability

    hint: update them: their names are above
    hint: set BP_COMPOSER_AUDIT=report to build nevertheless
    ");
    let clean = shop().env("AUDIT", r#"{"advisories": []}"#).env("BP_COMPOSER_AUDIT", "fail");
    assert!(!clean.build().log().contains("warning: packages of the app have"));

    let unknown = shop().env("BP_COMPOSER_AUDIT", "fail").fails();
    assert!(unknown.error().starts_with("error[composer-unreachable]"), "{}", unknown.error());
    let log = shop().env("BP_COMPOSER_AUDIT", "report").build().log();
    assert!(log.contains("warning: nobody knows about vulnerabilities: "), "{log}");
}

#[test]
fn a_store_for_sessions_brings_its_extension_and_no_secret() {
    let build = shop()
        .binding("sessions", "php-redis-session", [("host", "db"), ("password", "canary-7")])
        .build();
    let log = build.log();
    assert!(
        log.contains("warning: sessions: the binding `sessions` counts when the app starts"),
        "{log}"
    );
    assert!(build.labels()["io.kouti.php.extensions"].contains("redis"));
    assert_eq!(build.leaks("canary-7"), [""; 0]);
    let failed = shop().binding("cache", "php-memcached-session", [("host", "db")]).fails();
    assert_snapshot!(failed.error(), @"
    error[no-php-extension]: the binding `cache` requires the PHP extension `memcached`, which this PHP does not have

    hint: keep sessions elsewhere: leave the binding out
    hint: an extension of your own is loaded by its path: `extension=/workspace/memcached.so` in .php.ini.d/own.ini
    hint: available: core, dom, igbinary, json, opcache, pdo, pdo_mysql, redis, standard, xdebug, xml, zip
    ");
}
