#![no_main]
//! `dependency-mapping` and `dependency-auth`: any keys and values, without a password in any message.

use kouti_fetch::{BindingEntry, Credentials, Mappings};
use kouti_fuzz::{PASSWORD, checksums, guessed, misplaced, shown};

libfuzzer_sys::fuzz_target!(|entries: Vec<(&str, &str)>| {
    if entries.iter().any(|(key, value)| guessed(key) || guessed(value)) {
        return;
    }
    let entries: Vec<_> =
        entries.into_iter().take(6).map(|(key, value)| (checksums(key), value.replace("PW", PASSWORD))).collect();
    let entries = || {
        entries.iter().map(|(key, value)| BindingEntry { binding: "one", key, value: value.as_str() })
    };
    match Mappings::parse(entries().filter(|entry| !misplaced(entry.value))) {
        Ok((mappings, notices)) => {
            assert!(!format!("{mappings:?} {notices:?}").contains(PASSWORD), "{mappings:?} {notices:?}");
        }
        Err(error) => shown(error),
    }
    match Credentials::parse(entries()) {
        Ok(credentials) => assert!(!format!("{credentials:?}").contains(PASSWORD)),
        Err(error) => shown(error),
    }
});
