//! The addresses of an artifact, after mappings and mirrors.

use kouti_catalog::Artifact;
use kouti_report::SafeUrl;
use url::Url;

use crate::options::Options;
use crate::progress::Teller;

/// An address, and what it stands for if a setting changed it.
pub(crate) struct Address {
    pub(crate) url: Url,
    pub(crate) instead_of: Option<(SafeUrl, String)>,
}

impl Options {
    /// Where to look for an artifact, best first.
    pub(crate) fn addresses(&self, artifact: &Artifact, teller: &Teller) -> Vec<Address> {
        let originals = artifact.uri.iter().chain(&artifact.alternates);
        let mut originals = originals.filter_map(|uri| Url::parse(uri).ok());
        if let Some((url, setting)) = self.mappings.of(&artifact.checksum) {
            teller.debug(format!("address from {setting}"));
            let instead_of = originals.next().map(|original| (original.into(), setting));
            return vec![Address { url, instead_of }];
        }
        originals.map(|original| self.mirrored(original, teller)).collect()
    }

    fn mirrored(&self, original: Url, teller: &Teller) -> Address {
        if let Some((url, setting)) = self.mirrors.apply(&original) {
            teller.debug(format!("mirror from {setting}"));
            return Address { url, instead_of: Some((original.into(), setting)) };
        }
        if let Some(key) = self.mirrors.nearly(&original) {
            let host = original.host_str().unwrap_or_default();
            teller.debug(format!("the mirror for {key} is not used for {host}"));
        }
        Address { url: original, instead_of: None }
    }
}
