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
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let mut shown = format!("{}://", url.scheme());
        mask_users(&format!("{host}{port}{}", url.path()), &mut shown);
        f.write_str(&shown)
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
        match url.split_once('?') {
            Some((path, _)) => {
                mask_users(path, &mut masked);
                masked.push_str("?***");
            }
            None => mask_users(url, &mut masked),
        }
        rest = tail;
    }
    masked.push_str(rest);
    masked
}

/// Of what is behind `://`. More addresses may follow, and the colon of one may have been taken for that of a port.
fn mask_users(mut url: &str, masked: &mut String) {
    loop {
        let end = url.find(['/', '#']).unwrap_or(url.len());
        let (authority, path) = url.split_at(end);
        masked.push_str(&mask_user(authority));
        let Some(slashes) = path.find("//") else { return masked.push_str(path) };
        url = path[slashes..].trim_start_matches('/');
        masked.push_str(&path[..path.len() - url.len()]);
    }
}

fn mask_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => text.to_owned(),
    }
}

/// Hides what may be a password in a text that should be one address, but may be none.
///
/// Here an `@` ends a password wherever it stands: `https:/u:p@h` and `u:p/w@h` are no addresses, and their passwords
/// are as secret.
#[must_use]
pub fn mask_address(text: &str) -> String {
    let is_scheme =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let scheme = text.find("://").filter(|at| is_scheme(&text[..*at]));
    let (scheme, rest) = text.split_at(scheme.map_or(0, |at| at + 3));
    let shown = match rest.split_once('?') {
        // A query with an `@`, or a password with a `?`.
        Some((_, query)) if query.contains('@') => "***".to_owned(),
        Some((address, _)) => mask_user(address) + "?***",
        None => mask_user(rest),
    };
    format!("{scheme}{shown}")
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
        let port = SafeUrl::from(Url::parse("https://https://u:p@host/a").unwrap());
        assert_eq!(port.to_string(), "https://https//***@host/a");
    }

    #[test]
    fn credentials_in_foreign_text_are_masked() {
        for (text, masked) in [
            ("GET https://u:p@h/x failed", "GET https://***@h/x failed"),
            ("`http://h/x?token=1`, retry", "`http://h/x?***`, retry"),
            ("proxy=http://me:p@ss@proxy:3128", "proxy=http://***@proxy:3128"),
            ("no url at all", "no url at all"),
            ("https://h/mail@host", "https://h/mail@host"),
            ("https://h/a://b/https://u:p@h/x", "https://h/a://b/https://***@h/x"),
            ("https://a:b@https://u:p@h/x?y", "https://***@https://***@h/x?***"),
            ("https://h//u:p@h/x", "https://h//***@h/x"),
            ("https://h///u:p@h/x", "https://h///***@h/x"),
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
            ("https://u:p?w@h/x", "https://***"),
            ("https:/u:p@h/x://y", "***@h/x://y"),
            ("https://u:p @h?x\ny", "https://***@h?***"),
            ("h/x", "h/x"),
            ("https://h/x", "https://h/x"),
        ] {
            assert_eq!(mask_address(text), masked);
        }
    }
}
