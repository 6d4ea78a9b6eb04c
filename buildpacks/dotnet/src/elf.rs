//! What an executable file is made for.

use std::io::Read as _;
use std::path::Path;

/// The architecture of an ELF program, in the words of the platform; `None` if it is none.
pub(crate) fn architecture(path: &Path) -> Option<&'static str> {
    let mut head = [0; 20];
    fs_err::File::open(path).ok()?.read_exact(&mut head).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    // Both are little-endian.
    Some(match u16::from_le_bytes([head[18], head[19]]) {
        0x3e => "amd64",
        0xb7 => "arm64",
        _ => "another architecture",
    })
}

/// Whether it is a program for Windows.
pub(crate) fn is_for_windows(path: &Path) -> bool {
    let mut head = [0; 2];
    let read = fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"MZ"
}
