//! Extensions: from Composer, from the setting, from ini files of the app.

use crate::support::{page, shop};

fn loaded(build: &kouti_testing::Built) -> String {
    let config = build.layer("php-config");
    let text = config.read("conf.d/10-zend.ini") + &config.read("conf.d/20-extensions.ini");
    text.replace('\n', " ").trim_end().to_owned()
}

#[test]
fn what_packages_require_is_loaded_after_what_it_needs() {
    let build = shop().build();
    assert_eq!(
        loaded(&build),
        "zend_extension = opcache extension = xml extension = dom extension = igbinary \
         extension = pdo extension = redis extension = zip"
    );
    assert_eq!(build.labels()["io.kouti.php.extensions"], "opcache,xml,dom,igbinary,pdo,redis,zip");
}

#[test]
fn requirements_of_development_count_only_there() {
    let build = shop().env("BP_COMPOSER_INSTALL_OPTIONS", "").build();
    assert!(loaded(&build).contains("zend_extension = xdebug"), "{}", loaded(&build));
}

#[test]
fn the_setting_adds_and_removes() {
    let build = page().env("BP_PHP_EXTENSIONS", "pdo_mysql, -zip").build();
    let loaded = loaded(&build);
    assert!(loaded.contains("extension = pdo extension = pdo_mysql"), "{loaded}");
    assert!(!loaded.contains("zip"), "{loaded}");
}

#[test]
fn an_extension_of_an_ini_file_is_loaded_once() {
    let build = page().file(".php.ini.d/own.ini", "extension=zip\n").build();
    assert!(!loaded(&build).contains("zip"), "{}", loaded(&build));
}
