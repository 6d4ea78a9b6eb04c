//! What the dialects share that go by semantic versioning.

use std::cmp::Ordering;

use semver::{Prerelease, Version};

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

/// The first pre-release that a release can have.
pub(crate) fn lowest(major: u64, minor: u64, patch: u64) -> Version {
    let mut version = Version::new(major, minor, patch);
    version.pre = Prerelease::new("0").unwrap_or_default();
    version
}
