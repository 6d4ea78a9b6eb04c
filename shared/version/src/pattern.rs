//! What stands behind an operator: `1.2.3`, `1.2`, `1.x`, `*`, and what the
//! operators that all dialects share make of it.

use std::ops::Bound::{self, Excluded, Included};

use semver::{BuildMetadata, Prerelease, Version};

use crate::interval::{Interval, lowest};

/// A version of which the last numbers may be left open.
///
/// Behind an open number all are open, which is for the dialect's parser to see to.
#[derive(Clone, Debug)]
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

    /// Open numbers are zeros.
    pub(crate) fn floor(&self) -> Version {
        Version {
            major: self.major.unwrap_or(0),
            minor: self.minor.unwrap_or(0),
            patch: self.patch.unwrap_or(0),
            pre: self.pre.clone(),
            build: self.build.clone(),
        }
    }

    /// All that the written numbers fit, and for a full version only itself.
    pub(crate) fn line(&self) -> Interval {
        if self.is_full() { Interval::exactly(self.floor()) } else { self.tilde() }
    }

    /// The same with the pre-releases of a line that is left open.
    pub(crate) fn whole_line(&self) -> Interval {
        let lowest = match (self.major, self.minor, self.patch) {
            (_, _, Some(_)) => return self.line(),
            (None, _, _) => return Interval::ALL,
            (Some(major), minor, None) => lowest(major, minor.unwrap_or(0), 0),
        };
        Interval { low: Included(lowest), ..self.tilde() }
    }

    /// The patch may rise; without a minor number that may rise too.
    pub(crate) fn tilde(&self) -> Interval {
        self.up_to(match (self.major, self.minor) {
            (None, _) => Bound::Unbounded,
            (Some(major), None) => Excluded(lowest(next(major), 0, 0)),
            (Some(major), Some(minor)) => Excluded(lowest(major, next(minor), 0)),
        })
    }

    /// Everything right of the first number that is not zero may rise.
    pub(crate) fn caret(&self) -> Interval {
        self.up_to(match (self.major, self.minor, self.patch) {
            (None, _, _) => Bound::Unbounded,
            (Some(0), Some(0), Some(patch)) => Excluded(lowest(0, 0, next(patch))),
            (Some(0), Some(minor), _) => Excluded(lowest(0, next(minor), 0)),
            (Some(major), _, _) => Excluded(lowest(next(major), 0, 0)),
        })
    }

    /// `>`: behind the whole line, from the `first` of the next one on.
    pub(crate) fn above(&self, first: fn(u64, u64, u64) -> Version) -> Interval {
        match (self.major, self.minor, self.patch) {
            (None, _, _) => Interval::nothing(),
            (Some(major), None, _) => Interval::from(Included(first(next(major), 0, 0))),
            (Some(major), Some(minor), None) => {
                Interval::from(Included(first(major, next(minor), 0)))
            }
            _ => Interval::from(Excluded(self.floor())),
        }
    }

    /// `<=`: the whole line and what is below it.
    pub(crate) fn at_most(&self) -> Interval {
        if self.is_full() {
            Interval::to(Included(self.floor()))
        } else {
            Interval::to(self.tilde().high)
        }
    }

    fn up_to(&self, high: Bound<Version>) -> Interval {
        Interval { low: Included(self.floor()), high }
    }
}

/// No release comes near the largest number, so standing still there is good enough.
fn next(number: u64) -> u64 {
    number.saturating_add(1)
}
