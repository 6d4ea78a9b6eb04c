//! Cases picked by hand: what people write, and what it picks.

use kouti_version::{Range, Version};

const NODE: &str = "18.20.7 18.20.8 20.20.1 20.20.2 22.22.3 22.23.1 22.23.2 24.17.0 24.18.0 \
                       24.18.1 25.9.0 26.0.0 26.5.0 26.5.1";

const PHP: &str = "8.2.32 8.3.33 8.4.24 8.5.9";

const JAVA: &str = "8.0.492 11.0.8 11.0.8.1 11.0.8+2 11.0.8.10 11.0.9 17.0.20.1 21.0.12";

fn newest(range: &Range, catalog: &str) -> Option<String> {
    catalog
        .split_whitespace()
        .map(|text| Version::parse(text).expect("the catalogue holds versions"))
        .filter(|version| range.matches(version))
        .max()
        .map(|version| version.to_string())
}

#[test]
fn npm_ranges_pick_what_npm_would() {
    for (picked, ranges) in [
        (Some("24.18.1"), &["24", "24.x", "24.*", "v24", "=24", "~24", "^24", "24.18"][..]),
        (Some("24.18.0"), &["24.18.0", "=v24.18.0"]),
        (Some("24.17.0"), &["~24.17", "~24.17.0", "~>24.17"]),
        (Some("24.18.1"), &["^24.17.0", "^ 24.17.0", "^22.22.0 || ^24.17.0", ">=20 <25"]),
        (Some("24.18.1"), &[">20 <=24", "<=24.18", "^24.18.0-0", "~24.18.0-rc.1"]),
        (Some("24.18.1"), &["24.18.1+build", "22 - 24"]),
        (Some("25.9.0"), &["^25.9.0 <26"]),
        (Some("22.23.2"), &["<24", "<=22.x"]),
        (Some("26.5.1"), &[">24", ">22.x", ">=20", "*", "", "x", "||", "^18||"]),
        (Some("20.20.2"), &["<22.x"]),
        (Some("24.17.0"), &["22.0.0 - 24.17", "22.23.1 - 24.17.0"]),
        (None, &["24.18.0-rc.1", "~0", "^0.10", ">=16.0.0 <=16.x.x", ">x", "<*"]),
    ] {
        for range in ranges {
            assert_eq!(newest(&Range::npm(range).unwrap(), NODE).as_deref(), picked, "{range:?}");
        }
    }
}

#[test]
fn npm_refuses_what_npm_would() {
    for text in [
        "latest",
        "lts",
        "lts/*",
        "node",
        ">=18,<25",
        "24.x.0",
        "24.*.1",
        "24.18.01",
        "24.18.0.1",
        "12.%",
        "> = 22",
        ">=24 !=24.18.1",
        "\"24\"",
        "24;",
        "18.0.0 || bogus",
        "*.1",
        "x.1.2",
        "01",
        "1.02.3",
        "20 -",
        "- 20",
    ] {
        assert!(Range::npm(text).is_err(), "{text:?}");
    }
}

#[test]
fn composer_ranges_pick_what_composer_would() {
    for (range, picked) in [
        ("^8.2", Some("8.5.9")),
        ("~8.2", Some("8.5.9")),
        ("~8.2.0", Some("8.2.32")),
        ("8.3.*", Some("8.3.33")),
        (">=8.2 <8.4", Some("8.3.33")),
        ("8.2 - 8.3", Some("8.3.33")),
        ("^7.4 || ~8.3.0", Some("8.3.33")),
        ("^7.4|^8.0", Some("8.5.9")),
        ("8.3", None),
        (">8.4", Some("8.5.9")),
        (">=8.2,!=8.5.9", Some("8.4.24")),
        ("*", Some("8.5.9")),
    ] {
        let range = Range::composer(range).unwrap();
        assert_eq!(newest(&range, PHP).as_deref(), picked, "{range}");
    }
}

#[test]
fn our_settings_read_php_lines_as_lines() {
    for (range, picked) in [
        ("8.3", Some("8.3.33")),
        ("8.3.x", Some("8.3.33")),
        ("8", Some("8.5.9")),
        ("8.3.12", None),
        ("~8.2", Some("8.2.32")),
        ("~>8.2", Some("8.5.9")),
        ("~> 8.2.1", Some("8.2.32")),
        ("", Some("8.5.9")),
    ] {
        let range = Range::parse(range).unwrap();
        assert_eq!(newest(&range, PHP).as_deref(), picked, "{range}");
    }
}

