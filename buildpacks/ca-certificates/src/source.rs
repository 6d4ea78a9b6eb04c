//! The certificates in one entry of a binding, or in one file.

use kouti::{Explain, Fault};

use crate::Certificate;
use crate::der::{Elements, INTEGER, OBJECT_ID, SEQUENCE};
use crate::pem::{self, BadPem};

/// Reads certificates, in PEM or a single one in DER. Messages call what they are in `origin`.
pub fn read(origin: &str, bytes: &[u8]) -> Result<Vec<Certificate>, BadCertificates> {
    let bad = |reason| BadCertificates { origin: origin.to_owned(), reason };
    if bytes.trim_ascii().is_empty() {
        return Err(bad(Reason::Empty));
    }
    if let Some(container) = container(bytes) {
        return Err(bad(Reason::Container(container)));
    }
    let blocks = match pem::blocks(&String::from_utf8_lossy(bytes)) {
        Ok(blocks) => blocks,
        Err(BadPem::NoBlock) => {
            let certificate = Certificate::parse(bytes).ok_or_else(|| bad(Reason::NoBlock))?;
            return Ok(vec![certificate]);
        }
        Err(BadPem::Broken { line }) => return Err(bad(Reason::Broken(line))),
        Err(BadPem::Behind { line }) => return Err(bad(Reason::Behind(line))),
    };
    let mut certificates = Vec::new();
    for (index, block) in blocks.into_iter().enumerate() {
        match block.label.as_str() {
            "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
                let certificate = Certificate::parse(&block.content);
                certificates.push(certificate.ok_or_else(|| bad(Reason::Unreadable(index + 1)))?);
            }
            key if key.ends_with("PRIVATE KEY") => return Err(bad(Reason::PrivateKey)),
            _ => return Err(bad(Reason::Other(block.label))),
        }
    }
    Ok(certificates)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Container {
    Jks,
    Pkcs7,
    Pkcs12,
}

/// What holds certificates in a form of its own.
fn container(bytes: &[u8]) -> Option<Container> {
    const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || bytes.starts_with(&[0xce; 4]) {
        return Some(Container::Jks);
    }
    let mut parts = Elements::of(Elements::of(bytes).next_of(SEQUENCE)?.content);
    if parts.next_of(INTEGER).is_some_and(|version| version.content == [3]) {
        return Some(Container::Pkcs12);
    }
    let kind = parts.next_of(OBJECT_ID)?;
    (kind.content == SIGNED_DATA).then_some(Container::Pkcs7)
}

/// An entry or a file that does not hold certificates, and nothing but certificates.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{origin} {}", .reason.clause())]
pub struct BadCertificates {
    origin: String,
    reason: Reason,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Reason {
    Empty,
    NoBlock,
    /// Line.
    Broken(usize),
    /// Line.
    Behind(usize),
    /// Which of the certificates.
    Unreadable(usize),
    PrivateKey,
    Container(Container),
    Other(String),
}

impl Reason {
    fn clause(&self) -> String {
        match self {
            Self::Empty => "is empty".to_owned(),
            Self::NoBlock => "holds no certificate".to_owned(),
            Self::Broken(line) => format!("has a block in line {line} that is cut off or damaged"),
            Self::Behind(line) => format!("has something behind its certificates, in line {line}"),
            Self::Unreadable(1) => "holds no X.509 certificate in its block".to_owned(),
            Self::Unreadable(index) => format!("holds no X.509 certificate in its block {index}"),
            Self::PrivateKey => "holds a private key".to_owned(),
            Self::Container(Container::Jks) => "is a Java key store".to_owned(),
            Self::Container(Container::Pkcs7) => "is a PKCS#7 container".to_owned(),
            Self::Container(Container::Pkcs12) => "is a PKCS#12 container".to_owned(),
            Self::Other(label) => format!("holds a block `{label}`, which is no certificate"),
        }
    }
}

impl Explain for BadCertificates {
    fn id(&self) -> &'static str {
        "bad-ca-certificate"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match &self.reason {
            Reason::PrivateKey => {
                "remove the key: to believe an authority takes its certificate only"
            }
            Reason::Container(Container::Jks) => {
                "bind what `keytool -exportcert -rfc -keystore <file> -alias <alias>` prints"
            }
            Reason::Container(Container::Pkcs7) => {
                "bind what `openssl pkcs7 -inform der -in <file> -print_certs` prints"
            }
            Reason::Container(Container::Pkcs12) => {
                "bind what `openssl pkcs12 -in <file> -cacerts -nokeys` prints"
            }
            _ => {
                "bind certificates in PEM, from `-----BEGIN CERTIFICATE-----` to \
                 `-----END CERTIFICATE-----`"
            }
        };
        vec![hint.to_owned()]
    }
}
