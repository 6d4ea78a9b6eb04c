//! Target framework monikers: `net10.0`, `netcoreapp3.1`, `net8.0-windows`.

use std::fmt;

/// What a project is compiled for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Framework {
    /// .NET, or .NET Core as it was called.
    Core(Core),
    /// .NET Framework, .NET Standard, or nothing known: only libraries target these.
    Other(String),
}

/// A line of .NET, by number: `net9.0` comes before `net10.0`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Core {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    /// `windows` of `net8.0-windows10.0.19041`.
    pub(crate) platform: Option<String>,
    text: String,
}

impl Framework {
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        Self::core(text).map_or_else(|| Self::Other(text.to_owned()), Self::Core)
    }

    fn core(text: &str) -> Option<Core> {
        let lower = text.to_ascii_lowercase();
        let (version, platform) = match lower.split_once('-') {
            Some((version, platform)) => (version, Some(platform)),
            None => (lower.as_str(), None),
        };
        let (numbers, first) = match version.strip_prefix("netcoreapp") {
            Some(numbers) => (numbers, 1),
            // Below 5 it would be .NET Framework.
            None => (version.strip_prefix("net")?, 5),
        };
        let (major, minor) = numbers.split_once('.')?;
        let major: u64 = major.parse().ok().filter(|major| *major >= first)?;
        let letters = |platform: &str| {
            platform.chars().take_while(char::is_ascii_alphabetic).collect::<String>()
        };
        Some(Core {
            major,
            minor: minor.parse().ok()?,
            platform: platform.map(letters).filter(|platform| !platform.is_empty()),
            text: text.to_owned(),
        })
    }

    /// The monikers of a `TargetFrameworks` list.
    pub(crate) fn list(text: &str) -> Vec<Self> {
        text.split(';').map(str::trim).filter(|item| !item.is_empty()).map(Self::parse).collect()
    }
}

impl Core {
    /// The moniker as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Core(core) => &core.text,
            Self::Other(text) => text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbers() {
        for (text, line, platform) in [
            ("net10.0", "10.0", None),
            ("NET8.0", "8.0", None),
            ("netcoreapp3.1", "3.1", None),
            ("net8.0-windows10.0.19041.0", "8.0", Some("windows")),
            ("net9.0-browser", "9.0", Some("browser")),
        ] {
            let Framework::Core(core) = Framework::parse(text) else { panic!("{text}") };
            assert_eq!(
                (format!("{}.{}", core.major, core.minor).as_str(), core.platform.as_deref()),
                (line, platform)
            );
        }
        assert!(Framework::parse("net9.0") < Framework::parse("net10.0"));
    }

    #[test]
    fn what_only_libraries_target_is_apart() {
        for text in ["net48", "net472", "net4.8", "net8", "netstandard2.0", "uap10.0", "", "net.0"]
        {
            assert_eq!(Framework::parse(text), Framework::Other(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_list_is_split_at_semicolons() {
        let found = Framework::list(" net8.0; ;net10.0;");
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["net8.0", "net10.0"]
        );
    }
}
