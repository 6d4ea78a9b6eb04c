//! User names, passwords and tokens for artifact hosts.

use std::collections::BTreeMap;
use std::fmt;

use kouti_report::{Explain, Fault};
use reqwest::RequestBuilder;
use url::Url;

use crate::BindingEntry;
use crate::percent;

/// Credentials by `host` or `host:port`, from bindings of type `dependency-auth`.
#[derive(Default)]
pub struct Credentials(BTreeMap<String, Credential>);

/// A way to say who we are; has no `Display`.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Credential {
    Basic { user: String, password: String },
    Bearer(String),
}

/// An entry of a `dependency-auth` binding that is no credential.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("the credential for `{host}` in binding `{binding}` cannot be understood")]
pub struct BadCredential {
    /// Name of the binding.
    pub binding: String,
    /// The entry's key.
    pub host: String,
}

impl Explain for BadCredential {
    fn id(&self) -> &'static str {
        "bad-credential"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write it as `user:password` or as `Bearer <token>`".to_owned()]
    }
}

impl Credentials {
    /// Reads the entries of all `dependency-auth` bindings; the first one for a host counts.
    ///
    /// Kubernetes allows no colon in a key: `host_8443` means `host:8443`.
    pub fn parse<'a>(
        entries: impl IntoIterator<Item = BindingEntry<'a>>,
    ) -> Result<Self, BadCredential> {
        let mut found = BTreeMap::new();
        for entry in entries {
            let value = entry.value.trim();
            let credential = if let Some(token) = value.strip_prefix("Bearer ") {
                Some(Credential::Bearer(token.trim().to_owned()))
            } else {
                value.split_once(':').map(|(user, password)| Credential::Basic {
                    user: user.to_owned(),
                    password: password.to_owned(),
                })
            };
            let Some(credential) = credential else {
                return Err(BadCredential {
                    binding: entry.binding.to_owned(),
                    host: entry.key.to_owned(),
                });
            };
            found.entry(host_and_port(entry.key)).or_insert(credential);
        }
        Ok(Self(found))
    }

    /// What to send to a URL: its own user info, else what a binding says.
    pub(crate) fn of(&self, url: &Url) -> Option<Credential> {
        if !url.username().is_empty() || url.password().is_some() {
            return Some(Credential::Basic {
                user: percent::decode(url.username()),
                password: percent::decode(url.password().unwrap_or_default()),
            });
        }
        let host = url.host_str()?;
        let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
        with_port.and_then(|key| self.0.get(&key)).or_else(|| self.0.get(host)).cloned()
    }
}

fn host_and_port(key: &str) -> String {
    let key = key.trim().to_ascii_lowercase();
    match key.rsplit_once('_') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => format!("{host}:{port}"),
        _ => key,
    }
}

impl Credential {
    pub(crate) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entries: &[(&str, &str)]) -> Result<Credentials, BadCredential> {
        Credentials::parse(entries.iter().map(|(key, value)| BindingEntry {
            binding: "auth",
            key,
            value,
        }))
    }

    fn basic(user: &str, password: &str) -> Credential {
        Credential::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn the_port_is_more_special_than_the_host() {
        let credentials = parse(&[
            ("Repo.example", "all:1\n"),
            ("repo.example:8443", "eight:2:3"),
            ("repo.example_9443", "Bearer t0ken"),
        ])
        .unwrap();
        for (url, expected) in [
            ("https://repo.example/x", Some(basic("all", "1"))),
            ("https://repo.example:8443/x", Some(basic("eight", "2:3"))),
            ("https://repo.example:9443/x", Some(Credential::Bearer("t0ken".to_owned()))),
            ("https://u%40x:p%2Fw@repo.example/x", Some(basic("u@x", "p/w"))),
            ("https://other.example/x", None),
            ("https://sub.repo.example/x", None),
        ] {
            assert!(credentials.of(&url.parse().unwrap()) == expected, "{url}");
        }
    }

    #[test]
    fn a_bad_value_is_not_shown() {
        let error = parse(&[("repo.example", "s3cret")]).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret"));
        let page = kouti_report::Problem::from(error).page("", kouti_report::Colour::Off);
        insta::assert_snapshot!(page, @"
        error[bad-credential]: the credential for `repo.example` in binding `auth` cannot be understood

        hint: write it as `user:password` or as `Bearer <token>`
        ");
        let credentials = parse(&[("repo.example", "user:s3cret")]).unwrap();
        assert_eq!(format!("{credentials:?}"), r#"["repo.example"]"#);
    }
}
