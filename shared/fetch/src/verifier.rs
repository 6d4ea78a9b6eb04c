//! Checks server certificates as usual, and can say who issued one that is not believed.
//!
//! "Unknown issuer" helps nobody; the name of a company's inspecting proxy tells a user at
//! once which authority has to be added.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

#[derive(Debug)]
pub(crate) struct Verifier {
    /// `None`: this system has no authorities at all, as small images do.
    inner: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(crate) fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        // Fails only without authorities.
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Self { inner: inner.ok(), algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = match &self.inner {
            Some(inner) => {
                inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verified.map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                let untrusted = Untrusted {
                    issuer: issuer(intermediates.last().unwrap_or(end_entity)),
                    alone: self.inner.is_none(),
                };
                CertificateError::Other(OtherError(Arc::new(untrusted))).into()
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Nobody we know has issued a certificate.
#[derive(Debug)]
struct Untrusted {
    issuer: Option<String>,
    /// There is nobody we know.
    alone: bool,
}

impl std::error::Error for Untrusted {}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) => write!(f, "it was issued by `{issuer}`")?,
            None => f.write_str("its issuer is unknown")?,
        }
        if self.alone {
            f.write_str(", and this system has no certificates at all")
        } else {
            Ok(())
        }
    }
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Distrust {
    /// A clause about the certificate.
    pub(crate) reason: String,
    /// A wrong clock would explain it.
    pub(crate) about_time: bool,
}

impl Distrust {
    pub(crate) fn new(error: &CertificateError) -> Self {
        let (reason, about_time) = match error {
            CertificateError::Other(OtherError(other)) => (other.to_string(), false),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("it has expired".to_owned(), true)
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("it is not valid yet".to_owned(), true)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                ("it is for another host".to_owned(), false)
            }
            CertificateError::Revoked => ("it has been revoked".to_owned(), false),
            other => (other.to_string(), false),
        };
        Self { reason, about_time }
    }
}

/// Common name of a certificate's issuer.
fn issuer(certificate: &[u8]) -> Option<String> {
    const VERSION: u8 = 0xa0;
    /// The object identifier of a common name: tag, length, 2.5.4.3.
    const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];

    let (_, certificate, _) = element(certificate)?;
    let (_, mut fields, _) = element(certificate)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    let (_, _serial, rest) = element(fields)?;
    let (_, _algorithm, rest) = element(rest)?;
    let (_, issuer, _) = element(rest)?;
    let name = issuer.windows(COMMON_NAME.len()).position(|bytes| bytes == COMMON_NAME)?;
    let (_, text, _) = element(issuer.get(name + COMMON_NAME.len()..)?)?;
    let text = String::from_utf8_lossy(text);
    Some(text.chars().filter(|c| !c.is_control()).collect())
}

/// Tag, content and what follows of the first DER element.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_certificates_have_no_issuer() {
        let authority = kouti_testing::upstream::Authority::new("The CA");
        let pem = authority.pem();
        let certificate = <CertificateDer<'_> as rustls_pki_types::pem::PemObject>::from_pem_slice(
            pem.as_bytes(),
        )
        .unwrap();
        assert_eq!(issuer(&certificate).as_deref(), Some("The CA"));
        for end in 0..certificate.len() {
            assert_eq!(issuer(&certificate[..end]), None);
        }
    }
}
