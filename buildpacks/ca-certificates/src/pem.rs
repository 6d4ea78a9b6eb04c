//! PEM: base64 between two lines that say what it is.

/// One block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Block {
    /// `CERTIFICATE`.
    pub(crate) label: String,
    pub(crate) content: Vec<u8>,
}

/// Why a text is no PEM; lines are counted from one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BadPem {
    /// There is no block at all.
    NoBlock,
    /// The block that begins there has no end, or something else than base64 in it.
    Broken { line: usize },
    /// Something follows the last block.
    Behind { line: usize },
}

/// All blocks of a text. What stands in front of a block is a comment.
pub(crate) fn blocks(text: &str) -> Result<Vec<Block>, BadPem> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    let mut behind = None;
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if let Some(label) = delimited(line, "BEGIN") {
            if let Some((line, ..)) = open {
                return Err(BadPem::Broken { line });
            }
            open = Some((number, label, String::new()));
            behind = None;
        } else if let Some((began, label, base64)) = &mut open {
            if delimited(line, "END") == Some(*label) {
                let content = decode(base64).ok_or(BadPem::Broken { line: *began })?;
                blocks.push(Block { label: (*label).to_owned(), content });
                open = None;
            } else if !line.contains(':') {
                // A line with a colon is a header, as encrypted keys have them.
                base64.push_str(line);
            }
        } else if !line.is_empty() {
            behind = behind.or(Some(number));
        }
    }
    match (open, behind) {
        (Some((line, ..)), _) => Err(BadPem::Broken { line }),
        _ if blocks.is_empty() => Err(BadPem::NoBlock),
        (None, Some(line)) => Err(BadPem::Behind { line }),
        (None, None) => Ok(blocks),
    }
}

/// `CERTIFICATE` of `-----BEGIN CERTIFICATE-----`.
fn delimited<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let inner = line.strip_prefix("-----")?.strip_suffix("-----")?;
    inner.strip_prefix(word)?.strip_prefix(' ')
}

/// A certificate as a block.
pub(crate) fn certificate(content: &[u8]) -> String {
    let base64 = encode(content);
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in base64.as_bytes().chunks(64) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, i| bits << 8 | usize::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * i) & 63];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let mut bytes = Vec::new();
    for (index, chunk) in digits.chunks(4).enumerate() {
        let padding = chunk.iter().rev().take_while(|byte| **byte == b'=').count();
        let is_last = (index + 1) * 4 >= digits.len();
        if chunk.len() != 4 || padding > 2 || (padding > 0 && !is_last) {
            return None;
        }
        let mut bits = 0;
        for byte in &chunk[..4 - padding] {
            bits = bits << 6 | DIGITS.iter().position(|digit| digit == byte)?;
        }
        bits <<= 6 * padding;
        bytes.extend(&bits.to_be_bytes()[size_of::<usize>() - 3..][..3 - padding]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            let blocks = blocks(&certificate(&bytes)).unwrap();
            assert_eq!(blocks[0].content, bytes, "{length} bytes");
        }
        assert_eq!(encode(b"Ma"), "TWE=");
        for bad in ["TWE", "TW=E", "T===", "TWE=TWE=", "TWE*"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn comments_stand_in_front_of_blocks() {
        let block = certificate(b"x");
        let text =
            format!("\u{feff}Subject: one\r\n\n{block}\n# two\n{block}\n \n").replace('\n', "\r\n");
        assert_eq!(blocks(&text).unwrap().len(), 2);
    }

    #[test]
    fn mistakes_have_a_line() {
        let block = certificate(b"x");
        let cut = block.replace("-----END CERTIFICATE-----\n", "");
        for (text, error) in [
            (String::new(), BadPem::NoBlock),
            ("hello\n".to_owned(), BadPem::NoBlock),
            (format!("# one\n{cut}"), BadPem::Broken { line: 2 }),
            (format!("{cut}{block}"), BadPem::Broken { line: 1 }),
            (block.replace("=\n", "!\n"), BadPem::Broken { line: 1 }),
            (format!("{block}MIIB\n"), BadPem::Behind { line: 4 }),
        ] {
            assert_eq!(blocks(&text), Err(error), "{text}");
        }
    }
}
