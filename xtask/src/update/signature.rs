//! `OpenPGP` signatures by keys that are pinned in this repository.

use anyhow::{Context as _, Result, bail};
use pgp::composed::{CleartextSignedMessage, Deserializable as _, SignedPublicKey};
use pgp::types::KeyDetails as _;

/// Who signed a text, and the text without the signature.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) text: String,
    /// Fingerprint of the pinned key.
    pub(super) by: String,
}

/// Checks a text that is signed in clear; `keys` are armoured certificates, one after the other.
///
/// A signature counts if it is by a pinned key or by a subkey that this key has bound to itself. When a certificate
/// was said to expire does not count: which keys are good is decided where they are pinned.
pub(super) fn cleartext(signed: &str, keys: &str) -> Result<Signed> {
    let (message, _) = CleartextSignedMessage::from_string(signed)
        .ok()
        .context("there is no signed text in it")?;
    for key in certificates(keys)? {
        let by_subkey = || {
            key.public_subkeys.iter().any(|subkey| {
                subkey.verify_bindings(&key.primary_key).is_ok()
                    && message.verify(&subkey.key).is_ok()
            })
        };
        if message.verify(&key.primary_key).is_ok() || by_subkey() {
            let text = message.signed_text().replace("\r\n", "\n");
            return Ok(Signed { text, by: key.fingerprint().to_string().to_uppercase() });
        }
    }
    bail!("its signature is by none of the pinned keys, or its text was changed");
}

/// The pinned certificates. Each has an armour of its own.
fn certificates(keys: &str) -> Result<Vec<SignedPublicKey>> {
    const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
    let armours = keys.split_inclusive(END).filter(|armour| armour.contains(END));
    armours
        .map(|armour| {
            let (key, _) = SignedPublicKey::from_string(armour.trim_start())
                .context("a pinned key cannot be read")?;
            key.verify_bindings().context("a pinned key contradicts itself")?;
            Ok(key)
        })
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use pgp::composed::{KeyType, SecretKeyParamsBuilder, SignedSecretKey};
    use pgp::types::Password;
    use rand::thread_rng;

    /// A key that exists for one test.
    pub(crate) struct Signer(SignedSecretKey);

    impl Signer {
        pub(crate) fn new() -> Self {
            let params = SecretKeyParamsBuilder::default()
                .key_type(KeyType::Ed25519Legacy)
                .can_sign(true)
                .primary_user_id("Test <test@example.org>".to_owned())
                .build()
                .unwrap();
            Self(params.generate(thread_rng()).unwrap())
        }

        pub(crate) fn sign(&self, text: &str) -> String {
            let key = &self.0.primary_key;
            let signed =
                CleartextSignedMessage::sign(thread_rng(), text, key, &Password::empty()).unwrap();
            signed.to_armored_string(None.into()).unwrap()
        }

        pub(crate) fn certificate(&self) -> String {
            SignedPublicKey::from(self.0.clone()).to_armored_string(None.into()).unwrap()
        }

        pub(crate) fn fingerprint(&self) -> String {
            self.0.fingerprint().to_string().to_uppercase()
        }
    }

    #[test]
    fn only_pinned_keys_count_and_only_for_what_they_signed() {
        let (pinned, other) = (Signer::new(), Signer::new());
        let keys = format!("{}\n{}", Signer::new().certificate(), pinned.certificate());
        let text = "aa  node.tar.gz\n- dashes stay\n";

        let signed = cleartext(&pinned.sign(text), &keys).unwrap();
        assert_eq!((signed.text.trim_end(), signed.by), (text.trim_end(), pinned.fingerprint()));

        let changed = pinned.sign(text).replace("aa  node", "bb  node");
        for bad in [changed, other.sign(text)] {
            let error = cleartext(&bad, &keys).unwrap_err();
            assert_eq!(
                error.to_string(),
                "its signature is by none of the pinned keys, or its text was changed"
            );
        }
        assert_eq!(
            cleartext(text, &keys).unwrap_err().to_string(),
            "there is no signed text in it"
        );
    }

    #[test]
    fn the_pinned_keys_of_node_are_the_active_ones() {
        let keys = certificates(include_str!("keys/nodejs.asc")).unwrap();
        let found: Vec<_> =
            keys.iter().map(|key| key.fingerprint().to_string().to_uppercase()).collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        5BE8A3F6C8A5C01D106C0AD820B1A390B168D356
        DD792F5973C6DE52C432CBDAC77ABFA00DDBF2B7
        CC68F5A3106FF448322E48ED27F5E38D5B0A215F
        8FCCA13FEF1D0C2E91008E09770F7A9A5AE15600
        890C08DB8579162FEE0DF9DB8BEAB4DFCF555EF4
        C82FA3AE1CBEDC6BE46B9360C43CEC45C17AB93C
        108F52B48DB57BB0CC439B2997B01419BD92F80A
        655F3B5C1FB3FA8D1A0CA6BDE4A7D232B936D2FD
        A363A499291CBBC940DD62E41F10027AF002F8B0
        ");
    }
}
