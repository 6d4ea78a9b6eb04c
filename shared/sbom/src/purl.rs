//! Package URLs: `pkg:npm/%40angular/core@12.3.1`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::address;

/// The name of a package that every scanner understands.
///
/// `Display` gives the canonical form of the Package-URL specification: sorted
/// qualifiers, percent-encoding, and lower case where the type asks for it.
/// Qualifiers that hold an address lose its user info and query.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Purl {
    kind: String,
    namespace: String,
    name: String,
    version: String,
    qualifiers: BTreeMap<String, String>,
    subpath: String,
}

/// What keeps a text from being a package URL.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a package URL: {reason}")]
pub struct BadPurl {
    text: String,
    reason: &'static str,
}

impl Purl {
    /// A package of an ecosystem: `Purl::new("npm", "express")`.
    ///
    /// Fails on an empty name and on a type with characters other than letters,
    /// digits, `.`, `+` and `-`.
    pub fn new(kind: &str, name: &str) -> Result<Self, BadPurl> {
        let bad = |reason| BadPurl { text: format!("pkg:{kind}/{name}"), reason };
        if !kind.starts_with(|c: char| c.is_ascii_alphabetic())
            || !kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-'))
        {
            return Err(bad("the type must be letters, digits, dots, plus signs and dashes"));
        }
        let kind = kind.to_ascii_lowercase();
        let name = normal(&kind, name.trim_matches('/'));
        if name.is_empty() {
            return Err(bad("it has no name"));
        }
        Ok(Self {
            kind,
            namespace: String::new(),
            name,
            version: String::new(),
            qualifiers: BTreeMap::new(),
            subpath: String::new(),
        })
    }

    /// Sets what stands before the name: the scope, vendor or group.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = normal(&self.kind, &segments(namespace, |_| true));
        self
    }

    /// Sets the version; an empty one is left out.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Adds a qualifier; an empty value is left out. Keys are letters, digits, `.`, `-` and `_`;
    /// other characters are dropped.
    #[must_use]
    pub fn qualifier(mut self, key: &str, value: &str) -> Self {
        let key: String =
            key.chars().filter(|c| is_key(*c)).collect::<String>().to_ascii_lowercase();
        if !key.is_empty() && !value.is_empty() {
            let value =
                if key.ends_with("_url") { address::public(value) } else { value.to_owned() };
            self.qualifiers.insert(key, value);
        }
        self
    }

    /// Sets the path inside the package.
    #[must_use]
    pub fn subpath(mut self, subpath: &str) -> Self {
        self.subpath = segments(subpath, |segment| !matches!(segment, "." | ".."));
        self
    }

    /// The type, lower-case: `npm`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

/// Lower case and dashes where a type's names do not differ by them.
fn normal(kind: &str, name: &str) -> String {
    match kind {
        "bitbucket" | "composer" | "deb" | "github" | "gitlab" => name.to_lowercase(),
        "pypi" => name.to_lowercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

fn segments(path: &str, keep: impl Fn(&str) -> bool) -> String {
    let kept: Vec<_> =
        path.split('/').filter(|segment| !segment.is_empty() && keep(segment)).collect();
    kept.join("/")
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", Encoded(&self.namespace, Slash::Kept))?;
        }
        write!(f, "{}", Encoded(&self.name, Slash::Encoded))?;
        if !self.version.is_empty() {
            write!(f, "@{}", Encoded(&self.version, Slash::Encoded))?;
        }
        for (index, (key, value)) in self.qualifiers.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            write!(f, "{separator}{key}={}", Encoded(value, Slash::Encoded))?;
        }
        if !self.subpath.is_empty() {
            write!(f, "#{}", Encoded(&self.subpath, Slash::Kept))?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Slash {
    Kept,
    Encoded,
}

struct Encoded<'a>(&'a str, Slash);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                    write!(f, "{}", char::from(byte))?;
                }
                b'/' if self.1 == Slash::Kept => f.write_str("/")?,
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Purl {
    type Err = BadPurl;

    fn from_str(text: &str) -> Result<Self, BadPurl> {
        let bad = |reason| BadPurl { text: text.to_owned(), reason };
        let decoded = |part: &str| decode(part).ok_or_else(|| bad("its encoding is damaged"));

        let (rest, subpath) = text.split_once('#').unwrap_or((text, ""));
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = match rest.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("pkg") => rest,
            _ => return Err(bad("it does not start with `pkg:`")),
        };
        let (kind, rest) =
            rest.trim_matches('/').split_once('/').ok_or_else(|| bad("it has no type"))?;
        let (namespace, last) = rest.trim_matches('/').rsplit_once('/').unwrap_or(("", rest));
        // Only the last part can have a version: a scope may be written as a bare `@scope`.
        let (name, version) = last.rsplit_once('@').unwrap_or((last, ""));

        let mut purl = Self::new(kind, &decoded(name)?)
            .map_err(|error| bad(error.reason))?
            .namespace(&decoded(namespace)?)
            .version(&decoded(version)?)
            .subpath(&decoded(subpath)?);
        for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| bad("a qualifier has no `=`"))?;
            if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || !key.chars().all(is_key) {
                return Err(bad("a qualifier's name has a character it must not have"));
            }
            purl = purl.qualifier(key, &decoded(value)?);
        }
        Ok(purl)
    }
}

/// `None` if a `%` is not followed by two hexadecimal digits or the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let digit = |index: usize| char::from(*tail.get(index)?).to_digit(16);
            bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
