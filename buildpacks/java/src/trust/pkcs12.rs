//! PKCS#12 stores without a password, which Java has had since version 18.

use super::der::{EXPLICIT, OBJECT_ID, OCTETS, SEQUENCE, content, elements};

/// `pkcs7-data`: content that is not encrypted.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
/// `pkcs-12-certBag`.
const CERTIFICATE_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
/// `x509Certificate`.
const X509: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];

/// The certificates of a store; nothing if it is none, or encrypted.
pub(super) fn read(store: &[u8]) -> Option<Vec<Vec<u8>>> {
    let outer = content(store, SEQUENCE)?;
    let safe = elements(outer).nth(1).filter(|element| element.tag == SEQUENCE)?;
    let contents = content(data(safe.content)?, SEQUENCE)?;
    let mut certificates = Vec::new();
    for part in elements(contents) {
        let bags = content(data(part.content)?, SEQUENCE)?;
        for bag in elements(bags) {
            certificates.extend(certificate(bag.content).map(<[u8]>::to_vec));
        }
    }
    (!certificates.is_empty()).then_some(certificates)
}

/// What is in a `ContentInfo` that is not encrypted.
fn data(info: &[u8]) -> Option<&[u8]> {
    typed(info, DATA).and_then(|content_| content(content_, OCTETS))
}

/// The certificate in a `SafeBag`.
fn certificate(bag: &[u8]) -> Option<&[u8]> {
    let wrapped = content(typed(bag, CERTIFICATE_BAG)?, SEQUENCE)?;
    content(typed(wrapped, X509)?, OCTETS)
}

/// The explicit content behind an object id, if it is the wanted one.
fn typed<'a>(bytes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut parts = elements(bytes);
    let id = parts.next().filter(|id| id.tag == OBJECT_ID)?;
    let value = parts.next().filter(|value| value.tag == EXPLICIT)?;
    (id.content == wanted).then_some(value.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        bytes.push(u8::try_from(content.len()).unwrap());
        bytes.extend(content);
        bytes
    }

    fn pair(id: &[u8], value: &[u8]) -> Vec<u8> {
        [element(OBJECT_ID, id), element(EXPLICIT, value)].concat()
    }

    fn store(id: &[u8]) -> Vec<u8> {
        let certificate = element(SEQUENCE, &pair(X509, &element(OCTETS, b"DER")));
        let bags = element(SEQUENCE, &element(SEQUENCE, &pair(CERTIFICATE_BAG, &certificate)));
        let part = element(SEQUENCE, &pair(id, &element(OCTETS, &bags)));
        let safe = element(SEQUENCE, &pair(DATA, &element(OCTETS, &element(SEQUENCE, &part))));
        element(SEQUENCE, &[element(0x02, &[3]), safe].concat())
    }

    #[test]
    fn a_store_without_password_gives_its_certificates() {
        assert_eq!(read(&store(DATA)), Some(vec![b"DER".to_vec()]));
    }

    #[test]
    fn an_encrypted_or_damaged_store_gives_nothing() {
        assert_eq!(read(&store(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6])), None);
        let whole = store(DATA);
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "{length}");
        }
    }
}
