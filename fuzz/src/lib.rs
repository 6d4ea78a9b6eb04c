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

/// Shows an error about some values; it must not show their passwords.
///
/// What stands in no place for passwords cannot be known for one.
pub fn shown<'a>(error: impl Explain, values: impl IntoIterator<Item = &'a str>) {
    if values.into_iter().any(|value| mask_credentials(value).contains(PASSWORD)) {
        return;
    }
    let page = Problem::from(error).page("kouti/fuzz 1.0.0", Colour::Off);
    assert!(!page.contains(PASSWORD), "{page}");
}
