//! Cases picked by hand: what users of Node.js settings write, and what it picks.

use kouti_version::{Range, Version};

const CATALOG: &str = "18.20.7 18.20.8 20.20.1 20.20.2 22.22.3 22.23.1 22.23.2 24.17.0 24.18.0 \
                       24.18.1 25.9.0 26.0.0 26.5.0 26.5.1";

fn newest(range: &Range) -> Option<String> {
    CATALOG
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
            assert_eq!(newest(&Range::npm(range).unwrap()).as_deref(), picked, "{range:?}");
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
