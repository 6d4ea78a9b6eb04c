//! How much memory the app may use.

use std::path::Path;

use crate::{Env, cgroup};

/// One mebibyte, the unit in which platforms count.
pub const MIB: u64 = 1 << 20;

/// The memory limit of the app in bytes, if it has one.
///
/// On Cloud Foundry the smallest of the control group's limit, `MEMORY_LIMIT` (the share of this
/// process when there are sidecars) and the limit in `VCAP_APPLICATION`; elsewhere the control
/// group's. `root` is `/` outside tests.
#[must_use]
pub fn limit(env: &Env, root: &Path) -> Option<u64> {
    let group = cgroup::memory_limit(root);
    let Some(application) = env.given("VCAP_APPLICATION") else {
        // Elsewhere a variable of this name belongs to the user.
        return group;
    };
    let share = env.given("MEMORY_LIMIT").and_then(|text| parse_size(text, MIB));
    let application = serde_json::from_str::<serde_json::Value>(application)
        .ok()
        .and_then(|application| application["limits"]["mem"].as_u64())
        .and_then(|mebibytes| mebibytes.checked_mul(MIB));
    [group, share, application].into_iter().flatten().filter(|limit| *limit > 0).min()
}

/// Reads a size: `512m`, `1G`, `256MiB`, `1.5g`. All units are binary, as everywhere in
/// this field; a bare number counts in `unit` bytes.
#[must_use]
pub fn parse_size(text: &str, unit: u64) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let suffix = suffix.trim();
    let factor = match suffix.strip_suffix("ib").or(suffix.strip_suffix('b')).unwrap_or(suffix) {
        "" if suffix.is_empty() => unit,
        "" if suffix == "b" => 1,
        "k" => 1 << 10,
        "m" => MIB,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    if fraction.is_empty() {
        return Some(whole).filter(|_| !number.ends_with('.'));
    }
    // Nobody needs more than three digits, and they cannot overflow.
    let digits = fraction.get(..fraction.len().min(3))?;
    let scale = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let part = digits.parse::<u64>().ok()?.checked_mul(factor)? / scale;
    whole.checked_add(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_in_every_spelling() {
        for (text, bytes) in [
            ("512", 512 * MIB),
            ("512m", 512 * MIB),
            ("512M", 512 * MIB),
            (" 512 MB ", 512 * MIB),
            ("512MiB", 512 * MIB),
            ("1g", 1024 * MIB),
            ("1.5G", 1536 * MIB),
            ("0.1234g", 123 * (1 << 30) / 1000),
            ("64k", 64 * 1024),
            ("2t", 2 << 40),
            ("100b", 100),
            ("0", 0),
        ] {
            assert_eq!(parse_size(text, MIB), Some(bytes), "{text}");
        }
        assert_eq!(parse_size("512", 1), Some(512));
    }

    #[test]
    fn what_is_no_size_is_none() {
        for text in
            ["", "m", "-1", "1x", "1.m", ".5g", "1..5g", "1.2.3g", "ib", "1ib", "99999999999g", "ä"]
        {
            assert_eq!(parse_size(text, MIB), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "[0-9.]{0,25}[a-z ]{0,4}|\\PC{0,8}") {
            let _ = parse_size(&text, MIB);
        }
    }
}
