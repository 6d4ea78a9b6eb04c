//! What a release lacks that is not the newest of its kind.

use std::collections::BTreeMap;

use kouti::Notice;
use kouti::catalog::Artifact;
use kouti::version::Version;

/// Key of the catalogue: how many vulnerabilities a release fixed.
const CVES: &str = "cves";

/// Fixes that came after a release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Lacking {
    title: String,
    newest: Version,
    /// Known vulnerabilities that were fixed in between.
    cves: u64,
}

impl Lacking {
    /// Compares with the releases that could take its place; `None` if there is no newer one.
    pub(crate) fn of<'a>(
        artifact: &Artifact,
        others: impl Iterator<Item = &'a Artifact>,
    ) -> Option<Self> {
        let count = |other: &Artifact| {
            let count = other.metadata.get(CVES)?.as_integer()?;
            u64::try_from(count).ok()
        };
        // The same release may be there in several forms.
        let newer: BTreeMap<&Version, u64> = others
            .filter(|other| !other.version.is_prerelease() && other.version > artifact.version)
            .map(|other| (&other.version, count(other).unwrap_or(0)))
            .collect();
        let (newest, _) = newer.last_key_value()?;
        Some(Self {
            title: artifact.title(),
            newest: (*newest).clone(),
            cves: newer.values().sum(),
        })
    }

    pub(crate) fn notice(&self, hint: &str) -> Notice {
        let Self { title, newest, cves } = self;
        let known = match cves {
            0 => String::new(),
            1 => ", among them that of one known vulnerability".to_owned(),
            cves => format!(", among them those of {cves} known vulnerabilities"),
        };
        Notice::new(format!("{title} lacks the fixes of {newest}{known}")).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::artifacts;

    fn lacking(id: &str, version: &str) -> Option<String> {
        let all = artifacts(id);
        let version = Version::parse(version).unwrap();
        let line = |version: &Version| (version.major(), version.minor());
        let own = all.iter().find(|artifact| artifact.version == version).unwrap();
        let same = all.iter().filter(|other| line(&other.version) == line(&own.version));
        Lacking::of(own, same).map(|lacks| lacks.notice("").text)
    }

    #[test]
    fn vulnerabilities_that_were_fixed_since_are_counted() {
        for (version, expected) in [
            // 8.0.29 fixed 17; of August's 8.0.30 nobody knows yet.
            (
                "8.0.28",
                Some(
                    "ASP.NET Core Runtime 8.0.28 lacks the fixes of 8.0.30, among them those of 17 known vulnerabilities",
                ),
            ),
            ("8.0.29", Some("ASP.NET Core Runtime 8.0.29 lacks the fixes of 8.0.30")),
            ("8.0.30", None),
        ] {
            assert_eq!(lacking("dotnet-core-aspnet-runtime", version).as_deref(), expected);
        }
    }
}
