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
/// A release stands in for a release; a pre-release for a pre-release only.
pub(crate) fn resolve<'a>(
    wanted: &Version,
    policy: RollForward,
    installed: impl IntoIterator<Item = &'a Version>,
) -> Option<&'a Version> {
    let candidates: Vec<&Version> = installed
        .into_iter()
        .filter(|found| *found >= wanted)
        .filter(|found| wanted.is_prerelease() || !found.is_prerelease())
        .collect();
    let newest = |fits: &dyn Fn(&Version) -> bool| {
        candidates.iter().copied().filter(|found| fits(found)).max()
    };
    let line = |found: &Version| (found.major(), found.minor());
    // The lowest line of those that fit, and the newest patch of it.
    let nearest = |fits: &dyn Fn(&Version) -> bool| {
        let lowest =
            candidates.iter().filter(|found| fits(found)).map(|found| line(found)).min()?;
        newest(&|found| line(found) == lowest)
    };
    let same_major = |found: &Version| found.major() == wanted.major();
    match policy {
        RollForward::Disable => newest(&|found| found == wanted),
        RollForward::LatestPatch => newest(&|found| line(found) == line(wanted)),
        RollForward::Minor => nearest(&same_major),
        RollForward::LatestMinor => newest(&same_major),
        RollForward::Major => nearest(&|_| true),
        RollForward::LatestMajor => newest(&|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{installed, rows};

    #[test]
    fn every_row_of_the_table_holds() {
        let installed = installed("dotnet-core-aspnet-runtime");
        let table = include_str!("../tests/tables/runtime_roll_forward.txt");
        let rows: Vec<_> = rows(table).collect();
        assert!(rows.len() >= 300, "{}", rows.len());
        for [asked, policy, expected, source] in rows {
            let wanted = Version::parse(asked).unwrap();
            let policy = RollForward::parse(policy).unwrap();
            let found = resolve(&wanted, policy, &installed);
            let found = found.map_or("-".to_owned(), ToString::to_string);
            assert_eq!(found, expected, "{asked} {} ({source})", policy.name());
        }
    }

    #[test]
    fn releases_stand_in_for_previews_and_not_the_other_way_round() {
        let versions = ["11.0.0-preview.6", "10.0.11"].map(|text| Version::parse(text).unwrap());
        let found = |text: &str| {
            let wanted = Version::parse(text).unwrap();
            resolve(&wanted, RollForward::Major, &versions).map(ToString::to_string)
        };
        assert_eq!(found("10.0.0").as_deref(), Some("10.0.11"));
        assert_eq!(found("11.0.0-preview.5").as_deref(), Some("11.0.0-preview.6"));
        assert_eq!(found("10.0.12"), None);
    }
}
