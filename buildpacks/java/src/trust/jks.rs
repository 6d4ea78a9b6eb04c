//! The key store format of Java, as far as trusted certificates go.

use sha1::{Digest as _, Sha1};

use kouti::sha256;

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const TRUSTED: u32 = 2;

/// 1980-01-01T00:00:01Z in milliseconds, the time that layers have.
const TIME: u64 = 315_532_801_000;

/// The password that everybody uses, and the salt of the format.
const PASSWORD: &str = "changeit";
const SALT: &[u8] = b"Mighty Aphrodite";

/// A store of these certificates in the order of their digests.
pub(super) fn write(certificates: &[Vec<u8>]) -> Vec<u8> {
    let mut entries: Vec<_> = certificates.iter().map(|der| (sha256(der), der)).collect();
    entries.sort();
    entries.dedup();
    let mut store = Vec::new();
    for word in [MAGIC, VERSION, length(entries.len())] {
        store.extend(word.to_be_bytes());
    }
    for (alias, der) in entries {
        store.extend(TRUSTED.to_be_bytes());
        text(&mut store, &alias);
        store.extend(TIME.to_be_bytes());
        text(&mut store, "X.509");
        store.extend(length(der.len()).to_be_bytes());
        store.extend(der);
    }
    let mut hash = Sha1::new();
    for unit in PASSWORD.encode_utf16() {
        hash.update(unit.to_be_bytes());
    }
    hash.update(SALT);
    hash.update(&store);
    store.extend(hash.finalize());
    store
}

fn text(store: &mut Vec<u8>, text: &str) {
    // Ours are short and ASCII.
    store.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    store.extend(text.bytes());
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The trusted certificates of a store; nothing if it is none, or has private keys as well.
pub(super) fn read(store: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = store;
    if word(&mut rest)? != MAGIC || word(&mut rest)? != VERSION {
        return None;
    }
    let count = word(&mut rest)?;
    let mut certificates = Vec::new();
    for _ in 0..count {
        if word(&mut rest)? != TRUSTED {
            return None;
        }
        skip_text(&mut rest)?;
        take(&mut rest, size_of_val(&TIME))?;
        skip_text(&mut rest)?;
        let length = word(&mut rest)? as usize;
        certificates.push(take(&mut rest, length)?.to_vec());
    }
    Some(certificates)
}

fn skip_text(rest: &mut &[u8]) -> Option<()> {
    let length = u16::from_be_bytes(take(rest, 2)?.try_into().ok()?);
    take(rest, usize::from(length)).map(|_| ())
}

fn word(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}
