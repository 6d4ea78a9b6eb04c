//! Which certificate authorities are believed.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Where systems keep their bundle; the first that exists is used.
pub const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// Sources of certificate authorities; all of them together are believed.
///
/// Usual loaders read *only* the places in the environment if one is set; then a lone
/// `SSL_CERT_DIR` with a company's certificate would lose all public authorities.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The bundle of the system.
    pub system: bool,
    /// PEM files: `SSL_CERT_FILE`, and those of `ca-certificates` bindings.
    pub files: Vec<PathBuf>,
    /// Directories of PEM files: `SSL_CERT_DIR`.
    pub dirs: Vec<PathBuf>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { system: true, files: Vec::new(), dirs: Vec::new() }
    }
}

impl Trust {
    /// What the environment and `ca-certificates` bindings say.
    ///
    /// Bindings count only while neither variable is set: afterwards the buildpack that
    /// owns these bindings has put them where the variables point.
    #[must_use]
    pub fn new(
        ssl_cert_file: Option<&str>,
        ssl_cert_dir: Option<&str>,
        binding_files: Vec<PathBuf>,
    ) -> Self {
        let set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let split = |value: Option<&str>| {
            value
                .into_iter()
                .flat_map(|list| list.split(':'))
                .filter(|part| !part.is_empty())
                .map(PathBuf::from)
                .collect::<Vec<_>>()
        };
        let mut files = split(ssl_cert_file);
        if !set(ssl_cert_file) && !set(ssl_cert_dir) {
            files.extend(binding_files);
        }
        Self { system: true, files, dirs: split(ssl_cert_dir) }
    }

    /// Reads all of it, and says which files could not be used.
    pub(crate) fn load(&self) -> (RootCertStore, Vec<String>) {
        let mut roots = RootCertStore::empty();
        let mut remarks = Vec::new();
        let system =
            SYSTEM_BUNDLES.iter().map(Path::new).find(|path| self.system && path.is_file());
        let listed = self.dirs.iter().flat_map(|dir| match files_in(dir) {
            Ok(files) => files,
            Err(error) => {
                remarks.push(format!("no certificates from {error}"));
                Vec::new()
            }
        });
        let mut files: Vec<PathBuf> = system.map(Path::to_owned).into_iter().collect();
        files.extend(listed.collect::<Vec<_>>());
        files.extend(self.files.iter().cloned());
        // The system's directory usually holds its bundle, and each certificate twice.
        let mut seen = std::collections::BTreeSet::new();
        for file in files {
            let real = fs_err::canonicalize(&file).unwrap_or_else(|_| file.clone());
            if seen.insert(real)
                && let Err(reason) = add(&mut roots, &file)
            {
                remarks.push(format!("no certificates from {}: {reason}", file.display()));
            }
        }
        (roots, remarks)
    }
}

fn files_in(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let text = fs_err::read(file).map_err(|error| error.to_string())?;
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        found = true;
        // What the verifier cannot use is left out, the others of the file count.
        roots.add_parsable_certificates([certificate]);
    }
    if found { Ok(()) } else { Err("there are none in it".to_owned()) }
}
