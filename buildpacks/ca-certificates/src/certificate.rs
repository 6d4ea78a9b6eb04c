//! One X.509 certificate.

use crate::der::{
    BIT_STRING, BOOLEAN, Element, Elements, GENERALIZED_TIME, INTEGER, OBJECT_ID, OCTET_STRING,
    SEQUENCE, UTC_TIME,
};
use crate::name;

/// A certificate and what of it matters here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    pub(crate) der: Vec<u8>,
    /// Under which OpenSSL looks for it.
    pub subject_hash: u32,
    /// What people know it by.
    pub subject: String,
    /// First day on which it counts, as `2026-01-31`.
    pub not_before: String,
    /// Last day on which it counts.
    pub not_after: String,
    /// Whether it may sign others. So may old ones that cannot say it.
    pub is_authority: bool,
    /// Bits of its RSA key, if it has one.
    pub rsa_bits: Option<usize>,
}

/// The object ids of an RSA key and of the extension that says who is an authority.
const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];

/// Tags of optional fields by their number.
const VERSION: u8 = 0xa0;
const ISSUER_ID: u8 = 0x81;
const SUBJECT_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

impl Certificate {
    /// Reads the certificate that `der` starts with. What follows is of no interest: a `TRUSTED
    /// CERTIFICATE` of OpenSSL has its own remarks there.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let certificate = Elements::of(der).next_of(SEQUENCE)?;
        let signed = Elements::of(certificate.content).next_of(SEQUENCE)?;
        let mut fields = Elements::of(signed.content);
        fields.next_of(VERSION);
        let _serial = fields.next_of(INTEGER)?;
        let _algorithm = fields.next_of(SEQUENCE)?;
        let _issuer = fields.next_of(SEQUENCE)?;
        let validity = fields.next_of(SEQUENCE)?;
        let subject = fields.next_of(SEQUENCE)?;
        let key = fields.next_of(SEQUENCE)?;
        fields.next_of(ISSUER_ID);
        fields.next_of(SUBJECT_ID);
        let extensions = fields.next_of(EXTENSIONS);
        if !fields.is_done() {
            return None;
        }
        let mut times = Elements::of(validity.content);
        Some(Self {
            der: certificate.whole.to_vec(),
            subject_hash: name::hash(subject)?,
            subject: name::shown(subject),
            not_before: day(times.next()?)?,
            not_after: day(times.next()?)?,
            is_authority: extensions
                .is_none_or(|extensions| is_authority(extensions) == Some(true)),
            rsa_bits: rsa_bits(key),
        })
    }

    /// What tells it from all others.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        kouti::sha256(&self.der)
    }
}

/// `260131120000Z` or `20260131120000Z` as `2026-01-31`.
fn day(time: Element) -> Option<String> {
    let text = str::from_utf8(time.content).ok()?;
    let (year, rest) = match time.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            (if year < "50" { format!("20{year}") } else { format!("19{year}") }, rest)
        }
        GENERALIZED_TIME => text.split_at_checked(4).map(|(year, rest)| (year.to_owned(), rest))?,
        _ => return None,
    };
    let (month, day) = rest.split_at_checked(4)?.0.split_at_checked(2)?;
    Some(format!("{year}-{month}-{day}"))
}

fn is_authority(extensions: Element) -> Option<bool> {
    let list = Elements::of(extensions.content).next_of(SEQUENCE)?;
    for extension in Elements::of(list.content) {
        let mut parts = Elements::of(extension.content);
        if parts.next_of(OBJECT_ID)?.content == BASIC_CONSTRAINTS {
            parts.next_of(BOOLEAN);
            let value = parts.next_of(OCTET_STRING)?;
            let constraints = Elements::of(value.content).next_of(SEQUENCE)?;
            let flag = Elements::of(constraints.content).next_of(BOOLEAN);
            return Some(flag.is_some_and(|flag| flag.content != [0]));
        }
    }
    None
}

fn rsa_bits(key: Element) -> Option<usize> {
    let mut parts = Elements::of(key.content);
    let algorithm = parts.next_of(SEQUENCE)?;
    let kind = Elements::of(algorithm.content).next_of(OBJECT_ID)?;
    let bits = parts.next_of(BIT_STRING)?;
    if kind.content != RSA {
        return None;
    }
    // The first byte counts unused bits.
    let key = Elements::of(bits.content.get(1..)?).next_of(SEQUENCE)?;
    let modulus = Elements::of(key.content).next_of(INTEGER)?.content;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    Some((modulus.len() - zeros) * 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Certificate {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");
        let text = fs_err::read_to_string(format!("{dir}/{name}.pem")).unwrap();
        Certificate::parse(&crate::pem::blocks(&text).unwrap()[0].content).unwrap()
    }

    /// What `openssl x509 -subject_hash` of OpenSSL 3 prints.
    #[test]
    fn subjects_are_hashed_as_by_openssl() {
        for (name, hash, subject) in [
            ("plain", "619b0c18", "Plain Test CA"),
            ("blanks", "ffe28126", "  ÜBER  Größe ÉLAN  "),
            ("printable", "afa7daab", "MiXeD Case"),
            ("teletex", "fa75b28a", "Élan  Vital"),
            ("bmp", "2830c627", "Ünïcode CA"),
            ("multi", "4fc3e80b", "Zeta"),
            ("email", "209aca1f", "Mail"),
        ] {
            let certificate = fixture(name);
            assert_eq!(format!("{:08x}", certificate.subject_hash), hash, "{name}");
            assert_eq!(certificate.subject, subject, "{name}");
        }
    }

    #[test]
    fn facts_are_read() {
        let weak = fixture("weak");
        assert_eq!((weak.rsa_bits, weak.is_authority), (Some(1024), true));
        assert_eq!((&weak.not_before[..4], &weak.not_after[..4]), ("2026", "2126"));
        assert_eq!(fixture("plain").rsa_bits, None);
    }

    #[test]
    fn what_is_cut_off_is_no_certificate() {
        let der = fixture("plain").der;
        for end in 0..der.len() {
            assert_eq!(Certificate::parse(&der[..end]), None, "{end} bytes");
        }
        let trusted = [der.as_slice(), b"\x30\x03abc"].concat();
        assert_eq!(Certificate::parse(&trusted), Certificate::parse(&der));
    }
}
