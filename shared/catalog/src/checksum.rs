//! The digest an artifact must have.

use std::fmt;
use std::str::FromStr;

use kouti_report::{Explain, Fault};
use serde::{Deserialize, Serialize};

/// A digest algorithm that proves an artifact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// SHA-256, 64 hexadecimal digits.
    Sha256,
    /// SHA-512, 128 hexadecimal digits.
    Sha512,
}

impl Algorithm {
    /// Name as in catalogues and in the offline store: `sha256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// An algorithm and the digest it must give, lower-case.
///
/// There is no "unknown" or "none": what has no checksum is not installed.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Checksum {
    /// How the digest is computed.
    pub algorithm: Algorithm,
    /// The digest in lower-case hexadecimal.
    pub hex: String,
}

/// A text that is no checksum.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a checksum")]
pub struct BadChecksum {
    /// What was found.
    pub text: String,
}

impl Explain for BadChecksum {
    fn id(&self) -> &'static str {
        "bad-checksum"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write `sha256:` and 64, or `sha512:` and 128 hexadecimal digits".to_owned()]
    }
}

impl FromStr for Checksum {
    type Err = BadChecksum;

    fn from_str(text: &str) -> Result<Self, BadChecksum> {
        let bad = || BadChecksum { text: text.to_owned() };
        let (name, hex) = text.trim().split_once(':').ok_or_else(bad)?;
        let algorithm = match name.to_ascii_lowercase().as_str() {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(bad()),
        };
        if hex.len() != algorithm.digits() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        Ok(Self { algorithm, hex: hex.to_ascii_lowercase() })
    }
}

impl TryFrom<String> for Checksum {
    type Error = BadChecksum;

    fn try_from(text: String) -> Result<Self, BadChecksum> {
        text.parse()
    }
}

impl From<Checksum> for String {
    fn from(checksum: Checksum) -> Self {
        checksum.to_string()
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

#[cfg(test)]
mod tests {
    use kouti_report::Colour;

    use super::*;

    #[test]
    fn case_does_not_matter_and_length_does() {
        let hex = "AB".repeat(32);
        let checksum: Checksum = format!("SHA256:{hex}").parse().unwrap();
        assert_eq!(checksum.to_string(), format!("sha256:{}", "ab".repeat(32)));
        for bad in [hex.as_str(), "sha1:00", "sha256:", &format!("sha512:{hex}"), "sha256:zz"] {
            assert!(bad.parse::<Checksum>().is_err(), "{bad}");
        }
        let error = "sha1:00".parse::<Checksum>().unwrap_err();
        let page = kouti_report::Problem::from(error).page("kouti/x 1.0.0", Colour::Off);
        insta::assert_snapshot!(page, @"
        error[bad-checksum]: `sha1:00` is not a checksum

        hint: write `sha256:` and 64, or `sha512:` and 128 hexadecimal digits
        ");
    }
}
