//! Java key stores of trusted certificates, the same bytes for the same certificates.

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::stamp;

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
/// Tag of an entry that is a certificate without a private key.
const TRUSTED: u32 = 2;
/// 1980-01-01T00:00:01Z in milliseconds.
const TIME: u64 = 315_532_801_000;
/// What every JDK protects its own store with. It keeps nothing secret: the certificates are public.
const PASSWORD: &str = "changeit";

/// A key store of these DER certificates, each once, with its SHA-256 as alias.
pub(super) fn write(certificates: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut entries: Vec<(String, Vec<u8>)> =
        certificates.into_iter().map(|der| (stamp::hex(&Sha256::digest(&der)), der)).collect();
    entries.sort();
    entries.dedup();

    let mut store = Vec::new();
    store.extend(MAGIC.to_be_bytes());
    store.extend(VERSION.to_be_bytes());
    store.extend(length(&entries).to_be_bytes());
    for (alias, der) in &entries {
        store.extend(TRUSTED.to_be_bytes());
        text(&mut store, alias);
        store.extend(TIME.to_be_bytes());
        text(&mut store, "X.509");
        store.extend(length(der).to_be_bytes());
        store.extend(der);
    }
    let mut digest = Sha1::new();
    digest.update(PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    digest.update("Mighty Aphrodite"); // part of the format
    digest.update(&store);
    store.extend(digest.finalize());
    store
}

/// As Java's `DataOutput.writeUTF`, which for ASCII is the length and the bytes.
fn text(store: &mut Vec<u8>, ascii: &str) {
    let length = u16::try_from(ascii.len()).expect("an alias has 64 characters");
    store.extend(length.to_be_bytes());
    store.extend(ascii.as_bytes());
}

fn length<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("a certificate is smaller than 4 GB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_what_the_format_says() {
        let store = write([b"certificate".to_vec()]);
        let (content, digest) = store.split_at(store.len() - 20);
        let alias = stamp::hex(&Sha256::digest(b"certificate"));
        let mut expected = b"\xFE\xED\xFE\xED\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\x40".to_vec();
        expected.extend(alias.as_bytes());
        expected.extend(b"\0\0\0\x49\x77\x38\x73\xE8\0\x05X.509\0\0\0\x0Bcertificate");
        assert_eq!(content, expected);
        // Of another implementation, whose stores `keytool` reads.
        assert_eq!(stamp::hex(digest), "0258cab298fcb327b74f71ed7196608158d6a26e");
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let (a, b) = (b"a".to_vec(), b"b".to_vec());
        assert_eq!(write([a.clone(), b.clone(), a.clone()]), write([b, a]));
    }
}
