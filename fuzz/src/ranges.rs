//! What must hold for every text, whichever dialect it is read as.

use kouti_version::{BadRange, Range, Version};

/// Reads a range and a version, and looks for contradictions.
pub fn check(parse: fn(&str) -> Result<Range, BadRange>, range: &str, version: &str) {
    let version = Version::parse(version);
    if let Ok(version) = &version {
        assert_eq!(Version::parse(&version.to_string()).as_ref(), Ok(version));
    }
    let Ok(range) = parse(range) else { return };
    assert_eq!(parse(&range.to_string()).as_ref(), Ok(&range));
    // An empty text may be a range, but not an alternative.
    if let (Ok(version), Ok(either)) = (version, parse(&format!("{range} || {range}"))) {
        assert_eq!(either.matches(&version), range.matches(&version), "{version} in {range}");
        assert_eq!(either.is_open_ended(), range.is_open_ended(), "{range}");
    }
}
