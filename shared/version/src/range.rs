//! A set of versions, whatever dialect it was written in.

use std::fmt;

use kouti_report::{Explain, Fault};
use serde::{Serialize, Serializer};

use crate::interval::Interval;
use crate::{Version, npm, paketo};

/// A set of versions that somebody asked for.
///
/// Shown as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Range {
    text: String,
    alternatives: Vec<Group>,
}

impl Range {
    /// Reads what our own settings take: `24`, `24.18.x`, `~1.2`, `^1.2.3`,
    /// `>=22 <25`, `22.1 - 24`, `18 || 20`, `>=22, !=22.3.1`. Empty means any version.
    pub fn parse(text: &str) -> Result<Self, BadRange> {
        Self::read(text, Dialect::Paketo, paketo::parse)
    }

    /// Reads what npm takes in `package.json`, with the meaning it has there.
    pub fn npm(text: &str) -> Result<Self, BadRange> {
        Self::read(text, Dialect::Npm, npm::parse)
    }

    /// Every released version.
    #[must_use]
    pub fn any() -> Self {
        let everything = Group { prereleases: Prereleases::Refused, ..Group::default() };
        Self { text: "*".to_owned(), alternatives: vec![everything] }
    }

    fn read(
        text: &str,
        dialect: Dialect,
        parse: fn(&str) -> Result<Vec<Group>, String>,
    ) -> Result<Self, BadRange> {
        let text = text.trim().to_owned();
        match parse(&text) {
            Ok(alternatives) => Ok(Self { text, alternatives }),
            Err(part) => Err(BadRange { text, part, dialect, origin: None }),
        }
    }

    /// Whether the version is in the set.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|group| group.admits(version.value()))
    }

    /// Whether some alternative has no upper bound, so that the next major release
    /// will be taken as soon as it is there.
    #[must_use]
    pub fn is_open_ended(&self) -> bool {
        self.alternatives.iter().any(Group::is_open_ended)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Serialize for Range {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Group {
    pub(crate) within: Vec<Interval>,
    pub(crate) outside: Vec<Interval>,
    pub(crate) prereleases: Prereleases,
}

/// Which pre-releases a group lets in, provided that they are within its bounds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Prereleases {
    #[default]
    Refused,
    /// Those of a release of which some bound names a pre-release.
    OfNamedReleases,
    Admitted,
}

impl Group {
    fn admits(&self, version: &semver::Version) -> bool {
        (version.pre.is_empty() || self.admits_prerelease(version))
            && self.within.iter().all(|interval| interval.contains(version))
            && !self.outside.iter().any(|interval| interval.contains(version))
    }

    fn admits_prerelease(&self, version: &semver::Version) -> bool {
        let release = |of: &semver::Version| (of.major, of.minor, of.patch);
        match self.prereleases {
            Prereleases::Refused => false,
            Prereleases::Admitted => true,
            Prereleases::OfNamedReleases => self
                .within
                .iter()
                .flat_map(Interval::bounds)
                .any(|bound| !bound.pre.is_empty() && release(bound) == release(version)),
        }
    }

    fn is_open_ended(&self) -> bool {
        self.within.iter().all(|interval| interval.high == std::ops::Bound::Unbounded)
    }
}

/// The way a range is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// That of our settings, and of Paketo's.
    Paketo,
    /// That of `package.json`.
    Npm,
}

/// A text that is not a range of versions.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}`{} is not a version range{}", self.asked_for(), self.culprit())]
pub struct BadRange {
    /// What was written.
    pub text: String,
    /// The part of it that cannot be read.
    pub part: String,
    /// How it was read.
    pub dialect: Dialect,
    /// Where it was written: a setting, or a file and a key.
    pub origin: Option<String>,
}

impl BadRange {
    /// Adds where the range was written, such as `package.json, engines.node`.
    #[must_use]
    pub fn asked_for_in(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    fn asked_for(&self) -> String {
        self.origin.as_ref().map_or_else(String::new, |origin| format!(" (asked for in {origin})"))
    }

    fn culprit(&self) -> String {
        if self.part == self.text {
            return String::new();
        }
        format!(": `{}` makes no sense there", self.part)
    }
}

impl Explain for BadRange {
    fn id(&self) -> &'static str {
        "bad-version-range"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let forms = match self.dialect {
            Dialect::Paketo => {
                "write `24`, `24.18.*`, `~24.18.1`, `^24.18`, `>=22 <25` or `22.* || 24.*`"
            }
            Dialect::Npm => "write `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`",
        };
        vec![forms.to_owned()]
    }
}
