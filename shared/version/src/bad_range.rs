//! What the user is told about a range that cannot be read.

use kouti_report::{Explain, Fault};

/// The way a range is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// That of our settings, and of Paketo's.
    Paketo,
    /// That of `package.json`.
    Npm,
    /// That of `composer.json`.
    Composer,
}

/// A text that is not a range of versions.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}`{} is not a range of versions{}", self.asked_for(), self.culprit())]
pub struct BadRange {
    /// What was written.
    pub text: String,
    /// The part of it that makes no sense.
    pub part: String,
    /// How it was read.
    pub dialect: Dialect,
    /// Where it was written.
    pub origin: Option<String>,
}

impl BadRange {
    /// Adds where the range was written, such as `package.json, engines.node`.
    #[must_use]
    pub fn asked_for_in(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    fn asked_for(&self) -> String {
        self.origin.as_ref().map_or_else(String::new, |origin| format!(" (asked for in {origin})"))
    }

    fn culprit(&self) -> String {
        match self.part.as_str() {
            part if part == self.text => String::new(),
            "" => ": a part of it is empty".to_owned(),
            part => format!(": `{part}` makes no sense there"),
        }
    }
}

impl Explain for BadRange {
    fn id(&self) -> &'static str {
        "bad-version-range"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let special = match self.dialect {
            Dialect::Npm if self.part.contains(',') => {
                Some("put a blank between conditions, not a comma")
            }
            Dialect::Composer if self.part.starts_with("~>") => Some("write `~` instead of `~>`"),
            _ => None,
        };
        let forms = match self.dialect {
            Dialect::Paketo => {
                "write it like `24`, `24.18.*`, `~24.18.1`, `^24.18`, `>=22 <25` or `22.* || 24.*`"
            }
            Dialect::Npm => {
                "write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`"
            }
            Dialect::Composer => {
                "write it like `8.3.*`, `~8.3.1`, `^8.3`, `>=8.2 <8.5` or `^7.4 || ^8.0`"
            }
        };
        special.into_iter().chain([forms]).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::{Colour, Problem};

    use super::*;
    use crate::Range;

    fn page(error: BadRange) -> String {
        Problem::from(error).page("kouti/nodejs 0.1.0", Colour::Off)
    }

    #[test]
    fn a_text_of_which_nothing_makes_sense_is_shown_once() {
        let error = Range::parse("seventeen").unwrap_err().asked_for_in("BP_JVM_VERSION");
        assert_snapshot!(page(error), @r"
        error[bad-version-range]: `seventeen` (asked for in BP_JVM_VERSION) is not a range of versions

        hint: write it like `24`, `24.18.*`, `~24.18.1`, `^24.18`, `>=22 <25` or `22.* || 24.*`
        ");
    }

    #[test]
    fn the_part_that_makes_no_sense_is_named() {
        let error = Range::npm(">=24 !=24.18.1").unwrap_err();
        assert_snapshot!(page(error.asked_for_in("package.json, engines.node")), @r"
        error[bad-version-range]: `>=24 !=24.18.1` (asked for in package.json, engines.node) is not a range of versions: `!=24.18.1` makes no sense there

        hint: write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`
        ");
    }

    #[test]
    fn a_comma_between_npm_conditions_gets_a_hint() {
        assert_snapshot!(page(Range::npm(">=18, <25").unwrap_err()), @r"
        error[bad-version-range]: `>=18, <25` is not a range of versions: `>=18,` makes no sense there

        hint: put a blank between conditions, not a comma
        hint: write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`
        ");
    }

    #[test]
    fn the_operator_of_ruby_in_composer_gets_a_hint() {
        assert_snapshot!(page(Range::composer("^7.4 || ~>8.2").unwrap_err()), @r"
        error[bad-version-range]: `^7.4 || ~>8.2` is not a range of versions: `~>8.2` makes no sense there

        hint: write `~` instead of `~>`
        hint: write it like `8.3.*`, `~8.3.1`, `^8.3`, `>=8.2 <8.5` or `^7.4 || ^8.0`
        ");
    }

    #[test]
    fn an_empty_part_is_called_so() {
        for text in ["22 ||", "22,", "|| 22", "22 || || 24", "22,,24"] {
            assert_eq!(
                Range::parse(text).unwrap_err().to_string(),
                format!("`{text}` is not a range of versions: a part of it is empty"),
            );
        }
    }
}
