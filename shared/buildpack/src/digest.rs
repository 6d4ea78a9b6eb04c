//! Fingerprints, for the keys of layers.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;

use ring::digest::{Context, Digest, SHA256, digest};

/// Large enough that reading is not the bottleneck.
pub(crate) const BUFFER: usize = 256 * 1024;

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hexadecimal(digest(&SHA256, bytes.as_ref()).as_ref())
}

/// SHA-256 of a file, in hexadecimal digits. The file is read piece by piece.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    Ok(hexadecimal(of_file(path, &mut vec![0; BUFFER])?.as_ref()))
}

/// The same through a buffer that many files share.
pub(crate) fn of_file(path: &Path, buffer: &mut [u8]) -> io::Result<Digest> {
    let mut file = fs_err::File::open(path)?;
    let mut digest = Context::new(&SHA256);
    loop {
        match file.read(buffer)? {
            0 => return Ok(digest.finish()),
            length => digest.update(&buffer[..length]),
        }
    }
}

/// Two digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn digests_are_those_of_other_tools() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::sha256(""), empty);
        let dir = tempfile::tempdir().unwrap();
        let (path, bytes) = (dir.path().join("file"), vec![b'x'; 3 * super::BUFFER + 1]);
        fs_err::write(&path, &bytes).unwrap();
        assert_eq!(super::sha256_of(&path).unwrap(), super::sha256(bytes));
    }
}
