#![no_main]
//! Any bytes as a tar in each compression, as a zip, and as whatever they are.

use kouti_fuzz::archives::{compressed, unpack};

libfuzzer_sys::fuzz_target!(|input: (u8, bool, &[u8])| {
    let (format, outside_links, bytes) = input;
    unpack(&compressed(format, bytes), usize::from(format >> 6), outside_links);
});
