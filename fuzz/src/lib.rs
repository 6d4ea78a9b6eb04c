//! What must hold for every input of a target.

pub mod archives;
pub mod ranges;

use kouti_report::{Colour, Explain, Problem, mask_credentials};

/// Stands in every input for `PW`, and must stand in no message.
pub const PASSWORD: &str = "s3cr3t-canary";

/// Whether the fuzzer has found the password itself, and may have put it where none belongs.
#[must_use]
pub fn guessed(text: &str) -> bool {
    text.contains("s3c")
}

/// A fuzzer does not guess 64 hexadecimal digits.
#[must_use]
pub fn checksums(key: &str) -> String {
    key.replace("HEX", &"ab".repeat(32)).replace("hex", &"cd".repeat(64))
}

/// Whether a password stands in an address where passwords do not belong, and so cannot be known for one.
#[must_use]
pub fn misplaced(address: &str) -> bool {
    // As a URL is read: some signs are left out of it, and a slash has two forms.
    let read = address.replace(['\t', '\n', '\r'], "").replace('\\', "/");
    // Paths of files name no users.
    let is_file = read.to_ascii_lowercase().contains("file:");
    address.contains(PASSWORD) && (is_file || mask_credentials(&read).contains(PASSWORD))
}

/// Shows an error; it must not show a password.
pub fn shown(error: impl Explain) {
    let page = Problem::from(error).page("kouti/fuzz 1.0.0", Colour::Off);
    assert!(!page.contains(PASSWORD), "{page}");
}
