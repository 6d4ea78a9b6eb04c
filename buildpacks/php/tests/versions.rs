//! Which PHP is taken.

use insta::assert_snapshot;

use crate::support::{page, shop};

#[test]
fn a_page_gets_the_default_and_the_setting_decides() {
    assert!(page().build().log().contains("8.4.20 chosen"));
    let build = page().env("BP_PHP_VERSION", "8.2").build();
    assert!(build.log().contains("8.2.30 chosen"), "{}", build.log());
}

#[test]
fn everything_that_is_locked_has_a_say() {
    let build = shop()
        .json("composer.lock", |lock| lock["packages"][0]["require"]["php"] = "<8.5".into())
        .build();
    let log = build.log();
    let choice: Vec<_> = log.lines().skip(1).take(5).collect();
    assert_snapshot!(choice.join("\n"), @"
    Choosing PHP
      composer.lock (php)   ^8.2    <- used
      acme/greeter (php)    <8.5
      default               8.4.*
      8.4.20 chosen (newest that fits; supported until 2028-12-31)
    ");
}

#[test]
fn a_conflict_excludes_versions() {
    let build = shop()
        .json("composer.lock", |lock| lock["packages"][0]["conflict"]["php"] = ">=8.5".into())
        .build();
    assert!(build.log().contains("8.4.20 chosen"), "{}", build.log());
}

#[test]
fn the_line_that_was_resolved_for_is_preferred() {
    let build = shop()
        .json("composer.lock", |lock| lock["platform-overrides"]["php"] = "8.2.10".into())
        .build();
    assert!(build.log().contains("8.2.30 chosen"), "{}", build.log());
}

#[test]
fn a_setting_that_contradicts_the_lock_is_told() {
    let build = shop()
        .json("composer.lock", |lock| lock["platform"]["php"] = "^8.4".into())
        .env("BP_PHP_VERSION", "8.2.*")
        .build();
    let log = build.log();
    assert!(log.contains("8.2.30 chosen"), "{log}");
    assert!(
        log.contains(
            "warning: BP_PHP_VERSION leads to PHP 8.2.30, but composer.lock (php) asks for ^8.4"
        ),
        "{log}"
    );
}

#[test]
fn empty_maps_of_php_are_lists() {
    let build = shop()
        .json("composer.lock", |lock| lock["platform"] = serde_json::json!([]))
        .json("composer.json", |json| json["require"] = serde_json::json!([]))
        .build();
    assert!(build.log().contains("8.5.4 chosen"), "{}", build.log());
}

#[test]
fn another_buildpack_can_ask_for_a_version() {
    let build = page().requires("php", "version = \"8.2.*\", version-source = \"tool\"").build();
    assert!(build.log().contains("8.2.30 chosen"), "{}", build.log());
}

#[test]
fn every_line_is_there_for_every_distribution_and_architecture() {
    let catalogue = include_str!("../catalog.toml");
    let records: Vec<_> = catalogue.split("[[dependencies]]").skip(1).collect();
    let newest = |line: &str, arch: &str, release: &str| {
        records.iter().any(|record| {
            record.contains("id = \"php\"")
                && record.contains(&format!("version = \"{line}."))
                && record.contains(&format!("arch = \"{arch}\""))
                && record.contains(&format!("{{ name = \"ubuntu\", version = \"{release}\" }}"))
        })
    };
    for line in ["8.3", "8.4", "8.5"] {
        for arch in ["amd64", "arm64"] {
            for release in ["22.04", "24.04", "26.04"] {
                assert!(newest(line, arch, release), "PHP {line} for {arch}, Ubuntu {release}");
            }
        }
    }
    for release in ["22.04", "24.04"] {
        assert!(newest("8.2", "amd64", release), "PHP 8.2, Ubuntu {release}");
    }
}
