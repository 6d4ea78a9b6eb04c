//! What the dialects share that go by semantic versioning.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease, Version};

use crate::interval::{Conditions, Interval};

/// Conditions that must all hold, and what goes for pre-releases there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Alternative {
    pub(crate) conditions: Conditions<Version>,
    pub(crate) prereleases: Prereleases,
}

/// Which pre-releases are let in, provided that they meet the conditions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Prereleases {
    None,
    /// Those of a release of which some bound names a pre-release.
    OfNamedReleases,
    All,
}

impl Alternative {
    /// Every release.
    pub(crate) const ANY: Self =
        Self { conditions: Conditions::NONE, prereleases: Prereleases::None };

    pub(crate) fn admits(&self, version: &Version) -> bool {
        (version.pre.is_empty() || self.admits_prerelease(version))
            && self.conditions.hold(|bound| compare(version, bound))
    }

    fn admits_prerelease(&self, version: &Version) -> bool {
        let release = |of: &Version| (of.major, of.minor, of.patch);
        match self.prereleases {
            Prereleases::None => false,
            Prereleases::All => true,
            Prereleases::OfNamedReleases => self
                .conditions
                .within
                .iter()
                .flat_map(Interval::bounds)
                .any(|bound| !bound.pre.is_empty() && release(bound) == release(version)),
        }
    }
}

/// Build metadata counts only if the bound has some, which is a fourth number; it is compared with the first part of
/// that of the version, and with zero if there is none.
fn compare(version: &Version, bound: &Version) -> Ordering {
    let order = version.cmp_precedence(bound);
    if order.is_ne() || bound.build.is_empty() {
        return order;
    }
    let fourth = version.build.split('.').next().filter(|part| !part.is_empty()).unwrap_or("0");
    BuildMetadata::new(fourth).unwrap_or_default().cmp(&bound.build)
}

/// The first pre-release that a release can have.
pub(crate) fn lowest(major: u64, minor: u64, patch: u64) -> Version {
    let mut version = Version::new(major, minor, patch);
    version.pre = Prerelease::new("0").unwrap_or_default();
    version
}
