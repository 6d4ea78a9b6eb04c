//! Mappings: another address for one artifact, named by its checksum.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use kouti_catalog::Checksum;
use kouti_report::{Explain, Fault, Notice, SafeUrl, mask_address};
use url::Url;

use crate::binding::{is_local, lacks_slashes};
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
    let text = value.trim();
    let bad = |reason: String| BadMapping::Value {
        origin: source.to_owned(),
        reason: format!("`{}`{reason}", mask_address(text)),
    };
    let url = Url::parse(text).map_err(|error| bad(format!(": {error}")))?;
    if lacks_slashes(text, &url) {
        return Err(bad(format!(" has no `//` behind `{}:`", url.scheme())));
    }
    if !matches!(url.scheme(), "https" | "http") && !is_local(text, &url) {
        return Err(bad(" is neither https, http nor a local file".to_owned()));
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::{Colour, Problem};

    use super::*;

    fn parse(entries: &[(&str, &str)]) -> Result<(Mappings, Vec<Notice>), BadMapping> {
        Mappings::parse(
            entries.iter().zip(["one", "two"]).map(|((key, value), binding)| BindingEntry {
                binding,
                key,
                value,
            }),
        )
    }

    #[test]
    fn keys_have_three_forms_in_any_case() {
        let (short, long) = ("aB".repeat(32), "cD".repeat(64));
        for (key, checksum) in [
            (short.clone(), format!("sha256:{short}")),
            (format!("sha256:{short}"), format!("sha256:{short}")),
            (format!("SHA256_{short}"), format!("sha256:{short}")),
            (long.clone(), format!("sha512:{long}")),
            (format!("sha512_{long}"), format!("sha512:{long}")),
            (format!(" {short}\n"), format!("sha256:{short}")),
        ] {
            let (mappings, notices) = parse(&[(&key, " https://m.example/a\n")]).unwrap();
            assert_eq!(notices, []);
            let (url, source) = mappings.of(&checksum.parse().unwrap()).unwrap();
            assert_eq!(url.as_str(), "https://m.example/a");
            assert_eq!(source, format!("binding `one`, key `{key}`"));
            let other = format!("sha256:{}", "00".repeat(32));
            assert!(mappings.of(&other.parse().unwrap()).is_none());
        }
    }

    #[test]
    fn other_keys_are_ignored_and_said() {
        let (mappings, notices) = parse(&[("readme", "x"), ("sha1_00", "y")]).unwrap();
        assert!(mappings.0.is_empty());
        assert_eq!(notices[0].text, "binding `one`, key `readme` is ignored: it is not a checksum");
        assert_eq!(notices.len(), 2);
    }

    #[test]
    fn addresses_are_checked() {
        let key = "ab".repeat(32);
        for good in ["https://h/a", "http://u:p@h/a", "file:///mnt/a"] {
            parse(&[(&key, good)]).unwrap();
        }
        let bad = |value| parse(&[(&key, value)]).unwrap_err().to_string().replace(&key, "HEX");
        let error = parse(&[(&key, "ftp://u:s3cret@h/a")]).unwrap_err();
        assert_snapshot!(Problem::from(error).page("", Colour::Off).replace(&key, "HEX"), @"
        error[bad-mapping]: binding `one`, key `HEX` is not an address: `ftp://***@h/a` is neither https, http nor a local file

        hint: write an https:// or http:// address, or file:// and an absolute path
        ");
        assert_snapshot!(bad("ftp://u:s3cret@h/a"), @"binding `one`, key `HEX` is not an address: `ftp://***@h/a` is neither https, http nor a local file");
        assert_snapshot!(bad("file:relative/path"), @"binding `one`, key `HEX` is not an address: `file:relative/path` is neither https, http nor a local file");
        assert_snapshot!(bad("just text"), @"binding `one`, key `HEX` is not an address: `just text`: relative URL without a base");
        assert_snapshot!(bad("https:/u:s3cret@h/a"), @"binding `one`, key `HEX` is not an address: `***@h/a` has no `//` behind `https:`");
        assert_snapshot!(bad("u:s3cret@h/a"), @"binding `one`, key `HEX` is not an address: `***@h/a` is neither https, http nor a local file");
        assert_snapshot!(bad("file://host/a"), @"binding `one`, key `HEX` is not an address: `file://host/a` is neither https, http nor a local file");
    }

    #[test]
    fn bindings_must_not_contradict_each_other() {
        let key = "ab".repeat(32);
        let with_algorithm = format!("sha256_{}", key.to_uppercase());
        parse(&[(&key, "https://h/a"), (&with_algorithm, "https://h/a")]).unwrap();
        let error = parse(&[(&key, "https://h/a"), (&with_algorithm, "https://h/b")]).unwrap_err();
        let page = Problem::from(error).page("", Colour::Off);
        assert_snapshot!(page.replace(&with_algorithm, "SHA256_HEX").replace(&key, "HEX"), @"
        error[mapping-conflict]: binding `one`, key `HEX` and binding `two`, key `SHA256_HEX` give different mappings

        hint: remove one of the two mappings
        ");
    }
}
