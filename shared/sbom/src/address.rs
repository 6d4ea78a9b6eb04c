//! Addresses that may be published.

use std::fmt::Write as _;

/// `url` without what could be a credential: user info and query.
///
/// An SBOM tells where something came from. A token in the user info or the
/// query is no part of that, and the address without it still says where. The
/// fixed user of `git+ssh://git@github.com/…` is no secret and stays.
///
/// What no address may contain is percent-encoded: lockfiles hold raw paths, and one
/// space would make a strict reader refuse the whole document.
pub(crate) fn public(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(address, _)| address);
    let Some((scheme, rest)) = url.split_once("://") else {
        return encode(url);
    };
    let (authority, path) = rest.split_at(rest.find(['/', '#']).unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some(("git", _)) if scheme.ends_with("ssh") => authority,
        Some((_, host)) => host,
        None => authority,
    };
    encode(&format!("{scheme}://{authority}{path}"))
}

fn encode(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for c in url.chars() {
        if c.is_control() || matches!(c, ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
        {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(c);
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
            ("https://host/ä b", "https://host/ä%20b"),
            ("", ""),
        ] {
            assert_eq!(public(url), safe);
        }
    }
}
