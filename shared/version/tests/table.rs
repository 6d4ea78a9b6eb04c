//! Our answers beside those of the programs whose dialects we read.
//!
//! The tables say how they were made. What we answer differently on purpose is
//! named here, and a difference that has gone is an error as well.

use std::collections::BTreeMap;

use kouti_version::{BadRange, Range, Version};

/// What we make of a range that the reference reads in another way.
enum Ours {
    Invalid,
    /// The same as of this range.
    Like(&'static str),
    /// These versions.
    Only(&'static str),
}
use Ours::{Invalid, Like, Only};

/// Ranges that npm reads in a way that nobody can have meant.
const NPM_DIFFERENCES: &[(&str, Ours)] = &[
    // It deletes a `*` wherever that sticks to something else.
    ("1.2.3*", Invalid),
    ("*1.2.3", Invalid),
    ("1.*2.3", Invalid),
    (">*1.2.3", Invalid),
    // It does so with a `>` behind `~> `.
    ("~> >1", Invalid),
    // It does not look at what stands behind a wildcard.
    ("~1.x.99999999999999999999", Invalid),
    // To it, this lets in fewer pre-releases than `>=0.0.0`.
    (">=v0.0.0 || 1.2.3-alpha", Like(">=0.0.0 || 1.2.3-alpha")),
    // Its blanks are those of JavaScript, ours those of Unicode.
    ("\u{feff}1", Invalid),
    ("1\u{85}", Like("1")),
];

#[test]
fn npm_ranges_mean_what_they_mean_to_npm() {
    compare(include_str!("tables/npm.txt"), Range::npm, NPM_DIFFERENCES);
}

const PAKETO_DIFFERENCES: &[(&str, Ours)] = &[
    // Empty asks for nothing in particular.
    ("", Like("*")),
    // `~>` is read as in Ruby, which is what Paketo does with it if it stands alone.
    ("~>1.2", Like("^1.2")),
    ("~> 1.2", Like("^1.2")),
    ("~>1.2, <1.8", Like("^1.2, <1.8")),
    (">=1.2.4, ~>1.2", Like(">=1.2.4, ^1.2")),
    // The library refuses four parts.
    ("1.2.3.4", Only("1.2.3+4")),
    ("=1.2.3.4", Only("1.2.3+4")),
    ("1.2.3.4-alpha", Only("1.2.3-alpha+4")),
    ("1.2.3.*", Like("1.2.3")),
    ("~1.2.3.4", Only("1.2.4 1.2.10 1.2.3+4 1.2.3+10")),
    ("1.2.3.0", Only("1.2.3 v1.2.3")),
    // It takes a `*` behind an operator for `0.0.0`.
    ("^*", Like("*")),
    ("<=*", Like("*")),
    (">*", Only("")),
    ("!=*", Only("")),
    ("1 - x", Like(">=1")),
    ("* - *", Like("*")),
    // A line that is excluded is so with its pre-releases.
    (">=1.0.0-0, !=1.2", Like(">=1.0.0-0, <1.2.0-0 || >=1.3.0-0")),
    ("!=1.2-alpha", Like("<1.2.0-0 || >=1.3.0-0")),
    // It does not look at what stands behind a wildcard.
    ("1.x.xx", Invalid),
    ("x.18446744073709551616", Invalid),
    // The largest number it knows has no next one.
    ("18446744073709551615", Invalid),
    ("^18446744073709551615", Invalid),
    // It writes ` - ` anew without a look at the neighbours.
    ("3 1 - 2", Like("3, 1 - 2")),
    ("1 - 2.3.4||3.0.0", Like("1 - 2.3.4 || 3.0.0")),
    ("1 - 1.2.3=4", Invalid),
    // Its blanks are those of ASCII.
    ("\u{a0}1", Like("1")),
];

#[test]
fn paketo_ranges_mean_what_they_mean_to_paketo() {
    compare(include_str!("tables/paketo.txt"), Range::parse, PAKETO_DIFFERENCES);
}

const COMPOSER_DIFFERENCES: &[(&str, Ours)] = &[
    // It reads dates with signs between their parts, and commits behind branches.
    ("2024-01-15", Invalid),
    ("1.x-dev#abc", Invalid),
    // To it, this is a suffix of its own that comes before all others.
    ("1.0.0-STABLE", Like("1.0.0-stable")),
    // It compares with the text `0`.
    ("^00.3", Like("^0.3")),
    ("V8.*", Like("8.*")),
    // It stops reading at the end of a line.
    ("8.1\n8.2", Invalid),
    ("1  as 2", Like("1 as 2")),
    ("dev-  1", Invalid),
    // It joins intervals that touch, even if one of them is empty.
    ("~8.3.33|8.4 - 1", Like("~8.3.33")),
    (">=8.4 <1.0.0 || ^1.0.0", Like("^1.0.0")),
    ("\u{a0}8", Like("8")),
];

#[test]
fn composer_ranges_mean_what_they_mean_to_composer() {
    compare(include_str!("tables/composer.txt"), Range::composer, COMPOSER_DIFFERENCES);
}

/// Checks every line of a table, and prints all that is wrong.
fn compare(table: &str, parse: fn(&str) -> Result<Range, BadRange>, differences: &[(&str, Ours)]) {
    let mut lines = table.lines().filter_map(|line| line.split_once('\t'));
    let (_, versions) = lines.next().expect("the first line lists the versions");
    let versions: Vec<(&str, Version)> = versions
        .split(' ')
        .map(|text| (text, Version::parse(text).expect("the table holds versions")))
        .collect();
    let ours = |range: &str| {
        parse(range).map_or_else(
            |_| "invalid".to_owned(),
            |range| {
                let fits = |(_, version): &&(&str, Version)| range.matches(version);
                let found = versions.iter().filter(fits).map(|(text, _)| *text);
                found.collect::<Vec<_>>().join(" ")
            },
        )
    };

    let mut wrong = Vec::new();
    let mut left: BTreeMap<_, _> = differences.iter().map(|(text, ours)| (*text, ours)).collect();
    for (quoted, theirs) in lines {
        let range: String = serde_json::from_str(quoted).expect("ranges are JSON texts");
        let found = ours(&range);
        let difference = left.remove(range.as_str());
        let is_needless = difference.is_some() && found == theirs;
        let expected = match difference {
            None => theirs.to_owned(),
            Some(Invalid) => "invalid".to_owned(),
            Some(Like(other)) => ours(other),
            Some(Only(versions)) => (*versions).to_owned(),
        };
        if found != expected || is_needless {
            wrong.push(format!("{quoted}\n  expected {expected}\n  found    {found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.concat());
    assert!(left.is_empty(), "not in the table: {:?}", left.keys());
}
