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

/// Digits only: `u64::from_str` would take a sign as well.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
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
