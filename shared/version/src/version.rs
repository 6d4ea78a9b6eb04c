//! One version of one thing.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use kouti_report::{Explain, Fault};
use semver::{BuildMetadata, Prerelease};
use serde::{Deserialize, Serialize};

/// A version as its vendor writes it, comparable with others.
///
/// Shown as it was written, but compared by what it means: `v1.2` equals `1.2.0`.
/// The order is that of `SemVer`, then that of the build metadata, number by number.
/// A fourth part (`11.0.8.1`, as Java vendors have it) counts as build metadata.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: String,
    value: semver::Version,
}

impl Version {
    /// Reads one to four numbers, each but the first optional, then `-prerelease`
    /// and `+build`. A leading `v`, leading zeros and blanks around it do no harm.
    pub fn parse(text: &str) -> Result<Self, BadVersion> {
        let text = text.trim();
        let value = read(text).ok_or_else(|| BadVersion { text: text.to_owned() })?;
        Ok(Self { text: text.to_owned(), value })
    }

    /// The first number.
    #[must_use]
    pub fn major(&self) -> u64 {
        self.value.major
    }

    /// The second number, zero if there is none.
    #[must_use]
    pub fn minor(&self) -> u64 {
        self.value.minor
    }

    /// The third number, zero if there is none.
    #[must_use]
    pub fn patch(&self) -> u64 {
        self.value.patch
    }

    /// Whether this comes before the release of that number.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.value.pre.is_empty()
    }

    /// What was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What ranges compare with.
    pub(crate) fn value(&self) -> &semver::Version {
        &self.value
    }
}

fn read(text: &str) -> Option<semver::Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
    let (text, pre) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));

    let mut numbers = text.split('.').map(number);
    let major = numbers.next()??;
    let minor = numbers.next().unwrap_or(Some(0))?;
    let patch = numbers.next().unwrap_or(Some(0))?;
    let fourth = numbers.next();
    if numbers.next().is_some() || pre == Some("") || build == Some("") {
        return None;
    }
    let build = match (fourth, build) {
        (None, build) => build.unwrap_or_default().to_owned(),
        (Some(fourth), None) => fourth?.to_string(),
        (Some(fourth), Some(build)) => format!("{}.{build}", fourth?),
    };
    Some(semver::Version {
        major,
        minor,
        patch,
        pre: Prerelease::new(pre.unwrap_or_default()).ok()?,
        build: BuildMetadata::new(&build).ok()?,
    })
}

/// Reads digits only, where `u64::from_str` would take a sign as well, and leaves
/// out the largest number, so that each has a next one.
pub(crate) fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number < u64::MAX)
}

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Version {
    type Error = BadVersion;

    fn try_from(text: String) -> Result<Self, BadVersion> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

/// A text that is not one version.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a version")]
pub struct BadVersion {
    /// What was written.
    pub text: String,
}

impl Explain for BadVersion {
    fn id(&self) -> &'static str {
        "bad-version"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write numbers with dots between them, such as `22.11.0` or `11.0.8.1`".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::{Colour, Problem};

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn versions_are_shown_as_they_were_written() {
        for text in
            ["1", "v1.2", "1.2.3", "11.0.8.1", "01.02.03", "1.2.3-rc.1+build.5", "1-a-b+c-d"]
        {
            assert_eq!(version(text).to_string(), text);
        }
        assert_eq!(version(" 22.1.0\n").to_string(), "22.1.0");
        assert_eq!(format!("[{:8}]", version("1.2.3")), "[1.2.3   ]");
    }

    #[test]
    fn versions_are_equal_if_they_mean_the_same() {
        for (one, other) in [
            ("v1.2", "1.2.0"),
            ("2024.01.02", "2024.1.2"),
            ("11.0.8.1", "11.0.8+1"),
            ("1.2.3.4+5-rc1.4", "1.2.3+4.5-rc1.4"),
            ("5.1.0.1-rc1", "5.1.0-rc1+1"),
        ] {
            assert_eq!(version(one), version(other));
        }
        assert_ne!(version("1.2.3"), version("1.2.3+1"));
    }

    #[test]
    fn versions_have_an_order() {
        let ascending = [
            "0.9.10",
            "1.0.0-0",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-rc.2",
            "1.0.0-rc.11",
            "1.0.0",
            "1.0.0+9",
            "1.0.0+10",
            "1.0.0.11",
            "1.0.0+11.2",
            "1.0.0+11.10",
            "1.0.1",
            "1.2",
            "1.10",
            "2",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn the_numbers_can_be_asked_for() {
        let version = version("v8.5.0-rc.1");
        assert_eq!((version.major(), version.minor(), version.patch()), (8, 5, 0));
        assert!(version.is_prerelease());
        assert!(!Version::parse("11.0.8.1").unwrap().is_prerelease());
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for text in [
            "",
            "v",
            "V1",
            "latest",
            "1.",
            ".1",
            "1..2",
            "1.2.3.4.5",
            "1.x",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+a+b",
            "+1",
            "-1",
            "1,2",
            "1 2",
            "1.2.3-é",
            "18446744073709551615",
        ] {
            assert!(Version::parse(text).is_err(), "{text:?}");
        }
        let problem = Problem::from(Version::parse("jdk-21").unwrap_err());
        assert_snapshot!(problem.page("kouti/java 0.1.0", Colour::Off), @r"
        error[bad-version]: `jdk-21` is not a version

        hint: write numbers with dots between them, such as `22.11.0` or `11.0.8.1`
        ");
    }

    #[test]
    fn versions_are_texts_in_files() {
        let read: Version = serde_json::from_str("\"v1.2\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"v1.2\"");
        let error = serde_json::from_str::<Version>("\"one\"").unwrap_err();
        assert_eq!(error.to_string(), "`one` is not a version");
    }
}
