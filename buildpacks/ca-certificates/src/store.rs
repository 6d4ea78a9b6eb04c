//! Certificates as files, in every form in which programs look for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kouti::fetch::SYSTEM_BUNDLES;

use crate::{Certificate, pem};

/// Directory of files named after subjects, for `SSL_CERT_DIR`.
pub const CERTIFICATES: &str = "ca-certificates";
/// All certificates of the store in one file.
pub const EXTRA: &str = "extra.pem";
/// The same, behind those of the system.
pub const BUNDLE: &str = "bundle.pem";

/// Certificates, each once, in the order in which they were added.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Store(Vec<Certificate>);

impl Store {
    /// Adds those that are new.
    pub fn add(&mut self, certificates: Vec<Certificate>) {
        for certificate in certificates {
            if !self.0.contains(&certificate) {
                self.0.push(certificate);
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `2 CA certificates`.
    #[must_use]
    pub fn title(&self) -> String {
        match self.0.len() {
            1 => "1 CA certificate".to_owned(),
            count => format!("{count} CA certificates"),
        }
    }

    /// What tells this store from one with other certificates.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        kouti::sha256(self.extra())
    }

    /// All of them in PEM.
    #[must_use]
    pub fn extra(&self) -> String {
        self.0.iter().map(|certificate| pem::certificate(&certificate.der)).collect()
    }

    /// Behind the bundle of the system.
    #[must_use]
    pub fn bundle(&self, system: &[u8]) -> Vec<u8> {
        let mut bundle = system.to_vec();
        if bundle.last().is_some_and(|byte| *byte != b'\n') {
            bundle.push(b'\n');
        }
        bundle.extend(self.extra().bytes());
        bundle
    }

    /// The files of [`CERTIFICATES`]. Of certificates with the same subject each has its own number.
    #[must_use]
    pub fn by_subject(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut counts = BTreeMap::new();
        let mut files = BTreeMap::new();
        for certificate in &self.0 {
            let count = counts.entry(certificate.subject_hash).or_insert(0);
            let name = format!("{:08x}.{count}", certificate.subject_hash);
            let path = Path::new(CERTIFICATES).join(name);
            files.insert(path, pem::certificate(&certificate.der).into_bytes());
            *count += 1;
        }
        files
    }
}

/// The certificates that the system believes, if it has them where systems do.
#[must_use]
pub fn system_bundle() -> Option<&'static Path> {
    SYSTEM_BUNDLES.iter().map(Path::new).find(|path| path.is_file())
}

/// Variables of programs that look at neither `SSL_CERT_DIR` nor `SSL_CERT_FILE`, or at one only,
/// with the file each of them wants. The first one adds to what Node.js believes, the others replace.
#[must_use]
pub fn tool_variables() -> [(&'static str, &'static str); 7] {
    [
        ("NODE_EXTRA_CA_CERTS", EXTRA),
        ("AWS_CA_BUNDLE", BUNDLE),
        ("COMPOSER_CAFILE", BUNDLE),
        ("CURL_CA_BUNDLE", BUNDLE),
        ("GIT_SSL_CAINFO", BUNDLE),
        ("PIP_CERT", BUNDLE),
        ("REQUESTS_CA_BUNDLE", BUNDLE),
    ]
}
