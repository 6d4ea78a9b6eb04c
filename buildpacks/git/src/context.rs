//! What credentials are for: an address that those of repositories begin with.

use kouti::{Explain, Fault};

/// An address such as `https://example.org/team`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Context(String);

impl Context {
    /// Reads the entry `context` of a binding. What cannot be one is refused here, because git would
    /// only leave the credentials unused.
    pub(crate) fn parse(binding: &str, text: &str) -> Result<Self, BadContext> {
        let bad = |reason| BadContext { binding: binding.to_owned(), reason };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad(Reason::NoAddress))?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(bad(Reason::NoAddress));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(bad(Reason::Password));
        }
        if !host.is_ascii() {
            return Err(bad(Reason::OtherScript));
        }
        // `*` stands for one name: git knows `https://*.example.org`.
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]*".contains(c);
        let is_visible = |text: &str| text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if host.is_empty()
            || host.starts_with(':')
            || !host.chars().all(is_host)
            || !is_visible(path)
            || !user.is_none_or(is_visible)
        {
            return Err(bad(Reason::NoAddress));
        }
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let address = format!("{scheme}://{user}{}/{path}", host.to_ascii_lowercase());
        Ok(Self(address.trim_end_matches('/').to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What credentials are for cannot be understood.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("the entry `context` of the binding `{binding}` {}", .reason.summary())]
pub(crate) struct BadContext {
    binding: String,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    NoAddress,
    OtherScript,
    Password,
}

impl Reason {
    fn summary(self) -> &'static str {
        match self {
            Self::NoAddress => "is no address that starts with https://",
            Self::OtherScript => "names a host with letters that are not ASCII",
            Self::Password => "holds a password",
        }
    }
}

impl Explain for BadContext {
    fn id(&self) -> &'static str {
        "bad-git-context"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self.reason {
            Reason::NoAddress => {
                "write what the addresses of the repositories begin with, such as `https://example.org/team`"
            }
            Reason::OtherScript => {
                "write the host as the network knows it: `xn--bcher-kva.example` for `bücher.example`"
            }
            Reason::Password => {
                "put the password into the entry `credentials`, and leave it out of the address"
            }
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<String, Reason> {
        Context::parse("b", text).map(|context| context.0).map_err(|error| error.reason)
    }

    #[test]
    fn an_address_has_one_form() {
        for (text, expected) in [
            ("https://example.org/team", Ok("https://example.org/team")),
            ("HTTPS://Example.ORG/Team/", Ok("https://example.org/Team")),
            ("https://example.org", Ok("https://example.org")),
            ("https://example.org:8443/", Ok("https://example.org:8443")),
            ("https://me@*.example.org", Ok("https://me@*.example.org")),
            ("http://[2001:db8::1]/a", Ok("http://[2001:db8::1]/a")),
            ("example.org", Err(Reason::NoAddress)),
            ("ssh://example.org", Err(Reason::NoAddress)),
            ("https://", Err(Reason::NoAddress)),
            ("https://:8443/x", Err(Reason::NoAddress)),
            ("https:///team", Err(Reason::NoAddress)),
            ("https://exa mple.org", Err(Reason::NoAddress)),
            ("https://example.org/a\nb", Err(Reason::NoAddress)),
            ("https://bücher.example", Err(Reason::OtherScript)),
            ("https://例え.テスト/a", Err(Reason::OtherScript)),
            ("https://me:secret@example.org", Err(Reason::Password)),
        ] {
            assert_eq!(parsed(text), expected.map(str::to_owned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_an_address_or_an_error_of_ours(
            text in prop_oneof![
                any::<String>(),
                "https?://(\\PC|[\t\n]){0,20}",
                "https://[\\PC--/]{1,12}\\.[\\PC--/]{1,6}/\\PC{0,8}",
            ]
        ) {
            if let Ok(context) = parsed(&text) {
                let host = context.split('/').nth(2).unwrap();
                let host = host.rsplit('@').next().unwrap();
                prop_assert!(host.is_ascii() && !host.is_empty(), "{}", context);
                prop_assert!(!context.contains(['\n', '\r', ' ', '\0']), "{}", context);
                prop_assert_eq!(parsed(&context), Ok(context));
            }
        }
    }
}
