//! What mirrors, mappings and credentials share: entries of service bindings.

use std::fmt::Display;

use kouti_report::{Explain, Fault};
use url::Url;

/// One entry of a service binding.
#[derive(Clone, Copy)]
pub struct BindingEntry<'a> {
    /// Name of the binding, for messages.
    pub binding: &'a str,
    /// Name of the file or key.
    pub key: &'a str,
    /// Its content.
    pub value: &'a str,
}

/// Whether an address is a file by its absolute path. URLs have no relative ones:
/// `file:a/b` would silently become `/a/b`.
pub(crate) fn is_local(text: &str, url: &Url) -> bool {
    text.starts_with("file:///") && url.to_file_path().is_ok()
}

/// Whether `//` is missing behind the scheme. URLs take `https:/h` and `https:h` for `https://h`; whoever writes that
/// has meant something else.
pub(crate) fn lacks_slashes(text: &str, url: &Url) -> bool {
    let has = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
    matches!(url.scheme(), "https" | "http") && !has
}

/// Two bindings say different things about the same host or artifact.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("{first} and {second} give different {what}s")]
pub struct Conflict {
    /// `mirror` or `mapping`.
    pub what: &'static str,
    /// Binding and key.
    pub first: String,
    /// Binding and key.
    pub second: String,
}

impl Conflict {
    /// An error unless both are the `same`.
    pub(crate) fn check(
        what: &'static str,
        first: &impl Display,
        second: &impl Display,
        same: bool,
    ) -> Result<(), Self> {
        if same {
            return Ok(());
        }
        Err(Self { what, first: first.to_string(), second: second.to_string() })
    }
}

impl Explain for Conflict {
    fn id(&self) -> &'static str {
        "mapping-conflict"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("remove one of the two {}s", self.what)]
    }
}
