//! Which runtime an app gets: the rules of the host, with the catalogue as what is installed.

use kouti::version::Version;
use serde::Serialize;

/// How far a runtime may be from the version that an app was built for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) enum RollForward {
    Disable,
    LatestPatch,
    #[default]
    Minor,
    LatestMinor,
    Major,
    LatestMajor,
}

impl RollForward {
    const ALL: [(&'static str, Self); 6] = [
        ("Disable", Self::Disable),
        ("LatestPatch", Self::LatestPatch),
        ("Minor", Self::Minor),
        ("LatestMinor", Self::LatestMinor),
        ("Major", Self::Major),
        ("LatestMajor", Self::LatestMajor),
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        known.map(|(_, policy)| *policy)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, policy)| *policy == self).map_or("", |(name, _)| name)
    }
}

impl kouti::setting::Value for RollForward {
    const FORM: &'static str =
        "`Disable`, `LatestPatch`, `Minor`, `LatestMinor`, `Major` or `LatestMajor`";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

/// The one of `installed` that an app which asks for `wanted` runs on.
///
/// Who asks for a release gets a pre-release only where no release would do.
pub(crate) fn resolve<'a>(
    wanted: &Version,
    policy: RollForward,
    installed: impl IntoIterator<Item = &'a Version>,
) -> Option<&'a Version> {
    let all: Vec<&Version> = installed.into_iter().filter(|found| *found >= wanted).collect();
    let releases = || all.iter().copied().filter(|found| !found.is_prerelease()).collect();
    let of_releases = || resolve_among(wanted, policy, releases());
    let preferred = if wanted.is_prerelease() { None } else { of_releases() };
    preferred.or_else(|| resolve_among(wanted, policy, all.clone()))
}

fn resolve_among<'a>(
    wanted: &Version,
    policy: RollForward,
    candidates: Vec<&'a Version>,
) -> Option<&'a Version> {
    let line = |found: &Version| (found.major(), found.minor());
    let fits = |found: &&Version| match policy {
        RollForward::Disable => *found == wanted,
        RollForward::LatestPatch => line(found) == line(wanted),
        RollForward::Minor | RollForward::LatestMinor => found.major() == wanted.major(),
        RollForward::Major | RollForward::LatestMajor => true,
    };
    let fitting: Vec<&Version> = candidates.into_iter().filter(fits).collect();
    if matches!(policy, RollForward::LatestMinor | RollForward::LatestMajor) {
        return fitting.into_iter().max();
    }
    let nearest = fitting.iter().copied().min()?;
    // Fixes are taken, but no other pre-release than the next one.
    let is_patch = |found: &&Version| line(found) == line(nearest) && !found.is_prerelease();
    if nearest.is_prerelease() {
        return Some(nearest);
    }
    fitting.into_iter().filter(is_patch).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Row, rows};

    #[test]
    fn every_row_of_the_table_holds() {
        let rows = rows(include_str!("../tests/tables/runtime_roll_forward.txt"));
        assert!(rows.len() >= 300, "{}", rows.len());
        for Row { installed, asked, policy, expected, source } in rows {
            let wanted = Version::parse(asked).unwrap();
            let policy = RollForward::parse(policy).unwrap();
            let found = resolve(&wanted, policy, installed.iter());
            let found = found.map_or("-".to_owned(), ToString::to_string);
            assert_eq!(found, expected, "{asked} {} ({source})", policy.name());
        }
    }
}
