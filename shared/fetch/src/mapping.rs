//! Mappings: another address for one artifact, named by its checksum.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use kouti_catalog::Checksum;
use kouti_report::{Explain, Fault, Notice, SafeUrl, mask_credentials};
use url::Url;

use crate::{BindingEntry, Conflict};

/// Where to fetch single artifacts instead, from bindings of type `dependency-mapping`.
#[derive(Clone, Debug, Default)]
pub struct Mappings(BTreeMap<Checksum, Mapping>);

#[derive(Clone, Debug)]
struct Mapping {
    url: SafeUrl,
    source: String,
}

/// A mapping that cannot be used.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadMapping {
    /// The value is no address.
    #[error("{origin} is not an address: {reason}")]
    Value {
        /// Binding and key.
        origin: String,
        /// What is wrong, without credentials.
        reason: String,
    },
    /// Two bindings disagree.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl Explain for BadMapping {
    fn id(&self) -> &'static str {
        match self {
            Self::Value { .. } => "bad-mapping",
            Self::Conflict(conflict) => conflict.id(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Value { .. } => {
                vec![
                    "write an https:// or http:// address, or file:// and an absolute path"
                        .to_owned(),
                ]
            }
            Self::Conflict(conflict) => conflict.hints(),
        }
    }
}

impl Mappings {
    /// Reads the entries of all `dependency-mapping` bindings: checksum to address.
    ///
    /// A key is `<hex>`, `<algorithm>:<hex>` or `<algorithm>_<hex>` (Kubernetes allows no
    /// colon), in any case.
    pub fn parse<'a>(
        entries: impl IntoIterator<Item = BindingEntry<'a>>,
    ) -> Result<(Self, Vec<Notice>), BadMapping> {
        let mut notices = Vec::new();
        let mut mappings = BTreeMap::new();
        for entry in entries {
            let source = format!("binding `{}`, key `{}`", entry.binding, entry.key);
            let Some(checksum) = checksum(entry.key) else {
                notices.push(
                    Notice::new(format!("{source} is ignored: it is not a checksum"))
                        .hint("write the key as `<hex>` or `sha256_<hex>`"),
                );
                continue;
            };
            let url = address(&source, entry.value)?;
            match mappings.entry(checksum) {
                Entry::Vacant(free) => {
                    free.insert(Mapping { url, source });
                }
                Entry::Occupied(known) => {
                    let known: &Mapping = known.get();
                    Conflict::check("mapping", &known.source, &source, known.url == url)?;
                }
            }
        }
        Ok((Self(mappings), notices))
    }

    /// The address to use for an artifact, and where that was configured.
    pub(crate) fn of(&self, checksum: &Checksum) -> Option<(Url, String)> {
        let mapping = self.0.get(checksum)?;
        Some((mapping.url.reveal().clone(), mapping.source.clone()))
    }
}

fn checksum(key: &str) -> Option<Checksum> {
    let key = key.trim();
    let with_algorithm = match (key.len(), key.split_once('_')) {
        (64, None) => format!("sha256:{key}"),
        (128, None) => format!("sha512:{key}"),
        (_, Some((algorithm, hex))) => format!("{algorithm}:{hex}"),
        _ => key.to_owned(),
    };
    with_algorithm.parse().ok()
}

fn address(source: &str, value: &str) -> Result<SafeUrl, BadMapping> {
    let bad = |reason: String| BadMapping::Value { origin: source.to_owned(), reason };
    let text = value.trim();
    let url =
        Url::parse(text).map_err(|error| bad(format!("`{}`: {error}", mask_credentials(text))))?;
    let local = url.scheme() == "file" && url.to_file_path().is_ok();
    if !matches!(url.scheme(), "https" | "http") && !local {
        let shown = SafeUrl::from(url);
        return Err(bad(format!("`{shown}` is neither https, http nor a local file")));
    }
    Ok(url.into())
}
