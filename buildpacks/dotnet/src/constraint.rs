//! What people write to ask for a version of .NET.

use kouti::catalog::Line;
use kouti::version::{BadRange, Range};
use kouti::{Explain, Fault};

/// A text that asks for no version of .NET.
#[derive(Debug, thiserror::Error)]
#[error("{range}")]
pub(crate) struct BadConstraint {
    range: BadRange,
    of_sdk: bool,
}

impl Explain for BadConstraint {
    fn id(&self) -> &'static str {
        self.range.id()
    }

    fn fault(&self) -> Fault {
        self.range.fault()
    }

    fn hints(&self) -> Vec<String> {
        let hint = if self.of_sdk {
            "write it like `10.0.*`, `8.0.4xx`, `8.0.424`, `~8.0.400`, `>=8.0.400 <9`, `lts`, `sts` or \
             `latest`"
        } else {
            "write it like `10.0.*`, `8.0.30`, `~8.0.29` or `>=8.0.29 <9`"
        };
        vec![hint.to_owned()]
    }
}

/// Reads a range of our settings, or what .NET has besides: a feature band such as `8.0.4xx`, and
/// for the SDK the words `lts`, `sts` and `latest`.
///
/// `lines` are the release lines of the SDK of which there is a version.
pub(crate) fn read(text: &str, origin: &str, lines: &[&Line]) -> Result<Range, BadConstraint> {
    let text = text.trim();
    let newest = |is: &dyn Fn(&Line) -> bool| {
        let number = |line: &Line| {
            let (major, minor) = line.line.split_once('.')?;
            Some((major.parse::<u64>().ok()?, minor.parse::<u64>().ok()?))
        };
        let of_kind = lines.iter().filter(|line| is(line));
        of_kind.max_by_key(|line| number(line)).map(|line| format!("{}.*", line.line))
    };
    let meant = match text.to_ascii_lowercase().as_str() {
        "lts" => newest(&|line| line.lts.is_some()),
        "sts" => newest(&|line| line.lts.is_none()),
        "latest" => Some("*".to_owned()),
        lower => band(lower),
    };
    let range = Range::parse(meant.as_deref().unwrap_or(text));
    range.map_err(|error| BadConstraint {
        range: error.asked_for_in(origin),
        of_sdk: !lines.is_empty(),
    })
}

/// The release line that a request is about, by the first two numbers in it: 8.0 of `>=8.0.400 <9`.
pub(crate) fn line_of(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.trim_start_matches(|c: char| !c.is_ascii_digit()).split('.');
    let mut next = || numbers.next()?.parse::<u64>().ok();
    Some((next()?, next()?))
}

/// `8.0.4xx` is everything from 8.0.400 to below 8.0.500.
fn band(text: &str) -> Option<String> {
    let (line, band) = text.strip_suffix("xx")?.rsplit_once('.')?;
    let band: u64 = band.parse().ok()?;
    let is_line = line.split('.').count() == 2 && line.split('.').all(|n| n.parse::<u64>().is_ok());
    is_line.then(|| format!(">={line}.{}00 <{line}.{}00", band, band + 1))
}

#[cfg(test)]
mod tests {
    use kouti::version::Version;

    use super::*;

    #[test]
    fn bands_and_words_are_understood() {
        let line = |text: &str, lts: Option<&str>| {
            let lts = lts.map_or(String::new(), |date| format!("lts = '{date}'\n"));
            toml::from_str::<Line>(&format!("id = 'dotnet-sdk'\nline = '{text}'\n{lts}")).unwrap()
        };
        let lines =
            [line("8.0", Some("2023-11-14")), line("9.0", None), line("10.0", Some("2025-11-11"))];
        let lines: Vec<&Line> = lines.iter().collect();
        for (text, fits, fits_not) in [
            ("8.0.4xx", "8.0.424", "8.0.319"),
            ("8.0.4XX", "8.0.499", "8.0.500"),
            ("lts", "10.0.100", "9.0.317"),
            ("STS", "9.0.317", "10.0.100"),
            ("latest", "10.0.400", "11.0.100-preview.6"),
            ("8.0.*", "8.0.129", "9.0.100"),
            ("~8.0.400", "8.0.424", "8.1.0"),
            ("8.0.424", "8.0.424", "8.0.423"),
        ] {
            let range = read(text, "BP_DOTNET_SDK_VERSION", &lines).unwrap();
            assert!(range.matches(&Version::parse(fits).unwrap()), "{text} {fits}");
            assert!(!range.matches(&Version::parse(fits_not).unwrap()), "{text} {fits_not}");
        }
        assert!(read("8.0.xx", "x", &lines).is_err());
    }

    #[test]
    fn a_request_is_about_a_line() {
        for (text, line) in [
            ("8.0.500", Some((8, 0))),
            (">=8.0.400 <8.0.500", Some((8, 0))),
            ("~10.0.*-0", Some((10, 0))),
            ("8", None),
            ("8.*", None),
            ("lts", None),
        ] {
            assert_eq!(line_of(text), line, "{text}");
        }
    }
}
