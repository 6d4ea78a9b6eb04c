#![no_main]
//! Mirrors and proxies: any settings, applied to any address; a mirror is never left, and no
//! message has its password.

use kouti_fetch::{BindingEntry, Mirrors, Proxies};
use kouti_fuzz::{PASSWORD, guessed, misplaced, shown};
use url::Url;

type Settings<'a> = Vec<(&'a str, &'a str)>;

libfuzzer_sys::fuzz_target!(|input: (Settings<'_>, Settings<'_>, &str)| {
    let (env, entries, original) = input;
    if env.iter().chain(&entries).any(|(name, value)| guessed(name) || guessed(value)) {
        return;
    }
    let with_password = |(name, value): (&str, &str)| (name.to_owned(), value.replace("PW", PASSWORD));
    let env: Vec<_> = env.into_iter().take(4).map(with_password).collect();
    let entries: Vec<_> = entries.into_iter().take(4).map(with_password).collect();
    let env = || {
        env.iter().map(|(name, value)| match name.strip_prefix('@') {
            Some(host) => (format!("BP_DEPENDENCY_MIRROR{host}"), value.as_str()),
            None => (name.clone(), value.as_str()),
        })
    };
    let variables: Vec<_> = env().collect();
    let variables = || variables.iter().map(|(name, value)| (name.as_str(), *value));
    let entries = || {
        entries.iter().map(|(key, value)| BindingEntry { binding: "one", key, value: value.as_str() })
    };
    let values = || variables().map(|(_, value)| value).chain(entries().map(|entry| entry.value));
    // No password has a comma and then one of our own words, and no query an address behind a comma.
    let in_part = |value: &str| {
        value.split(',').any(|part| part.contains("skip-path=") && part.contains('@'))
            || (value.contains('?') && value.split(',').any(misplaced))
    };
    if values().any(|value| misplaced(value) || in_part(value)) {
        return;
    }
    if let Err(error) = Proxies::parse(variables()) {
        shown(error);
    }
    let mirrors = match Mirrors::parse(variables(), entries()) {
        Ok((mirrors, notices)) => {
            assert!(!format!("{mirrors:?} {notices:?}").contains(PASSWORD), "{mirrors:?} {notices:?}");
            mirrors
        }
        Err(error) => return shown(error),
    };
    let Ok(original) = Url::parse(original) else { return };
    if let Some((address, _)) = mirrors.apply(&original) {
        assert!(matches!(address.scheme(), "https" | "file"), "{address}");
        assert_eq!(Url::parse(address.as_str()).as_ref(), Ok(&address));
        let hosts = values().any(|value| {
            address.host_str().is_none_or(|host| value.to_ascii_lowercase().contains(host))
                || !value.is_ascii() || value.contains(['%', '\t', '\n', '\r', '[']) 
        });
        assert!(hosts || address.host_str().is_some_and(|host| host.starts_with(|c: char| c.is_ascii_digit())), "{address}");
    }
});
