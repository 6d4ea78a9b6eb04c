//! The programs in the miniature lifecycle.
#![cfg(test)]

mod build;
mod detect;
mod errors;
mod launch;

use kouti_testing::{Case, Fake, Subject};
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, KeyPair};

/// The buildpack with its helper, in front of an app that does nothing.
fn case() -> Case {
    let descriptor = concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml");
    let language = Fake::new("test/language").build(
        "printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"true\"]\\n' >$layers/launch.toml",
    );
    Case::new(env!("CARGO_BIN_EXE_kouti-ca-certificates"), descriptor)
        .helper(env!("CARGO_BIN_EXE_kouti-ca-certificates-helper"))
        .subject(Subject::optional)
        .after(language)
}

fn bound(files: &[(&str, &str)]) -> Case {
    case().binding("corp", "ca-certificates", files.iter().copied())
}

/// The certificate of an authority with a new key, as PEM.
fn authority(name: &str) -> String {
    certificate(name, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)).pem()
}

fn certificate(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    change(&mut params);
    let key = KeyPair::generate().expect("a key can be made");
    params.self_signed(&key).expect("it can be signed")
}