#[test]
fn a_fourth_number_is_compared_with_the_build() {
    for (range, picked) in [
        ("11", Some("11.0.9")),
        ("11.0.8", Some("11.0.8.10")),
        ("11.0.8.*", Some("11.0.8.10")),
        ("11.0.8.1", Some("11.0.8.1")),
        ("=11.0.8.2", Some("11.0.8+2")),
        ("11.0.8.3", None),
        ("11.0.8.0", Some("11.0.8")),
        ("<=11.0.8.0", Some("11.0.8")),
        ("<11.0.8.0", Some("8.0.492")),
        ("<11.0.8.10", Some("11.0.8+2")),
        ("<=11.0.8.10", Some("11.0.8.10")),
        (">11.0.8.10 <12", Some("11.0.9")),
        (">11.0.8 <11.0.9", None),
        (">11.0.8.2 <11.0.9", Some("11.0.8.10")),
        ("<=11.0.8", Some("11.0.8.10")),
        ("11.0.8, !=11.0.8.10", Some("11.0.8+2")),
        ("11.0.8, !=11.0.8", None),
        ("~11.0.8.5", Some("11.0.9")),
        ("^17.0.20.2", None),
        ("11.0.8.2 - 11.0.8.9", Some("11.0.8+2")),
        // Written as such, build metadata says nothing.
        ("11.0.8+1", Some("11.0.8.10")),
    ] {
        let range = Range::parse(range).unwrap();
        assert_eq!(newest(&range, JAVA).as_deref(), picked, "{range}");
    }
}

#[test]
fn a_fourth_number_of_zero_may_be_left_out() {
    let release = Version::parse("11.0.8").unwrap();
    for (range, found) in
        [("11.0.8.0", true), (">=11.0.8.0", true), (">11.0.8.0", false), ("!=11.0.8.0", false)]
    {
        assert_eq!(Range::parse(range).unwrap().matches(&release), found, "{range}");
    }
}

#[test]
fn what_follows_a_fourth_number_says_nothing() {
    let release = Version::parse("11.0.8.4+b.1").unwrap();
    for (range, found) in
        [("11.0.8.4", true), ("11.0.8.4+b.1", true), ("<=11.0.8.4", true), ("11.0.8.3", false)]
    {
        assert_eq!(Range::parse(range).unwrap().matches(&release), found, "{range}");
    }
}

#[test]
fn a_range_without_an_upper_bound_is_open_ended() {
    for text in [">=22", ">22", "*", "", "22 || >=24", ">=22 !=23", "~0.0.0"] {
        assert!(Range::parse(text).unwrap().is_open_ended(), "{text:?}");
    }
    for text in ["22", "^22", ">=22 <25", "<25", "22 - 24", "22 || 24"] {
        assert!(!Range::parse(text).unwrap().is_open_ended(), "{text:?}");
        assert!(!Range::npm(text).unwrap().is_open_ended(), "{text:?}");
    }
    for text in [">=22", "x", "", "^18 ||", "18 || >=20", ">=0.0.0", "22 - x"] {
        assert!(Range::npm(text).unwrap().is_open_ended(), "{text:?}");
    }
    for text in [">=8.2", "*", "8.2.* || >8.4", "!=8.5.9"] {
        assert!(Range::composer(text).unwrap().is_open_ended(), "{text:?}");
    }
    assert!(!Range::composer("^8.2 || 7.*").unwrap().is_open_ended());
    assert!(Range::any().is_open_ended());
}

#[test]
fn any_range_holds_releases_only() {
    let any = Range::any();
    assert_eq!(any.to_string(), "*");
    assert!(any.matches(&Version::parse("11.0.8.1").unwrap()));
    assert!(!any.matches(&Version::parse("1.2.3-rc.1").unwrap()));
}

#[test]
fn ranges_are_written_as_they_were_read() {
    let range = Range::npm(" ^20  ||^22 ").unwrap();
    assert_eq!(range.to_string(), "^20  ||^22");
    assert_eq!(format!("{range:12}|"), "^20  ||^22  |");
    assert_eq!(serde_json::to_string(&range).unwrap(), "\"^20  ||^22\"");
    assert_eq!(range, Range::npm("^20  ||^22").unwrap());
    assert_ne!(range, Range::npm("^20 || ^22").unwrap());
}
