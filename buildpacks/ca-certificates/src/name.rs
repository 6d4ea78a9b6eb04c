//! Names of certificate authorities: as people read them, and as OpenSSL looks them up.

use sha1::{Digest as _, Sha1};

use crate::der::{self, Element, Elements, OBJECT_ID, SEQUENCE, SET, UTF8_STRING};

/// What the file of a certificate is called: `openssl x509 -subject_hash`.
///
/// The digest of the name in a form in which equal names have equal bytes. A wrong one would
/// hide the certificate from OpenSSL without any error.
pub(crate) fn hash(name: Element) -> Option<u32> {
    let mut canonical = Vec::new();
    for set in Elements::of(name.content) {
        let mut attributes = Vec::new();
        for attribute in Elements::of(set.content) {
            let mut parts = Elements::of(attribute.content);
            let kind = parts.next_of(OBJECT_ID)?;
            let value = parts.next()?;
            let value = match text(value) {
                Text::Read(text) => der::encode(UTF8_STRING, fold(&text).as_bytes()),
                Text::Broken => return None,
                Text::None => value.whole.to_vec(),
            };
            attributes.push(der::encode(SEQUENCE, &[kind.whole, &value].concat()));
        }
        // The elements of a SET are in the order of their bytes, which have just changed.
        attributes.sort();
        canonical.extend(der::encode(SET, &attributes.concat()));
    }
    let digest = Sha1::digest(&canonical);
    Some(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

/// Lower case and single blanks, in ASCII only: so does OpenSSL.
fn fold(text: &str) -> String {
    let is_blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    let words = text.split(is_blank).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ")
}

/// The value of an attribute.
enum Text {
    Read(String),
    /// It says it is a text, but is none.
    Broken,
    /// It is of another type.
    None,
}

fn text(value: Element) -> Text {
    let bytes = value.content;
    let read = match value.tag {
        UTF8_STRING => String::from_utf8(bytes.to_vec()).ok(),
        // Printable, Teletex, IA5 and visible strings: one byte for each character.
        0x13 | 0x14 | 0x16 | 0x1a => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        // Universal and BMP strings.
        0x1c => wide::<4>(bytes),
        0x1e => wide::<2>(bytes),
        _ => return Text::None,
    };
    read.map_or(Text::Broken, Text::Read)
}

/// Characters of a fixed number of bytes.
fn wide<const WIDTH: usize>(bytes: &[u8]) -> Option<String> {
    let (chars, rest) = bytes.as_chunks::<WIDTH>();
    if !rest.is_empty() {
        return None;
    }
    let code =
        |char: &[u8; WIDTH]| char.iter().fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
    chars.iter().map(|char| char::from_u32(code(char))).collect()
}

/// The part of a name that people know it by: common name, else organisation, else unit.
pub(crate) fn shown(name: Element) -> String {
    const BY_IMPORTANCE: [[u8; 3]; 3] = [[0x55, 4, 3], [0x55, 4, 10], [0x55, 4, 11]];
    let attributes = || Elements::of(name.content).flat_map(|set| Elements::of(set.content));
    let value = |wanted: &[u8]| {
        attributes().find_map(|attribute| {
            let mut parts = Elements::of(attribute.content);
            parts.next_of(OBJECT_ID).filter(|kind| kind.content == wanted)?;
            match text(parts.next()?) {
                Text::Read(text) => Some(text),
                _ => None,
            }
        })
    };
    let known = BY_IMPORTANCE.iter().find_map(|kind| value(kind));
    known.unwrap_or_else(|| "without a name".to_owned())
}
