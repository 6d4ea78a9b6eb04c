//! The real Composer: what it installs, and what its ranges mean.

use std::process::Command;

use kouti_testing::Case;
use kouti_testing::real::Site;

use super::{alone, archives, body, case, output, root};

/// A package as an archive that Composer unpacks.
fn package(version: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text.replace("VERSION", version)).unwrap();
    }
    let paths = files.iter().map(|(path, _)| path);
    let mut tar = Command::new("tar");
    tar.arg("-cf-").arg("-C").arg(dir.path()).args(paths).output().unwrap().stdout
}

const SHOP: &str = r#"{
    "name": "acme/shop",
    "repositories": [
        {"packagist.org": false},
        {"type": "package", "package": [
            {"name": "acme/greeter", "version": "1.0.0", "dist": {"type": "tar", "url": "packages/greeter-1.tar"},
             "autoload": {"files": ["src/greeter.php"]}, "require": {"ext-gd": "*", "ext-mbstring": "*", "php": ">=8.1"}},
            {"name": "acme/greeter", "version": "2.0.0", "dist": {"type": "tar", "url": "packages/greeter-2.tar"},
             "autoload": {"files": ["src/greeter.php"]}},
            {"name": "acme/polyfill", "version": "1.0.0", "dist": {"type": "tar", "url": "packages/polyfill.tar"},
             "provide": {"ext-mbstring": "*"}},
            {"name": "acme/tester", "version": "1.0.0", "dist": {"type": "tar", "url": "packages/polyfill.tar"},
             "require": {"ext-xdebug": "*"}}
        ]}
    ],
    "require": {
        "acme/greeter": "^1", "acme/polyfill": "*", "ext-fileinfo": "*", "ext-mysqli": "*", "ext-zip": "*", "ext-bz2": "*"
    },
    "require-dev": {"acme/tester": "*"},
    "autoload": {"classmap": ["src"]},
    "scripts": {"post-install-cmd": "mkdir -p public/build && echo made > public/build/info.txt"}
}
"#;

const SHOP_PAGE: &str = "<?php
require __DIR__ . '/../vendor/autoload.php';
echo acme_greeting(), ' ', class_exists('Shop') ? 'old' : '', class_exists('Market') ? 'new' : '', ' ';
foreach (['gd', 'fileinfo', 'mysqli', 'zip', 'mbstring', 'bz2', 'xdebug'] as $name) {
    echo extension_loaded($name) ? $name : '-', ' ';
}
";

