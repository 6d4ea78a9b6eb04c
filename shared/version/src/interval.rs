//! Sets of versions: intervals, and conditions made of them.

use std::cmp::Ordering;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

/// Everything between two bounds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Interval<B> {
    pub(crate) low: Bound<B>,
    pub(crate) high: Bound<B>,
}

impl<B> Interval<B> {
    pub(crate) const ALL: Self = Self { low: Unbounded, high: Unbounded };

    pub(crate) fn exactly(bound: B) -> Self
    where
        B: Clone,
    {
        Self { low: Included(bound.clone()), high: Included(bound) }
    }

    pub(crate) fn above(low: Bound<B>) -> Self {
        Self { low, high: Unbounded }
    }

    pub(crate) fn below(high: Bound<B>) -> Self {
        Self { low: Unbounded, high }
    }

    /// `place` says how the version in question compares to a bound.
    pub(crate) fn contains(&self, place: impl Fn(&B) -> Ordering) -> bool {
        let low = match &self.low {
            Unbounded => true,
            Included(bound) => place(bound).is_ge(),
            Excluded(bound) => place(bound).is_gt(),
        };
        let high = match &self.high {
            Unbounded => true,
            Included(bound) => place(bound).is_le(),
            Excluded(bound) => place(bound).is_lt(),
        };
        low && high
    }

    pub(crate) fn bounds(&self) -> impl Iterator<Item = &B> {
        [&self.low, &self.high].into_iter().filter_map(|bound| match bound {
            Included(bound) | Excluded(bound) => Some(bound),
            Unbounded => None,
        })
    }
}

/// Intervals that a version must be in, and such that it must not be in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Conditions<B> {
    pub(crate) within: Vec<Interval<B>>,
    pub(crate) outside: Vec<Interval<B>>,
}

impl<B> Conditions<B> {
    pub(crate) const NONE: Self = Self { within: Vec::new(), outside: Vec::new() };

    pub(crate) fn hold(&self, place: impl Fn(&B) -> Ordering) -> bool {
        self.within.iter().all(|interval| interval.contains(&place))
            && !self.outside.iter().any(|interval| interval.contains(&place))
    }

    pub(crate) fn have_no_upper_bound(&self) -> bool {
        self.within.iter().all(|interval| matches!(interval.high, Unbounded))
    }
}
