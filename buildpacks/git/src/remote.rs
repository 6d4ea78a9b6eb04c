//! Addresses of repositories, as people can open them.

/// The web address of a repository, without a user and secrets; nothing for one that has no host.
pub(crate) fn web_address(remote: &str) -> Option<String> {
    let remote = remote.trim();
    let (scheme, authority, path) = if let Some((scheme, rest)) = remote.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        let host = without_user(authority);
        match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", host, path),
            "https" => ("https", host, path),
            // The port of another protocol says nothing about this one.
            "git" | "ssh" | "git+ssh" => ("https", without_port(host)?, path),
            _ => return None,
        }
    } else {
        // `git@example.org:team/app.git`
        let (authority, path) = remote.split_once(':')?;
        // A single letter is a drive, and a slash makes it a path. This form has no passwords, and
        // what looks like one is nothing to show.
        if authority.len() < 2 || authority.contains('/') || path.contains('@') {
            return None;
        }
        ("https", without_user(authority), path.trim_start_matches('/'))
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    // What looks like a password behind the first slash may be one.
    let may_have_password = path.split_once(':').is_some_and(|(_, rest)| rest.contains('@'));
    let is_plain = without_port(authority).is_some_and(|host| !host.is_empty())
        && authority.chars().all(is_host)
        && !path.is_empty()
        && !may_have_password
        && !path.contains(|c: char| c.is_whitespace() || c.is_control());
    is_plain.then(|| format!("{scheme}://{}/{path}", authority.to_ascii_lowercase()))
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The host; nothing if what follows it is no port.
fn without_port(authority: &str) -> Option<&str> {
    match authority.rsplit_once(':') {
        _ if authority.ends_with(']') => Some(authority),
        Some((host, port)) => port.bytes().all(|byte| byte.is_ascii_digit()).then_some(host),
        None => Some(authority),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_an_address_becomes_one_for_people() {
        for (remote, expected) in [
            ("https://example.org/team/app.git", Some("https://example.org/team/app.git")),
            ("https://me:s3cret@Example.org:8443/app", Some("https://example.org:8443/app")),
            ("https://example.org/app?private_token=s3cret#x", Some("https://example.org/app")),
            ("http://example.org/app", Some("http://example.org/app")),
            ("ssh://git@example.org:2222/team/app.git", Some("https://example.org/team/app.git")),
            ("git+ssh://git@[2001:db8::1]:22/app", Some("https://[2001:db8::1]/app")),
            ("git://example.org/app", Some("https://example.org/app")),
            ("git@example.org:team/app.git", Some("https://example.org/team/app.git")),
            ("example.org:/srv/app.git", Some("https://example.org/srv/app.git")),
            ("/srv/git/app.git", None),
            ("../app", None),
            (r"C:\git\app", None),
            ("./a:b", None),
            ("file:///srv/git/app.git", None),
            ("https://bücher.example/app", None),
            ("https:///app", None),
            ("https://example.org", None),
            ("https://example.org/a b", None),
            ("", None),
        ] {
            assert_eq!(web_address(remote).as_deref(), expected, "{remote}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_remote_is_no_password_is_left(
            before in "\\PC{0,12}", user in "[a-z]{1,8}", host in "\\PC{1,12}", path in "\\PC{0,20}"
        ) {
            for remote in [
                format!("{before}://{user}:passw0rd@{host}/{path}"),
                format!("https://{user}:passw0rd@{host}/{path}"),
                format!("{user}:passw0rd@{host}:{path}"),
            ] {
                if let Some(address) = web_address(&remote) {
                    let host = address.split('/').nth(2).unwrap();
                    prop_assert!(host.is_ascii() && !host.is_empty(), "{}", address);
                    prop_assert!(!address.contains("passw0rd"), "{}", address);
                }
            }
        }
    }
}
