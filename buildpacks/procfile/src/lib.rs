//! Commands without a shell: what the build and the program at launch share.

mod words;

pub use words::words;

/// The program that starts commands in an image without a shell.
pub const START_WORDS: &str = "start-words";
