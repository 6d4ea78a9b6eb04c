//! A set of versions, whatever dialect it was written in.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::composer::Normal;
use crate::interval::Conditions;
use crate::semantic::Alternative;
use crate::{BadRange, Dialect, Version, composer, npm, paketo};

/// A set of versions that somebody asked for.
///
/// Shown as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Range {
    text: String,
    alternatives: Alternatives,
}

/// One of them must fit.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Alternatives {
    Semantic(Vec<Alternative>),
    Composer(Vec<Conditions<Normal>>),
}
use Alternatives::{Composer, Semantic};

impl Range {
    /// Reads what our own settings take: `24`, `24.18.x`, `~1.2`, `^1.2.3`,
    /// `>=22 <25`, `22.1 - 24`, `18 || 20`, `>=22, !=22.3.1`.
    ///
    /// Empty means every release, `~>` what it means in Ruby. A fourth number is
    /// compared with the build metadata, which otherwise says nothing.
    pub fn parse(text: &str) -> Result<Self, BadRange> {
        Self::read(text, Dialect::Paketo, |text| paketo::parse(text).map(Semantic))
    }

    /// Reads what npm takes in `package.json`, with the meaning it has there.
    pub fn npm(text: &str) -> Result<Self, BadRange> {
        Self::read(text, Dialect::Npm, |text| npm::parse(text).map(Semantic))
    }

    /// Reads what Composer takes in `composer.json`, with the meaning it has there.
    ///
    /// Like there, a pre-release is in the set if it is within the bounds. To leave
    /// it out for being unstable is the business of who chooses.
    pub fn composer(text: &str) -> Result<Self, BadRange> {
        Self::read(text, Dialect::Composer, |text| composer::parse(text).map(Composer))
    }

    /// Every release.
    #[must_use]
    pub fn any() -> Self {
        Self { text: "*".to_owned(), alternatives: Semantic(vec![Alternative::ANY]) }
    }

    fn read(
        text: &str,
        dialect: Dialect,
        parse: impl FnOnce(&str) -> Result<Alternatives, String>,
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
        match &self.alternatives {
            Semantic(alternatives) => {
                alternatives.iter().any(|alternative| alternative.admits(version.value()))
            }
            Composer(alternatives) => Normal::read(version.text()).is_some_and(|version| {
                alternatives.iter().any(|conditions| conditions.hold(|bound| version.cmp(bound)))
            }),
        }
    }

    /// Whether some alternative has no upper bound, so that the next major release
    /// will be taken as soon as it is there.
    #[must_use]
    pub fn is_open_ended(&self) -> bool {
        match &self.alternatives {
            Semantic(all) => all.iter().any(|one| one.conditions.have_no_upper_bound()),
            Composer(all) => all.iter().any(Conditions::have_no_upper_bound),
        }
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
