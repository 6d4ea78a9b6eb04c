//! Addresses that may be published.

use std::fmt::Write as _;

/// `url` without what could be a credential: user info and query.
///
/// An SBOM tells where something came from. A token in the user info or the
/// query is no part of that, and the address without it still says where. The
/// fixed user of `git+ssh://git@github.com/…` is no secret and stays.
///
/// What a URL must not contain is percent-encoded: lockfiles hold raw paths, and one
/// space would make a strict reader refuse the whole document.
pub(crate) fn public(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(address, _)| address);
    let Some((scheme, rest)) = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        // A relative path, or `git@host:path`: its colon must not look like a scheme's.
        return encode(url).replace(':', "%3A");
    };
    let Some(rest) = rest.strip_prefix("//") else {
        return format!("{scheme}:{}", encode(rest));
    };
    let (authority, path) = rest.split_at(rest.find(['/', '#']).unwrap_or(rest.len()));
    let (user, server) = match authority.rsplit_once('@') {
        Some(("git", server)) if scheme.ends_with("ssh") => ("git@", server),
        Some((_, server)) => ("", server),
        None => ("", authority),
    };
    let server = match server.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{}:{port}", encode(host).replace(':', "%3A"))
        }
        _ => encode(server).replace(':', "%3A"),
    };
    format!("{scheme}://{user}{server}{}", encode(path))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn encode(part: &str) -> String {
    let mut encoded = String::with_capacity(part.len());
    for (index, byte) in part.bytes().enumerate() {
        let is_escape = || {
            let digits = part.as_bytes().get(index + 1..index + 3);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        let kept = match byte {
            b'%' => is_escape(),
            b'#' => !part[..index].contains('#'),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/@!$&'()*+,;=".contains(&byte),
        };
        if kept {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_dropped_and_the_rest_is_a_valid_address() {
        for (url, safe) in [
            ("https://nodejs.org/dist/node.tar.gz", "https://nodejs.org/dist/node.tar.gz"),
            ("https://u:p@host:8443/a@b/c", "https://host:8443/a@b/c"),
            ("https://token@host/x?sig=1#f", "https://host/x"),
            ("https://host/x?sig=1", "https://host/x"),
            ("http://u:p@ss@host", "http://host"),
            ("git+ssh://git@github.com/a/b.git", "git+ssh://git@github.com/a/b.git"),
            ("git+ssh://git:secret@host/b.git", "git+ssh://host/b.git"),
            ("file:../local", "file:../local"),
            ("file:my \"lib\"", "file:my%20%22lib%22"),
            ("https://host/ä b#c#d", "https://host/%C3%A4%20b#c%23d"),
            ("https://host/100%/%2B", "https://host/100%25/%2B"),
            ("https://[::1]:4873/x", "https://%5B%3A%3A1%5D:4873/x"),
            ("git@host:a/b.git", "git@host%3Aa/b.git"),
            ("", ""),
        ] {
            assert_eq!(public(url), safe);
        }
    }
}
