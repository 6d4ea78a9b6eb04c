//! URLs that cannot give a credential away.

use std::fmt;

use url::Url;

/// A URL whose `Display` and `Debug` leave out user info and query, also of an address within its path.
#[derive(Clone, Eq, PartialEq)]
pub struct SafeUrl(Url);

impl SafeUrl {
    /// The whole URL, for the program that has to use it.
    #[must_use]
    pub fn reveal(&self) -> &Url {
        &self.0
    }

    /// Host name, or an empty text for `file:` URLs.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl From<Url> for SafeUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(&mask_credentials(url.path()))
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hides `user:password@` and query strings of the URLs inside any text.
///
/// For text that is not ours: what a tool printed, what a user typed.
#[must_use]
pub fn mask_credentials(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + 3);
        masked.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'))
            .unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        let authority_end = url.find(['/', '?', '#']).unwrap_or(url.len());
        let (authority, path) = url.split_at(authority_end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                masked.push_str("***@");
                masked.push_str(host);
            }
            None => masked.push_str(authority),
        }
        match path.split_once('?') {
            Some((path, _)) => {
                masked.push_str(path);
                masked.push_str("?***");
            }
            None => masked.push_str(path),
        }
        rest = tail;
    }
    masked.push_str(rest);
    masked
}

/// Hides what may be a password in a text that should be one address, but may be none.
///
/// Here an `@` ends a password wherever it stands: `https:/u:p@h` and `u:p/w@h` are no addresses, and their passwords
/// are as secret.
#[must_use]
pub fn mask_address(text: &str) -> String {
    let masked = mask_credentials(text);
    let Some((before, host)) = masked.rsplit_once('@') else { return masked };
    let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
    format!("{scheme}***@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safe_url_shows_neither_user_nor_query() {
        let url = SafeUrl::from(Url::parse("https://u:p@host:8443/a/b?token=x#y").unwrap());
        assert_eq!(url.to_string(), "https://host:8443/a/b");
        assert_eq!(format!("{url:?}"), "https://host:8443/a/b");
        assert_eq!(url.reveal().password(), Some("p"));
        let within = SafeUrl::from(Url::parse("https://mirror/https://u:p@host/a").unwrap());
        assert_eq!(within.to_string(), "https://mirror/https://***@host/a");
    }

    #[test]
    fn credentials_in_foreign_text_are_masked() {
        for (text, masked) in [
            ("GET https://u:p@h/x failed", "GET https://***@h/x failed"),
            ("`http://h/x?token=1`, retry", "`http://h/x?***`, retry"),
            ("proxy=http://me:p@ss@proxy:3128", "proxy=http://***@proxy:3128"),
            ("no url at all", "no url at all"),
            ("https://h/mail@host", "https://h/mail@host"),
        ] {
            assert_eq!(mask_credentials(text), masked);
        }
    }

    #[test]
    fn credentials_in_what_should_be_an_address_are_masked() {
        for (text, masked) in [
            ("https://u:p@h/x?y", "https://***@h/x?***"),
            ("https://u:p/w@h/x", "https://***@h/x"),
            ("https:/u:p@h/x", "***@h/x"),
            ("u:p@ss@h", "***@h"),
            ("h/x", "h/x"),
            ("https://h/x", "https://h/x"),
        ] {
            assert_eq!(mask_address(text), masked);
        }
    }
}
