//! Sets of versions between two bounds, and how bounds compare.

use std::cmp::Ordering;
use std::ops::Bound;

use semver::{Prerelease, Version};

/// Everything between two bounds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: Bound<Version>,
    pub(crate) high: Bound<Version>,
}

impl Interval {
    pub(crate) const ALL: Self = Self { low: Bound::Unbounded, high: Bound::Unbounded };

    /// Contains nothing: not even `0.0.0-0` is below `0.0.0-0`.
    pub(crate) fn nothing() -> Self {
        Self { low: Bound::Unbounded, high: Bound::Excluded(lowest(0, 0, 0)) }
    }

    pub(crate) fn exactly(version: Version) -> Self {
        Self { low: Bound::Included(version.clone()), high: Bound::Included(version) }
    }

    pub(crate) fn from(low: Bound<Version>) -> Self {
        Self { low, ..Self::ALL }
    }

    pub(crate) fn to(high: Bound<Version>) -> Self {
        Self { high, ..Self::ALL }
    }

    pub(crate) fn contains(&self, version: &Version) -> bool {
        let low = match &self.low {
            Bound::Unbounded => true,
            Bound::Included(bound) => compare(version, bound).is_ge(),
            Bound::Excluded(bound) => compare(version, bound).is_gt(),
        };
        let high = match &self.high {
            Bound::Unbounded => true,
            Bound::Included(bound) => compare(version, bound).is_le(),
            Bound::Excluded(bound) => compare(version, bound).is_lt(),
        };
        low && high
    }

    pub(crate) fn bounds(&self) -> impl Iterator<Item = &Version> {
        [&self.low, &self.high].into_iter().filter_map(|bound| match bound {
            Bound::Included(version) | Bound::Excluded(version) => Some(version),
            Bound::Unbounded => None,
        })
    }
}

/// What comes before a release and before all pre-releases of it but itself.
pub(crate) fn lowest(major: u64, minor: u64, patch: u64) -> Version {
    let mut version = Version::new(major, minor, patch);
    version.pre = Prerelease::new("0").unwrap_or_default();
    version
}

/// Build metadata counts only if the bound has some, which comes from a fourth
/// number; a fourth number that is missing in the version is then a zero.
fn compare(version: &Version, bound: &Version) -> Ordering {
    let exact = match bound.build.as_str() {
        "" => false,
        "0" => !version.build.is_empty(),
        _ => true,
    };
    if exact { version.cmp(bound) } else { version.cmp_precedence(bound) }
}
