//! Who makes a Java.

use kouti::setting::Value;
use serde::Serialize;

/// A vendor of JDKs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Vendor {
    #[default]
    Liberica,
    Temurin,
    Zulu,
}

impl Vendor {
    const ALL: [Self; 3] = [Self::Liberica, Self::Temurin, Self::Zulu];

    /// As catalogue and settings call it.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Liberica => "liberica",
            Self::Temurin => "temurin",
            Self::Zulu => "zulu",
        }
    }

    /// As version files call it: those of SDKMAN, of asdf, and those of Heroku.
    pub(crate) fn of_file(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "librca" | "liberica" => Some(Self::Liberica),
            "tem" | "temurin" | "adoptopenjdk" => Some(Self::Temurin),
            "zulu" => Some(Self::Zulu),
            _ => None,
        }
    }
}

impl Value for Vendor {
    const FORM: &'static str = "liberica, temurin or zulu";

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let text = match text.as_str() {
            "adoptium" => "temurin",
            "azul" => "zulu",
            other => other,
        };
        Self::ALL.into_iter().find(|vendor| vendor.id() == text)
    }
}
