//! Digests of what was installed.

use std::fmt::Write as _;
use std::str::FromStr;

/// How a [`Digest`] was computed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DigestAlgorithm {
    /// 16 bytes; still published for Maven artifacts.
    Md5,
    /// 20 bytes; what Composer and old npm lockfiles record.
    Sha1,
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes.
    Sha512,
}

impl DigestAlgorithm {
    const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name without a dash, lower-case: `sha256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    pub(crate) fn cyclonedx(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    pub(crate) fn spdx(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// A digest in lower-case hexadecimal, of the right length for its algorithm.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    hex: String,
}

/// A text that is no digest.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a digest such as `sha256:…` or `sha512-…`")]
pub struct BadDigest {
    text: String,
}

impl Digest {
    /// How it was computed.
    #[must_use]
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The digest itself.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

/// Reads `sha256:<hexadecimal>`, as in a catalogue, and `sha512-<base64>`, as in
/// the lockfiles of npm, Yarn and pnpm.
impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let bad = || BadDigest { text: text.to_owned() };
        let at = text.find([':', '-']).ok_or_else(bad)?;
        let (name, digest) = (text[..at].to_ascii_lowercase(), &text[at + 1..]);
        let algorithm = DigestAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(bad)?;
        let hex = match text.as_bytes()[at] {
            b'-' => base64(digest).map(|bytes| hexadecimal(&bytes)),
            _ if digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(digest.to_ascii_lowercase())
            }
            _ => None,
        };
        hex.filter(|hex| hex.len() == 2 * algorithm.bytes())
            .map(|hex| Self { algorithm, hex })
            .ok_or_else(bad)
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for symbol in text.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_and_base64_are_the_same_digest() {
        let hex: Digest = "SHA1:A9993E364706816ABA3E25717850C26C9CD0D89D".parse().unwrap();
        let base64: Digest = "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=".parse().unwrap();
        assert_eq!(hex, base64);
        assert_eq!(hex.hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256:abcd",
            "sha999:00",
            "sha1-ä",
            "sha1:zz",
            "sha512-ab==",
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
