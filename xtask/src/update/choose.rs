//! Which releases a catalogue should offer: a pure function of policy, catalogue and feed.

use std::collections::{BTreeMap, BTreeSet};

use kouti_catalog::Date;
use kouti_version::Version;

use super::model::{Product, Release};

/// What changes in a catalogue.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Oldest first.
    pub(super) add: Vec<Release>,
    /// What each addition pushes out of its line.
    pub(super) drop: Vec<Version>,
}

/// What is known of the lines of a product.
pub(super) type Ends = BTreeMap<String, Option<Date>>;

/// `offered` are the versions of the catalogue, `ends` the lines that the catalogue knows.
pub(super) fn choose(
    product: &Product,
    offered: &BTreeSet<Version>,
    releases: &[Release],
    ends: &Ends,
    today: Date,
) -> Chosen {
    let mut lines: BTreeMap<String, Vec<&Release>> = BTreeMap::new();
    for release in releases {
        lines.entry(product.line(&release.version)).or_default().push(release);
    }
    let mut chosen = Chosen::default();
    for (line, mut announced) in lines {
        let here: BTreeSet<&Version> =
            offered.iter().filter(|version| product.line(version) == line).collect();
        let newest = here.last().copied();
        let ended = ends.get(&line).copied().flatten().is_some_and(|end| end <= today);
        let is_old = || offered.last().is_some_and(|last| announced_before(&announced, last));
        if newest.is_none() && (ended || is_old()) {
            continue;
        }
        // Nobody waits for older patches of a line that has ended; the last one still counts.
        announced.retain(|release| {
            let is_late = newest.is_none_or(|newest| release.version > *newest);
            !here.contains(&release.version) && (!ended || is_late)
        });
        let is_released = here.iter().any(|version| !version.is_prerelease())
            || announced.iter().any(|release| !release.version.is_prerelease());
        announced.retain(|release| {
            release.version.is_prerelease() != is_released && (is_released || product.previews)
        });
        let keep = if is_released { product.keep } else { 1 };
        let wanted: BTreeSet<&Version> = here
            .iter()
            .copied()
            .filter(|version| version.is_prerelease() != is_released)
            .chain(announced.iter().map(|release| &release.version))
            .collect();
        let wanted: BTreeSet<&Version> = wanted.into_iter().rev().take(keep).collect();
        announced.retain(|release| wanted.contains(&release.version));
        if announced.is_empty() {
            continue;
        }
        chosen.drop.extend(here.into_iter().filter(|it| !wanted.contains(it)).cloned());
        chosen.add.extend(announced.into_iter().cloned());
    }
    chosen.add.sort_by(|a, b| a.version.cmp(&b.version));
    chosen.drop.sort();
    chosen
}

/// Whether a line that the catalogue does not offer is older than what it offers.
fn announced_before(announced: &[&Release], last: &Version) -> bool {
    announced.iter().all(|release| release.version < *last)
}

#[cfg(test)]
mod tests {
    use super::super::model::{LineBy, PRODUCT};
    use super::*;
    use jiff::civil::date;

    fn shown(product: &Product, offered: &[&str], feed: &[&str], ended: &[&str]) -> String {
        let version = |text: &&str| Version::parse(text).unwrap();
        let offered = offered.iter().map(version).collect();
        let feed: Vec<_> = feed.iter().map(|text| Release::new(version(text), *text)).collect();
        let ends = ended.iter().map(|line| ((*line).to_owned(), Some(date(2026, 1, 1)))).collect();
        let chosen = choose(product, &offered, &feed, &ends, date(2026, 6, 1));
        let signs = chosen
            .drop
            .iter()
            .map(|version| format!("-{version}"))
            .chain(chosen.add.iter().map(|release| format!("+{}", release.version)));
        signs.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_newest_of_each_line_stay() {
        let two = Product { keep: 2, ..PRODUCT };
        for (offered, feed, ended, expected) in [
            // A patch pushes the oldest out, but only of its own line.
            (
                &["22.1.0", "22.2.0", "24.1.0"][..],
                &["22.3.0", "22.2.0"][..],
                &[][..],
                "-22.1.0 +22.3.0",
            ),
            // One that was passed over comes later, an older one than all that is offered does not.
            (&["22.1.0", "22.3.0"], &["22.2.0", "22.0.0"], &[], "-22.1.0 +22.2.0"),
            // Nothing is lost where nothing comes.
            (&["22.1.0", "22.2.0", "22.3.0"], &["22.3.0"], &[], ""),
            // New lines come, lines that were left out do not.
            (&["22.1.0", "24.1.0"], &["23.9.0", "25.0.0", "20.1.0"], &[], "+25.0.0"),
            (&["22.1.0"], &["25.0.0"], &["25"], ""),
            // A late fix of a line that has ended, but not what was passed over there.
            (&["22.1.0"], &["22.0.5", "22.1.1"], &["22"], "+22.1.1"),
            // Pre-releases do not come.
            (&["22.1.0"], &["22.2.0-rc.1", "24.0.0-rc.1"], &[], ""),
        ] {
            assert_eq!(shown(&two, offered, feed, ended), expected, "{offered:?} {feed:?}");
        }
    }

    #[test]
    fn the_newest_preview_of_a_line_stays_until_its_release() {
        let net = Product { keep: usize::MAX, line: LineBy::Minor, previews: true, ..PRODUCT };
        for (feed, expected) in [
            (&["11.0.0-preview.5", "11.0.0-preview.7"][..], "-11.0.0-preview.6 +11.0.0-preview.7"),
            (&["11.0.0-preview.7", "11.0.0"], "-11.0.0-preview.6 +11.0.0"),
            (&["10.0.9", "10.0.10-rc.1"], "+10.0.9"),
        ] {
            assert_eq!(shown(&net, &["10.0.8", "11.0.0-preview.6"], feed, &[]), expected);
        }
    }
}
