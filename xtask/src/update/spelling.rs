//! How a version is written in addresses, package URLs and CPEs, and the same after an update.

use kouti_version::Version;

use super::model::Zero;

/// Old and new spellings of one thing.
pub(super) type Pairs = Vec<(String, String)>;

/// How upstream writes a version where nothing else is recorded.
pub(super) fn upstream(version: &Version, zero: Zero) -> String {
    let text = version.to_string();
    match (zero, version.patch(), version.is_prerelease()) {
        (Zero::Dropped, 0, false) => format!("{}.{}", version.major(), version.minor()),
        _ => text,
    }
}

/// A version and the vendor's own text, each with its successor.
pub(super) fn pairs(old: (&Version, &str), new: (&Version, &str)) -> Pairs {
    spellings(old).into_iter().zip(spellings(new)).collect()
}

fn spellings((version, upstream): (&Version, &str)) -> Vec<String> {
    let major = version.major();
    vec![
        upstream.to_owned(),
        upstream.replace('+', "%2B"),
        upstream.replace('+', "_"),
        upstream.replace('-', ""),
        version.to_string(),
        format!("{major}.{}.{}", version.minor(), version.patch()),
        // Java 8 in CPEs, Temurin's and Tomcat's places of a line.
        format!("update{}", version.patch()),
        format!("OpenJDK{major}U"),
        format!("temurin{major}-binaries"),
        format!("tomcat-{major}/"),
    ]
}

/// `text` with each old spelling replaced: the longest that fits, and never a part of a longer number.
pub(super) fn respell(text: &str, pairs: &Pairs) -> String {
    let mut pairs: Vec<_> = pairs.iter().filter(|(old, _)| !old.is_empty()).collect();
    pairs.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    let mut result = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = pairs.iter().find(|(old, _)| {
            rest.strip_prefix(old.as_str())
                .is_some_and(|after| stands_alone(&text[..text.len() - rest.len()], old, after))
        });
        if let Some((old, new)) = found {
            result.push_str(new);
            rest = &rest[old.len()..];
        } else {
            result.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    result
}

fn stands_alone(before: &str, old: &str, after: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let starts = digit(old.chars().next());
    let ends = digit(old.chars().last());
    let part_of_longer = || {
        let mut after = after.chars();
        let next = after.next();
        digit(next) || (next == Some('.') && digit(after.next()))
    };
    let continues = before.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    (!starts || !continues) && (!ends || !part_of_longer())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vendor_is_spelled_its_way() {
        for (old, new, text, expected) in [
            (
                ("24.1.0", "24.1.0"),
                ("24.11.0", "24.11.0"),
                "https://nodejs.org/dist/v24.1.0/node-v24.1.0-linux-x64.tar.gz",
                "https://nodejs.org/dist/v24.11.0/node-v24.11.0-linux-x64.tar.gz",
            ),
            (
                ("26.0.2", "26.0.2+10"),
                ("27.0.0", "27+35"),
                "adoptium/temurin26-binaries/releases/download/jdk-26.0.2%2B10/OpenJDK26U-jdk_x64_linux_hotspot_26.0.2_10.tar.gz",
                "adoptium/temurin27-binaries/releases/download/jdk-27%2B35/OpenJDK27U-jdk_x64_linux_hotspot_27_35.tar.gz",
            ),
            (
                ("8.0.502", "8u502-b07"),
                ("8.0.512", "8u512-b05"),
                "jdk8u502-b07/OpenJDK8U-jdk_x64_linux_hotspot_8u502b07.tar.gz jdk:1.8.0:update502 @8.0.502?arch",
                "jdk8u512-b05/OpenJDK8U-jdk_x64_linux_hotspot_8u512b05.tar.gz jdk:1.8.0:update512 @8.0.512?arch",
            ),
            // No part of another number.
            (
                ("1.2.0", "1.2"),
                ("1.3.0", "1.3"),
                "1.2 11.2 1.20 1.2.1 v1.2.tar",
                "1.3 11.2 1.20 1.2.1 v1.3.tar",
            ),
        ] {
            let version = |text| Version::parse(text).unwrap();
            let (old_version, new_version) = (version(old.0), version(new.0));
            let pairs = pairs((&old_version, old.1), (&new_version, new.1));
            assert_eq!(respell(text, &pairs), expected);
        }
    }
}
