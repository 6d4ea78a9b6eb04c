//! Mirrors: the same files on another host.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use kouti_report::{Explain, Fault, Notice, SafeUrl, mask_address};
use url::Url;

use crate::binding::{is_local, lacks_slashes};
use crate::{BindingEntry, Conflict, percent};

const VARIABLE: &str = "BP_DEPENDENCY_MIRROR";
const DEFAULT: &str = "default";
/// How an address begins, also one that lacks its `//`.
const SCHEMES: [&str; 3] = ["https:", "http:", "file:"];
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
    #[must_use]
    pub fn apply(&self, original: &Url) -> Option<(Url, String)> {
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
            } else if argument.contains("://")
                || SCHEMES.iter().any(|one| argument.starts_with(one))
            {
                url = Some(argument);
            } else if argument.contains('@') {
                // What is left names another host: the user, and maybe a part of the password.
                let reason = "an `@` stands outside of its address: write a comma inside as `%2C`";
                return Err(bad(reason.to_owned()));
            } else {
                // It may be a piece of a password with commas: the text is not shown.
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
        let shown = || mask_address(&text);
        let url = Url::parse(&text)
            .map_err(|error| bad(format!("`{}` is no address: {error}", shown())))?;
        if lacks_slashes(&text, &url) {
            return Err(bad(format!("`{}` has no `//` behind `{}:`", shown(), url.scheme())));
        }
        let local = is_local(&text, &url);
        if url.scheme() != "https" && !local {
            return Err(bad(format!("`{}` is neither https nor a local file", shown())));
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::{Colour, Problem};

    use super::*;

    const GITHUB: &str = "https://github.com/o/r/releases/download/v1/a.tgz";

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn parse(env: Pairs<'_>, entries: Pairs<'_>) -> Result<(Mirrors, Vec<Notice>), BadMirror> {
        let entries = entries
            .iter()
            .zip(["one", "two"])
            .map(|((key, value), binding)| BindingEntry { binding, key, value });
        Mirrors::parse(env.iter().copied(), entries)
    }

    fn applied(env: Pairs<'_>, entries: Pairs<'_>, original: &str) -> Option<String> {
        let (mirrors, notices) = parse(env, entries).unwrap();
        assert_eq!(notices, []);
        mirrors.apply(&original.parse().unwrap()).map(|(url, _)| url.to_string())
    }

    #[test]
    fn values_say_how_the_address_changes() {
        for (value, original, expected) in [
            ("https://m.example", GITHUB, "https://m.example/o/r/releases/download/v1/a.tgz"),
            ("https://m.example/", GITHUB, "https://m.example/o/r/releases/download/v1/a.tgz"),
            ("https://m.example/x//", GITHUB, "https://m.example/x/o/r/releases/download/v1/a.tgz"),
            ("https://m.example:8443", "https://h.example:9/a", "https://m.example:8443/a"),
            (
                "https://m.example/deps/{originalHost}",
                GITHUB,
                "https://m.example/deps/github.com/o/r/releases/download/v1/a.tgz",
            ),
            (
                "https://m.example/{originalHost}/{originalHost}",
                "https://h.example:8443/a",
                "https://m.example/h.example/%7BoriginalHost%7D/a",
            ),
            (
                "https://u:p@m.example/x,skip-path=/o/r/releases",
                GITHUB,
                "https://u:p@m.example/x/download/v1/a.tgz",
            ),
            ("skip-path=/missing,https://m.example", "https://h.example/a", "https://m.example/a"),
            (
                "mirror=https://m.example,skip-path=/a%2Cb%3Dc",
                "https://h.example/a,b=c/d",
                "https://m.example/d",
            ),
            ("https://m.example/a%2Cb%3d", "https://h.example/c", "https://m.example/a,b=/c"),
            (
                "https://us%40er:p%2Fw%2Cd@m.example",
                "https://h.example/a",
                "https://us%40er:p%2Fw,d@m.example/a",
            ),
            ("https://m.example", "https://h.example/a%2Bb+c", "https://m.example/a%2Bb+c"),
            ("https://m.example", "https://h.example/a?x=1", "https://m.example/a?x=1"),
            ("https://m.example?m=1", "https://h.example/a?x=1", "https://m.example/?m=1"),
            (" https://m.example\n", "https://h.example/a", "https://m.example/a"),
            ("file:///mnt/deps", GITHUB, "file:///mnt/deps/o/r/releases/download/v1/a.tgz"),
        ] {
            let found = applied(&[(VARIABLE, value)], &[], original);
            // The mirror's own path comes first, its own query last.
            let expected = expected.replace("/?m=1", "/a?m=1");
            assert_eq!(found.as_deref(), Some(expected.as_str()), "{value} {original}");
        }
    }

    #[test]
    fn the_most_special_mirror_wins_and_variables_beat_bindings() {
        let env = [
            ("BP_DEPENDENCY_MIRROR", "https://default.env"),
            ("BP_DEPENDENCY_MIRROR_DOWNLOAD_BELL__SW_COM", "https://bell.env"),
            ("BP_DEPENDENCY_MIRROR_empty.example", ""),
            ("BP_DEPENDENCY_MIRROR_lower_example", "https://lower.env"),
            ("BP_OTHER", "https://other"),
        ];
        let entries = [
            ("Download.Bell-SW.com", "https://bell.binding"),
            ("bound.example", "https://bound.binding\n"),
        ];
        for (original, expected) in [
            ("https://download.bell-sw.com/a", "https://bell.env/a"),
            ("https://DOWNLOAD.bell-sw.com:8443/a", "https://bell.env/a"),
            ("https://bound.example/a", "https://bound.binding/a"),
            ("https://empty.example/a", "https://default.env/a"),
            ("https://lower.example/a", "https://lower.env/a"),
            ("https://sub.bound.example/a", "https://default.env/a"),
        ] {
            assert_eq!(applied(&env, &entries, original).as_deref(), Some(expected), "{original}");
        }
        let default = [("default", "https://default.binding")];
        assert_eq!(applied(&[], &default, GITHUB).unwrap()[..24], *"https://default.binding/");
        assert_eq!(applied(&[], &entries, GITHUB), None);
        assert_eq!(applied(&[], &[], GITHUB), None);
    }

    #[test]
    fn a_key_that_is_only_the_end_of_a_host_is_noticed() {
        let (mirrors, _) = parse(&[], &[("example", "https://m")]).unwrap();
        assert_eq!(mirrors.nearly(&"https://h.example/".parse().unwrap()), Some("example"));
        assert_eq!(mirrors.nearly(&"https://example/".parse().unwrap()), None);
        assert_eq!(mirrors.nearly(&"https://other.test/".parse().unwrap()), None);
    }

    #[test]
    fn what_is_ignored_is_said() {
        let env = [("BP_DEPENDENCY_MIRROR_DEFAULT", "https://m")];
        let (mirrors, notices) =
            parse(&env, &[("h.example", "https://m.example,p4ssword")]).unwrap();
        assert_eq!(mirrors.0.len(), 1);
        let texts: Vec<_> = notices.iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "binding `one`, key `h.example` has a part that is not understood",
                "BP_DEPENDENCY_MIRROR_DEFAULT is ignored"
            ]
        );
    }

    #[test]
    fn bad_values_are_errors_without_their_passwords() {
        let bad = |value: &str| parse(&[(VARIABLE, value)], &[]).unwrap_err().to_string();
        assert_snapshot!(bad("http://u:s3cret@m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: `http://***@m.example` is neither https nor a local file");
        assert_snapshot!(bad("ftp://m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: `ftp://m.example` is neither https nor a local file");
        assert_snapshot!(bad("file://host/path"), @"BP_DEPENDENCY_MIRROR is not a mirror: `file://host/path` is neither https nor a local file");
        assert_snapshot!(bad("skip-path=/a"), @"BP_DEPENDENCY_MIRROR is not a mirror: it has no address");
        assert_snapshot!(bad("m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: it has no address");
        assert_snapshot!(bad("https://u:s3cret@:99999"), @"BP_DEPENDENCY_MIRROR is not a mirror: `https://***@:99999` is no address: empty host");
        assert_snapshot!(bad("https://u:s3cret,more@m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: an `@` stands outside of its address: write a comma inside as `%2C`");
        assert_snapshot!(bad("https://u,s3cret@m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: an `@` stands outside of its address: write a comma inside as `%2C`");
        assert_snapshot!(bad("https:/u:s3cret@m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: `***@m.example` has no `//` behind `https:`");
        assert_snapshot!(bad("https:/x://u:s3cret@m.example"), @"BP_DEPENDENCY_MIRROR is not a mirror: `***@m.example` has no `//` behind `https:`");
        let error = parse(&[], &[("h.example", "ftp://x")]).unwrap_err();
        assert_snapshot!(Problem::from(error).page("", Colour::Off), @"
        error[bad-mirror]: binding `one`, key `h.example` is not a mirror: `ftp://x` is neither https nor a local file

        hint: write an https:// address, or file:// and an absolute path, for example `https://mirror.example/files/{originalHost},skip-path=/downloads`
        ");
        let (mirrors, _) = parse(&[(VARIABLE, "https://u:s3cret@m")], &[]).unwrap();
        assert!(!format!("{mirrors:?}").contains("s3cret"));
    }

    #[test]
    fn bindings_must_not_contradict_each_other() {
        parse(&[], &[("H.example", "https://m"), ("h.example", "https://m")]).unwrap();
        let error =
            parse(&[], &[("h.example", "https://a"), ("h.example", "https://b")]).unwrap_err();
        assert_eq!(error.id(), "mapping-conflict");
        assert_snapshot!(error, @"binding `one`, key `h.example` and binding `two`, key `h.example` give different mirrors");
    }
}
