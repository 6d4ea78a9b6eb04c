//! `packageManager` of `package.json`: `pnpm@10.34.9+sha512.…`.

use kouti::version::{Range, Version};

use crate::selection_error::SelectionError;

/// What `packageManager` asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// One version, as it should be.
    Version(Pin),
    /// Any of several versions, which Corepack refuses.
    Range(Range),
}

/// One version of a package manager, and the hash that it must have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pin {
    pub(crate) version: Version,
    /// Algorithm and hexadecimal digits.
    pub(crate) hash: Option<(String, String)>,
}

impl Asked {
    pub(crate) fn read(text: &str) -> Result<Self, SelectionError> {
        match Pin::read(text) {
            Err(SelectionError::BadPin { text }) => {
                let (_, version) = text.split_once('@').unwrap_or_default();
                match Range::npm(version) {
                    Ok(range) if !version.trim().is_empty() && !version.contains('+') => {
                        Ok(Self::Range(range))
                    }
                    _ => Err(SelectionError::BadPin { text }),
                }
            }
            pin => Ok(Self::Version(pin?)),
        }
    }
}

impl Pin {
    fn read(text: &str) -> Result<Self, SelectionError> {
        let bad = || SelectionError::BadPin { text: text.to_owned() };
        let (_, rest) = text.split_once('@').ok_or_else(bad)?;
        if rest.contains("://") {
            return Err(SelectionError::PinAddress { text: text.to_owned() });
        }
        let (version, hash) = match rest.split_once('+') {
            Some((version, hash)) => (version, Some(hash.split_once('.').ok_or_else(bad)?)),
            None => (rest, None),
        };
        if version.split('.').count() < 3 {
            return Err(bad());
        }
        let is_digest = |(algorithm, digits): &(&str, &str)| {
            let length = match *algorithm {
                "sha1" => 40,
                "sha224" => 56,
                "sha256" => 64,
                "sha384" => 96,
                "sha512" => 128,
                _ => 0,
            };
            digits.len() == length && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        };
        if hash.is_some_and(|hash| !is_digest(&hash)) {
            return Err(bad());
        }
        Ok(Self {
            version: Version::parse(version).map_err(|_| bad())?,
            hash: hash
                .map(|(algorithm, digits)| (algorithm.to_owned(), digits.to_ascii_lowercase())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_belongs_to_it() {
        let digits = "AB".repeat(28);
        let pin = Pin::read(&format!("yarn@4.18.1+sha224.{digits}")).unwrap();
        assert_eq!(pin.version.to_string(), "4.18.1");
        assert_eq!(pin.hash, Some(("sha224".into(), digits.to_ascii_lowercase())));
        assert_eq!(Pin::read("pnpm@10.0.0").unwrap().hash, None);
    }

    #[test]
    fn anything_but_versions_is_refused() {
        for text in [
            "npm",
            "pnpm@latest",
            "yarn@",
            "yarn@https://example.com/yarn.js",
            "pnpm@10.0.0+sha512.abc",
        ] {
            assert!(Asked::read(text).is_err(), "{text}");
        }
        for text in ["pnpm@^10", "pnpm@10", "npm@>=10 <12"] {
            assert!(matches!(Asked::read(text), Ok(Asked::Range(_))), "{text}");
        }
    }
}