fn shop(case: Case) -> Case {
    let greeter = |version: &str| {
        let text = "<?php class Greeter {} function acme_greeting() { return 'VERSION'; }\n";
        // Beside a file: a directory that is alone in an archive is the package to Composer.
        package(version, &[("src/greeter.php", text), ("README", "VERSION")])
    };
    case.env("BP_PHP_SERVER", "nginx")
        .file("composer.json", SHOP)
        .file("packages/greeter-1.tar", greeter("one"))
        .file("packages/greeter-2.tar", greeter("two"))
        .file("packages/polyfill.tar", package("", &[("README", "nothing")]))
        .file(".php.ini.d/own.ini", "extension=bz2\n")
        .file("src/Shop.php", "<?php class Shop {}\n")
        .file("public/index.php", SHOP_PAGE)
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn packages_are_installed_kept_and_replaced() {
    let _alone = alone();
    let case = case();
    let case = shop(case);
    // Composer looks at what development needs too, as long as there is no lock.
    let resolving =
        case.clone().env("BP_COMPOSER_INSTALL_OPTIONS", "--no-dev --ignore-platform-reqs");
    let first = resolving.clone().build();
    assert!(first.log().contains("warning: there is no composer.lock"), "{}", first.log());
    let lock = first.app_file("composer.lock");

    let built = case.clone().file("composer.lock", lock.clone()).build();
    let log = built.log();
    assert!(
        log.contains("Installing acme/greeter (1.0.0)") && !log.contains("does not fit"),
        "{log}"
    );
    assert!(!log.contains("acme/tester"), "{log}");
    let site = Site::start(&built, &[]);
    assert_eq!(body(&site), "one old gd fileinfo mysqli zip mbstring bz2 - ");
    assert_eq!(site.get("/build/info.txt").body, "made\n");
    drop(site);
    let console = output(&built, "php -m");
    for name in ["gd", "fileinfo", "mysqli", "zip", "mbstring", "bz2"] {
        assert!(console.lines().any(|line| line == name), "{name}: {console}");
    }
    assert!(!console.contains("xdebug") && !console.contains("arning"), "{console}");
    let launch = built.sbom("kouti_php/sbom.cdx.json");
    assert!(launch.contains("pkg:composer/acme/greeter@1.0.0"), "{launch}");
    assert!(!launch.contains("acme/tester"), "{launch}");

    let again = built.rebuild();
    assert!(again.log().contains("Nothing to install, update or remove"), "{}", again.log());
    assert_eq!(again.image_digest(), built.image_digest());

    let renamed = again.rebuild_with(|case| {
        case.without("src/Shop.php").file("src/Market.php", "<?php class Market {}\n")
    });
    let site = Site::start(&renamed, &[]);
    assert!(body(&site).starts_with("one new "), "{}", body(&site));
    drop(site);

    // A lock of another version, without the polyfill, and with what development needs.
    let newer = SHOP
        .replace("\"acme/greeter\": \"^1\", \"acme/polyfill\": \"*\"", "\"acme/greeter\": \"^2\"");
    let lock = resolving.file("composer.json", newer.clone()).build().app_file("composer.lock");
    let case = case.file("composer.json", newer);
    let changed = renamed.rebuild_with(|_| {
        case.file("composer.lock", lock).env("BP_COMPOSER_INSTALL_OPTIONS", "--prefer-dist")
    });
    let site = Site::start(&changed, &[]);
    let body = body(&site);
    assert!(body.starts_with("two ") && body.ends_with("xdebug "), "{body}");
    assert!(!changed.app_path("vendor/acme/polyfill").exists());
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn packages_in_the_source_need_no_network() {
    let _alone = alone();
    let case = shop(case());
    let resolving =
        case.clone().env("BP_COMPOSER_INSTALL_OPTIONS", "--no-dev --ignore-platform-reqs");
    let first = resolving.build();
    let source = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-RL")
        .arg(first.app_path("vendor"))
        .arg(source.path().join("vendor"))
        .status();
    assert!(copied.unwrap().success());
    let lock = first.app_file("composer.lock").replace("packages/", "https://packages.invalid/");
    assert!(lock.contains("https://packages.invalid/greeter-1.tar"), "{lock}");
    let built = case.without("packages").file("composer.lock", lock).app_dir(source.path()).build();
    let log = built.log();
    assert!(log.contains("warning: the source has a `vendor` of its own: it is kept"), "{log}");
    assert!(log.contains("Nothing to install, update or remove"), "{log}");
    assert!(built.find_layer("composer-packages").is_none());
    let site = Site::start(&built, &[]);
    assert!(body(&site).starts_with("one old "), "{}", body(&site));
}

#[test]
#[ignore = "needs runtimes of the local profile"]
fn composer_itself_says_what_its_ranges_mean() {
    let archives = archives();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs_err::write(path("php.tgz"), &archives.php.1).unwrap();
    fs_err::write(path("composer.phar"), &archives.composer.1).unwrap();
    let unpacked =
        Command::new("tar").args(["-xzf", "php.tgz"]).current_dir(dir.path()).status().unwrap();
    assert!(unpacked.success());
    let script = root().join("shared/version/tests/tables/composer.php");
    let output = Command::new(path("bin/php"))
        .args(["-n", "-d", "extension=phar", "-d"])
        .arg(format!("extension_dir={}", path("lib/php/extensions").display()))
        .arg(script)
        .env("COMPOSER_PHAR", path("composer.phar"))
        .output()
        .unwrap();
    let table = include_str!("../../../../shared/version/tests/tables/composer.txt");
    let found = String::from_utf8(output.stdout).unwrap();
    let different = table.lines().zip(found.lines()).find(|(known, found)| known != found);
    assert_eq!(different, None, "{}", String::from_utf8_lossy(&output.stderr));
    let versions = table.lines().next().unwrap().split(' ').count();
    assert!(versions * (found.lines().count() - 1) >= 3_000);
    assert_eq!(found.lines().count(), table.lines().count());
}
