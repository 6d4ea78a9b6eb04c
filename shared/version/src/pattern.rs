//! What stands behind an operator: `1.2.3`, `1.2`, `1.x`, `*`, and what the
//! operators make of it that mean the same in several dialects.

use std::ops::Bound::{Excluded, Included, Unbounded};

use semver::{BuildMetadata, Prerelease, Version};

use crate::interval::Interval;
use crate::semantic::lowest;

/// A version of which the last numbers may be open.
///
/// Behind an open number all are open, which is for the dialect's parser to see to.
pub(crate) struct Pattern {
    pub(crate) major: Option<u64>,
    pub(crate) minor: Option<u64>,
    pub(crate) patch: Option<u64>,
    pub(crate) pre: Prerelease,
    /// The fourth number, where the dialect has one.
    pub(crate) build: BuildMetadata,
}

impl Pattern {
    pub(crate) fn is_full(&self) -> bool {
        self.patch.is_some()
    }

    /// Zeros for what is open.
    pub(crate) fn floor(&self) -> Version {
        Version {
            major: self.major.unwrap_or(0),
            minor: self.minor.unwrap_or(0),
            patch: self.patch.unwrap_or(0),
            pre: self.pre.clone(),
            build: self.build.clone(),
        }
    }

    /// All releases that begin with the written numbers.
    pub(crate) fn line(&self) -> Interval<Version> {
        if self.is_full() { Interval::exactly(self.floor()) } else { self.tilde() }
    }

    /// The same with the pre-releases of the line.
    pub(crate) fn whole_line(&self) -> Interval<Version> {
        match (self.major, self.minor) {
            _ if self.is_full() => self.line(),
            (None, _) => Interval::ALL,
            (Some(major), minor) => {
                Interval { low: Included(lowest(major, minor.unwrap_or(0), 0)), ..self.tilde() }
            }
        }
    }

    /// The patch may rise; without a minor number that may rise too.
    pub(crate) fn tilde(&self) -> Interval<Version> {
        let high = match (self.major, self.minor) {
            (None, _) => Unbounded,
            (Some(major), None) => Excluded(lowest(major + 1, 0, 0)),
            (Some(major), Some(minor)) => Excluded(lowest(major, minor + 1, 0)),
        };
        Interval { low: Included(self.floor()), high }
    }

    /// Everything may rise that is right of the first number but zero.
    pub(crate) fn caret(&self) -> Interval<Version> {
        let high = match (self.major, self.minor, self.patch) {
            (None, _, _) => Unbounded,
            (Some(0), Some(0), Some(patch)) => Excluded(lowest(0, 0, patch + 1)),
            (Some(0), Some(minor), _) => Excluded(lowest(0, minor + 1, 0)),
            (Some(major), _, _) => Excluded(lowest(major + 1, 0, 0)),
        };
        Interval { low: Included(self.floor()), high }
    }

    /// `>`: behind the whole line, from the `first` of the next one on.
    pub(crate) fn above(&self, first: fn(u64, u64, u64) -> Version) -> Interval<Version> {
        match (self.major, self.minor, self.patch) {
            // Nothing is below the lowest version.
            (None, _, _) => Interval::below(Excluded(lowest(0, 0, 0))),
            (Some(major), None, _) => Interval::above(Included(first(major + 1, 0, 0))),
            (Some(major), Some(minor), None) => {
                Interval::above(Included(first(major, minor + 1, 0)))
            }
            _ => Interval::above(Excluded(self.floor())),
        }
    }

    /// `<=`: the whole line and what is below it.
    pub(crate) fn at_most(&self) -> Interval<Version> {
        Interval::below(self.line().high)
    }
}
