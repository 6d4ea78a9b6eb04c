//! Mirrors: the same files on another host.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use kouti_report::{Explain, Fault, Notice, SafeUrl, mask_credentials};
use url::Url;

use crate::{BindingEntry, Conflict, percent};

const VARIABLE: &str = "BP_DEPENDENCY_MIRROR";
const DEFAULT: &str = "default";
const ORIGINAL_HOST: &str = "{originalHost}";
/// The same after URL parsing.
const ORIGINAL_HOST_ENCODED: &str = "%7BoriginalHost%7D";

/// Where to fetch instead, by original host.
#[derive(Clone, Debug, Default)]
pub struct Mirrors(BTreeMap<String, Mirror>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Mirror {
    url: SafeUrl,
    skip_path: Option<String>,
    source: Source,
}

/// Where a mirror was configured.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Source {
    Variable(String),
    Binding { binding: String, key: String },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Binding { binding, key } => write!(f, "binding `{binding}`, key `{key}`"),
        }
    }
}

/// A mirror setting that cannot be used. Without it the build would silently
/// leave the mirror, which is wrong in a closed network.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadMirror {
    /// The value is no mirror.
    #[error("{origin} is not a mirror: {reason}")]
    Value {
        /// Variable, or binding and key.
        origin: String,
        /// What is wrong, without credentials.
        reason: String,
    },
    /// Two bindings disagree.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl Explain for BadMirror {
    fn id(&self) -> &'static str {
        match self {
            Self::Value { .. } => "bad-mirror",
            Self::Conflict(conflict) => conflict.id(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Value { .. } => vec![
                "write an https:// address, or file:// and an absolute path, \
                 for example `https://mirror.example/files/{originalHost},skip-path=/downloads`"
                    .to_owned(),
            ],
            Self::Conflict(conflict) => conflict.hints(),
        }
    }
}

impl Mirrors {
    /// Reads `BP_DEPENDENCY_MIRROR`, `BP_DEPENDENCY_MIRROR_<HOST>`, and the entries of all
    /// bindings of type `dependency-mirror`. A variable beats a binding for the same host.
    ///
    /// Of `env`, other variables are ignored.
    pub fn parse<'a>(
        env: impl IntoIterator<Item = (&'a str, &'a str)>,
        entries: impl IntoIterator<Item = BindingEntry<'a>>,
    ) -> Result<(Self, Vec<Notice>), BadMirror> {
        let mut notices = Vec::new();
        let mut mirrors = BTreeMap::new();
        for entry in entries {
            let source =
                Source::Binding { binding: entry.binding.to_owned(), key: entry.key.to_owned() };
            let host = entry.key.trim().to_ascii_lowercase();
            let mirror = Mirror::parse(source, entry.value, &mut notices)?;
            match mirrors.entry(host) {
                Entry::Vacant(free) => {
                    free.insert(mirror);
                }
                Entry::Occupied(known) => Conflict::check(
                    "mirror",
                    &known.get().source,
                    &mirror.source,
                    known.get().same_as(&mirror),
                )?,
            }
        }
        let mut from_env = BTreeMap::new();
        for (name, value) in env {
            let Some(host) = host_of(name, &mut notices).filter(|_| !value.trim().is_empty())
            else {
                continue;
            };
            let mirror = Mirror::parse(Source::Variable(name.to_owned()), value, &mut notices)?;
            from_env.insert(host, mirror);
        }
        mirrors.extend(from_env);
        Ok((Self(mirrors), notices))
    }

    /// The address to use instead of `original`, and where that was configured.
    pub(crate) fn apply(&self, original: &Url) -> Option<(Url, String)> {
        let host = original.host_str()?;
        let mirror = self.0.get(host).or_else(|| self.0.get(DEFAULT))?;
        Some((mirror.address(original, host), mirror.source.to_string()))
    }

    /// A key that looks as if it was meant for this host, but is not its name.
    pub(crate) fn nearly(&self, original: &Url) -> Option<&str> {
        let host = original.host_str()?;
        self.0
            .keys()
            .map(String::as_str)
            .find(|key| host != *key && host.ends_with(key) && !self.0.contains_key(host))
    }
}

/// The host that a variable is about, if it is one of ours.
fn host_of(name: &str, notices: &mut Vec<Notice>) -> Option<String> {
    let suffix = name.strip_prefix(VARIABLE)?;
    if suffix.is_empty() {
        return Some(DEFAULT.to_owned());
    }
    let host = suffix.strip_prefix('_')?.replace("__", "-").replace('_', ".").to_ascii_lowercase();
    if host == DEFAULT {
        notices.push(
            Notice::new(format!("{name} is ignored"))
                .hint(format!("the mirror for all hosts is {VARIABLE}")),
        );
        return None;
    }
    Some(host)
}

impl Mirror {
    fn parse(source: Source, value: &str, notices: &mut Vec<Notice>) -> Result<Self, BadMirror> {
        let bad = |reason: String| BadMirror::Value { origin: source.to_string(), reason };
        let mut url = None;
        let mut skip_path = None;
        for argument in value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            if let Some(text) = argument.strip_prefix("skip-path=") {
                skip_path = Some(percent::decode(text)).filter(|text| !text.is_empty());
            } else if let Some(text) = argument.strip_prefix("mirror=") {
                url = Some(text);
            } else if argument.contains("://") || argument.starts_with("file:") {
                url = Some(argument);
            } else {
                // It may be the tail of a password with a comma: the text is not shown.
                notices.push(
                    Notice::new(format!("{source} has a part that is not understood"))
                        .hint("write a comma inside of an address as `%2C`"),
                );
            }
        }
        let text = url.ok_or_else(|| bad("it has no address".to_owned()))?;
        // Commas and equals signs have to be written encoded; the rest of the address stays
        // as it is, since decoding `%2F` or `%40` would change what it means.
        let text =
            ["%2C", "%2c"].iter().fold(text.to_owned(), |text, code| text.replace(code, ","));
        let text = ["%3D", "%3d"].iter().fold(text, |text, code| text.replace(code, "="));
        let url = Url::parse(&text).map_err(|error| {
            bad(format!("`{}` is no address: {error}", mask_credentials(&text)))
        })?;
        let local = url.scheme() == "file" && url.to_file_path().is_ok();
        if url.scheme() != "https" && !local {
            let shown = SafeUrl::from(url);
            return Err(bad(format!("`{shown}` is neither https nor a local file")));
        }
        Ok(Self { url: url.into(), skip_path, source })
    }

    /// Where the mirror was configured does not matter.
    fn same_as(&self, other: &Self) -> bool {
        (&self.url, &self.skip_path) == (&other.url, &other.skip_path)
    }

    fn address(&self, original: &Url, host: &str) -> Url {
        let mut url = self.url.reveal().clone();
        let base = url.path().trim_end_matches('/').replacen(ORIGINAL_HOST, host, 1).replacen(
            ORIGINAL_HOST_ENCODED,
            host,
            1,
        );
        // Byte for byte: `%2B` and `+` are different names for many servers.
        let path = match &self.skip_path {
            Some(skip) => original.path().replacen(skip, "", 1),
            None => original.path().to_owned(),
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        url.set_path(&format!("{base}{slash}{path}"));
        if url.query().is_none() {
            url.set_query(original.query());
        }
        url
    }
}
