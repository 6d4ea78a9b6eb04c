//! Which SDK stands in for the one that `global.json` names: the rules of the `dotnet` program.

use kouti::version::Version;

use crate::global_json::{Policy, SdkRequest};

/// Major, minor and feature band; SDKs of one band differ by fixes alone.
fn band(version: &Version) -> (u64, u64, u64) {
    (version.major(), version.minor(), version.patch() / 100)
}

/// The one of `installed` that the policy leads to.
///
/// Never one that is older than what was asked for. Pre-releases take part only if they are among
/// `installed`.
pub(crate) fn resolve<'a>(
    request: &SdkRequest,
    installed: impl IntoIterator<Item = &'a Version>,
) -> Option<&'a Version> {
    let Some(wanted) = &request.version else { return installed.into_iter().max() };
    let same_line =
        |found: &Version| found.major() == wanted.major() && found.minor() == wanted.minor();
    let is_candidate = |found: &Version| match request.policy {
        Policy::Disable => found == wanted,
        Policy::Patch | Policy::LatestPatch => band(found) == band(wanted),
        Policy::Feature | Policy::LatestFeature => same_line(found),
        Policy::Minor | Policy::LatestMinor => found.major() == wanted.major(),
        Policy::Major | Policy::LatestMajor => true,
    };
    let candidates: Vec<&Version> =
        installed.into_iter().filter(|found| *found >= wanted && is_candidate(found)).collect();
    match request.policy {
        Policy::Patch if candidates.contains(&wanted) => {
            candidates.into_iter().find(|found| *found == wanted)
        }
        Policy::Feature | Policy::Minor | Policy::Major => {
            let lowest = candidates.iter().map(|found| band(found)).min()?;
            candidates.into_iter().filter(|found| band(found) == lowest).max()
        }
        _ => candidates.into_iter().max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Row, rows};

    #[test]
    fn every_row_of_the_table_holds() {
        let rows = rows(include_str!("../tests/tables/sdk_roll_forward.txt"));
        assert!(rows.len() >= 300, "{}", rows.len());
        for Row { installed, asked, policy, expected, source } in rows {
            let request = SdkRequest {
                version: Version::parse(asked).ok(),
                policy: Policy::parse(policy).unwrap(),
            };
            let found =
                resolve(&request, installed.iter()).map_or("-".to_owned(), ToString::to_string);
            assert_eq!(found, expected, "{asked} {policy} ({source})");
        }
    }

    #[test]
    fn a_preview_is_older_than_its_release_and_takes_part_if_it_is_there() {
        let versions = ["11.0.100-preview.6", "10.0.400"].map(|text| Version::parse(text).unwrap());
        let request =
            |text: &str, policy| SdkRequest { version: Version::parse(text).ok(), policy };
        let found = |request| resolve(&request, &versions).map(ToString::to_string);
        let preview = Some("11.0.100-preview.6".to_owned());
        assert_eq!(found(request("11.0.100-preview.5", Policy::LatestPatch)), preview);
        assert_eq!(found(request("11.0.100", Policy::LatestMajor)), None);
        assert_eq!(found(SdkRequest { version: None, policy: Policy::LatestMajor }), preview);
    }
}
