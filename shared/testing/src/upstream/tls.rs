//! A private certificate authority, and servers that show its certificates.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::connection::Stream;

/// A certificate authority that nobody knows.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// The certificate of a server, and its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
    pem: String,
}

impl Authority {
    /// A new authority with this common name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, key()).expect("a certificate can be made"))
    }

    /// Its certificate, as users put it into files and bindings.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for host names and addresses.
    #[must_use]
    pub fn issue(&self, hosts: &[&str]) -> Identity {
        self.sign(&named("server", hosts))
    }

    /// The same, but it has expired long ago.
    #[must_use]
    pub fn issue_expired(&self, hosts: &[&str]) -> Identity {
        self.issue_for_year(2000, hosts)
    }

    /// The same, but its time has not come: a clock may be wrong as well.
    #[must_use]
    pub fn issue_early(&self, hosts: &[&str]) -> Identity {
        self.issue_for_year(3000, hosts)
    }

    fn issue_for_year(&self, year: i32, hosts: &[&str]) -> Identity {
        let mut params = named("server", hosts);
        params.not_before = date_time_ymd(year, 1, 1);
        params.not_after = date_time_ymd(year + 1, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = key();
        let certificate = params.signed_by(&key, &self.0).expect("a certificate can be made");
        Identity::new(&certificate, &key)
    }
}

impl Identity {
    /// A certificate that only vouches for itself.
    #[must_use]
    pub fn self_signed(hosts: &[&str]) -> Self {
        let key = key();
        let certificate =
            named("server", hosts).self_signed(&key).expect("a certificate can be made");
        Self::new(&certificate, &key)
    }

    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
            pem: certificate.pem(),
        }
    }

    /// The certificate.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows current versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![self.certificate.clone()],
                PrivateKeyDer::Pkcs8(self.key.clone_key()),
            )
            .expect("key and certificate belong together");
        Arc::new(config)
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(hosts).expect("these are host names");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

type TlsStream = StreamOwned<ServerConnection, TcpStream>;

pub(crate) fn accept(tcp: TcpStream, config: &Arc<ServerConfig>) -> io::Result<TlsStream> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

impl Stream for TlsStream {
    fn tcp(&self) -> &TcpStream {
        &self.sock
    }

    fn close(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()
    }
}
