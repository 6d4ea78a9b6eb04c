//! Security properties of the JVM: how long it believes a name server, and its providers.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use super::start::Start;

/// Writes the properties that differ from those of the runtime, and points the JVM there.
///
/// To a temporary directory: layers are read-only, and in a read-only container so is everything else.
pub(super) fn properties(start: &mut Start<'_>) {
    let mut text = String::new();
    if has_link_local_resolver(start) {
        // It is part of the machine and may answer differently at any moment.
        text.push_str("networkaddress.cache.ttl=0\nnetworkaddress.cache.negative.ttl=0\n");
    }
    if let Some(wanted) = start.env.given("SECURITY_PROVIDERS") {
        let existing = existing_providers(start);
        for (number, class) in (1..).zip(merged(&existing, wanted)) {
            let _ = writeln!(text, "security.provider.{number}={class}");
        }
    }
    if let Some(path) = start.env.given("SECURITY_PROVIDERS_CLASSPATH") {
        class_path(start, path);
    }
    if text.is_empty() {
        return;
    }
    match start.leave(text.as_bytes(), "security") {
        Ok(path) => start.flag(format!("-Djava.security.properties={}", path.display())),
        Err(error) => start.outcome.warn(format!(
            "security properties are not set: {error}; give the container a writable /tmp"
        )),
    }
}

fn has_link_local_resolver(start: &Start<'_>) -> bool {
    let text = fs_err::read_to_string(start.root.join("etc/resolv.conf")).unwrap_or_default();
    let mut servers = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    // `fe80::1%eth0` names the interface as well.
    let first = servers.next().map(|server| server.trim().split('%').next().unwrap_or_default());
    match first.and_then(|server| server.parse().ok()) {
        Some(IpAddr::V4(address)) => Ipv4Addr::is_link_local(&address),
        Some(IpAddr::V6(address)) => Ipv6Addr::is_unicast_link_local(&address),
        None => false,
    }
}

/// The providers of the runtime, in their order.
fn existing_providers(start: &Start<'_>) -> Vec<String> {
    let home = start.java_home.clone().unwrap_or_default();
    let places: [PathBuf; 3] = [
        home.join("conf/security/java.security"),
        home.join("jre/lib/security/java.security"),
        home.join("lib/security/java.security"),
    ];
    let text = places.iter().find_map(|path| fs_err::read_to_string(path).ok()).unwrap_or_default();
    let mut providers: Vec<(u32, String)> = text
        .lines()
        .filter_map(|line| {
            let (number, class) =
                line.trim().strip_prefix("security.provider.")?.split_once('=')?;
            Some((number.parse().ok()?, class.trim().to_owned()))
        })
        .collect();
    providers.sort();
    providers.into_iter().map(|(_, class)| class).collect()
}

/// `wanted` is a list of `class` and `place|class`; without a place one goes to the end.
fn merged(existing: &[String], wanted: &str) -> Vec<String> {
    let mut all: Vec<Option<String>> = existing.iter().cloned().map(Some).collect();
    for word in wanted.split_whitespace() {
        let (place, class) = match word.split_once('|') {
            Some((place, class)) => (place.parse::<usize>().ok(), class),
            None => (None, word),
        };
        let Some(place) = place.filter(|place| (1..1000).contains(place)) else {
            all.push(Some(class.to_owned()));
            continue;
        };
        if all.len() < place {
            all.resize(place - 1, None);
            all.push(Some(class.to_owned()));
        } else if all[place - 1].is_none() {
            all[place - 1] = Some(class.to_owned());
        } else {
            all.insert(place - 1, Some(class.to_owned()));
        }
    }
    all.into_iter().flatten().collect()
}

fn class_path(start: &mut Start<'_>, path: &str) {
    if start.java >= 9 {
        let before = start.env.given("CLASSPATH").map(|before| format!("{before}:"));
        let before = before.unwrap_or_default();
        if !before.contains(path) {
            start.outcome.set("CLASSPATH", format!("{before}{path}"));
        }
        return;
    }
    let home = start.java_home.clone().unwrap_or_default();
    let jdk = home.join("jre/lib/ext");
    let own = if jdk.is_dir() { jdk } else { home.join("lib/ext") };
    let dirs = path.split(':').filter_map(|item| item.rsplit_once('/').map(|(dir, _)| dir));
    let all: Vec<_> =
        std::iter::once(own.display().to_string()).chain(dirs.map(str::to_owned)).collect();
    start.flag(format!("-Djava.ext.dirs={}", all.join(":")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_put_where_they_are_wanted() {
        let existing = ["A", "B", "C"].map(str::to_owned);
        for (wanted, expected) in [
            ("x.Y", "A B C x.Y"),
            ("2|x.Y z.W", "A x.Y B C z.W"),
            ("1|x", "x A B C"),
            ("9|x y", "A B C x y"),
            ("5|x 4|y", "A B C y x"),
        ] {
            assert_eq!(merged(&existing, wanted).join(" "), expected, "{wanted}");
        }
    }
}
