//! The certificates that a Java runtime believes, and those of the system it runs on.

mod der;
mod jks;
mod pkcs12;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use kouti::sha256;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Where a system usually has all its certificates.
const SYSTEM_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The files with certificates of the system and of bindings.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<PathBuf>);

impl Sources {
    /// As `SSL_CERT_FILE` and `SSL_CERT_DIR` name them. What is not there is left out.
    #[must_use]
    pub fn find(cert_file: Option<&str>, cert_dirs: Option<&str>) -> Self {
        let mut files = vec![PathBuf::from(cert_file.unwrap_or(SYSTEM_FILE))];
        for dir in cert_dirs.unwrap_or_default().split(':').filter(|dir| !dir.is_empty()) {
            let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
            let mut found: Vec<_> = entries.map(|entry| entry.path()).collect();
            found.retain(|path| is_hash_link(path));
            found.sort();
            files.extend(found);
        }
        files.retain(|path| path.is_file());
        Self(files)
    }

    /// Tells two states of the files apart.
    ///
    /// A directory that has the same certificates as the bundle is common; the bundle alone is
    /// 200 kB, so everything is read and hashed once.
    #[must_use]
    pub fn digest(&self) -> String {
        let digests: BTreeSet<String> =
            self.0.iter().filter_map(|path| fs_err::read(path).ok()).map(sha256).collect();
        sha256(digests.into_iter().collect::<Vec<_>>().join("\n"))
    }

    /// All their certificates, each once, and what else was in them.
    #[must_use]
    pub fn certificates(&self) -> (Vec<Vec<u8>>, Vec<String>) {
        let mut all = BTreeSet::new();
        let mut remarks = Vec::new();
        for path in &self.0 {
            let Ok(bytes) = fs_err::read(path) else { continue };
            for certificate in CertificateDer::pem_slice_iter(&bytes) {
                match certificate {
                    Ok(certificate) => {
                        all.insert(certificate.to_vec());
                    }
                    Err(error) => {
                        remarks.push(format!("{} has no valid PEM: {error:?}", path.display()));
                        break;
                    }
                }
            }
        }
        (all.into_iter().collect(), remarks)
    }
}

/// `a1b2c3d4.0`, the name by which OpenSSL finds a certificate.
fn is_hash_link(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((hash, number)) = name.split_once('.') else { return false };
    hash.len() == 8
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A trust store is in a form that cannot be read without a password.
#[derive(Debug, thiserror::Error)]
#[error("{path} is neither a JKS store nor a PKCS#12 store without password")]
pub struct UnreadableStore {
    /// Where it is.
    pub path: PathBuf,
}

/// The certificates in the store of a runtime.
pub fn read_store(path: &Path) -> Result<Vec<Vec<u8>>, UnreadableStore> {
    let unreadable = || UnreadableStore { path: path.to_owned() };
    let bytes = fs_err::read(path).map_err(|_| unreadable())?;
    jks::read(&bytes).or_else(|| pkcs12::read(&bytes)).ok_or_else(unreadable)
}

/// A store with these certificates, the same bytes for the same set. Every Java reads it.
#[must_use]
pub fn write_store(certificates: &[Vec<u8>]) -> Vec<u8> {
    jks::write(certificates)
}

/// Adds what the store does not have yet and says how many that were; without any, it stays as it is.
pub fn extend(path: &Path, certificates: Vec<Vec<u8>>) -> io::Result<usize> {
    let mut known = read_store(path).map_err(io::Error::other)?;
    let has: BTreeSet<&Vec<u8>> = known.iter().collect();
    let new: Vec<_> = certificates.into_iter().filter(|one| !has.contains(one)).collect();
    let count = new.len();
    if count > 0 {
        known.extend(new);
        // Some vendors link it to the store of the system, which is not ours to change.
        fs_err::remove_file(path)?;
        fs_err::write(path, write_store(&known))?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> (String, Vec<u8>) {
        let key = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        (key.cert.pem(), key.cert.der().to_vec())
    }

    #[test]
    fn certificates_come_from_the_bundle_and_from_hash_links() {
        let dir = tempfile::tempdir().unwrap();
        let ((one, one_der), (two, two_der)) = (certificate("one"), certificate("two"));
        let bundle = dir.path().join("bundle.pem");
        fs_err::write(&bundle, &one).unwrap();
        fs_err::write(dir.path().join("0a1b2c3d.0"), &two).unwrap();
        fs_err::write(dir.path().join("README"), &two).unwrap();
        let sources = Sources::find(bundle.to_str(), dir.path().to_str());
        let (found, remarks) = sources.certificates();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&one_der) && found.contains(&two_der));
        assert_eq!(remarks, [""; 0]);

        let before = sources.digest();
        fs_err::write(dir.path().join("0a1b2c3d.0"), one).unwrap();
        assert_ne!(sources.digest(), before);
    }

    #[test]
    fn a_store_grows_by_what_it_lacks_only() {
        let dir = tempfile::tempdir().unwrap();
        let ((_, one), (_, two)) = (certificate("one"), certificate("two"));
        let path = dir.path().join("cacerts");
        fs_err::write(&path, write_store(std::slice::from_ref(&one))).unwrap();
        let before = fs_err::read(&path).unwrap();
        assert_eq!(extend(&path, vec![one.clone()]).unwrap(), 0);
        assert_eq!(fs_err::read(&path).unwrap(), before);
        assert_eq!(extend(&path, vec![one.clone(), two.clone()]).unwrap(), 1);
        let stored: BTreeSet<_> = read_store(&path).unwrap().into_iter().collect();
        assert_eq!(stored, [one, two].into());
    }

    #[test]
    fn an_unreadable_store_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cacerts");
        fs_err::write(&path, "x").unwrap();
        assert!(read_store(&path).unwrap_err().to_string().contains("cacerts is neither"));
    }
}
