//! What a lockfile knows of a package and the disk does not: where it came from, and its digest.

use std::collections::BTreeMap;
use std::io;

use crate::lockfile::Lockfile;
use crate::project::Project;

/// What is known of one package.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Details {
    pub(super) resolved: Option<String>,
    pub(super) integrity: Option<String>,
}

/// By name and version: `ms@2.1.3`.
pub(super) fn read(project: &Project) -> io::Result<BTreeMap<String, Details>> {
    let Some(lockfile) = project.lockfiles.first() else { return Ok(BTreeMap::new()) };
    let read: fn(&str) -> BTreeMap<String, Details> = match lockfile {
        Lockfile::Yarn => yarn,
        Lockfile::Pnpm => pnpm,
        _ => return Ok(BTreeMap::new()),
    };
    let bytes = fs_err::read(project.root.join(lockfile.file_name()))?;
    Ok(read(&String::from_utf8_lossy(&bytes)))
}

/// Yarn 1. Later ones have digests of archives that they made themselves.
fn yarn(text: &str) -> BTreeMap<String, Details> {
    let mut found = BTreeMap::new();
    let (mut name, mut version, mut details) = ("", "", Details::default());
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && line.ends_with(':') {
            let first = line.trim_end_matches(':').split(',').next().unwrap_or_default();
            name = package_name(first.trim_matches('"'));
            (version, details) = ("", Details::default());
            continue;
        }
        let Some((key, value)) = line.trim().split_once(' ') else { continue };
        let value = value.trim_matches('"');
        match key {
            "version" => version = value,
            "resolved" => {
                details.resolved = value.split('#').next().map(str::to_owned);
            }
            "integrity" => details.integrity = Some(value.to_owned()),
            _ => continue,
        }
        if !name.is_empty() && !version.is_empty() {
            found.insert(format!("{name}@{version}"), details.clone());
        }
    }
    found
}

/// `@s/a` of `@s/a@^1`, `real` of `alias@npm:real@1`.
fn package_name(spec: &str) -> &str {
    let spec = spec.split_once("@npm:").map_or(spec, |(_, real)| real);
    spec.get(1..).and_then(|rest| rest.rfind('@')).map_or(spec, |at| &spec[..=at])
}

/// Keys are `/ms/2.1.3`, `/ms@2.1.3` or `ms@2.1.3`, some with the packages beside it.
fn pnpm(text: &str) -> BTreeMap<String, Details> {
    let mut found = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines() {
        if let Some(start) = line.strip_prefix("  ")
            && !start.starts_with(' ')
            && let Some(name) = start.trim_end().strip_suffix(':')
        {
            key = normal(name);
        } else if let Some(resolution) = line.trim().strip_prefix("resolution: {") {
            let part = |wanted: &str| {
                let mut parts = resolution.trim_end_matches('}').split(", ");
                parts
                    .find_map(|part| part.strip_prefix(wanted)?.strip_prefix(": "))
                    .map(str::to_owned)
            };
            let details = Details { resolved: part("tarball"), integrity: part("integrity") };
            found.insert(key.clone(), details);
        }
    }
    found
}

fn normal(key: &str) -> String {
    let key = key.trim_matches(['\'', '"']);
    let key = key.split('(').next().unwrap_or(key);
    match key.strip_prefix('/') {
        None => key.to_owned(),
        Some(key) if is_at(key) => key.to_owned(),
        Some(key) => {
            let (name, version) = key.rsplit_once('/').unwrap_or((key, ""));
            format!("{name}@{}", version.split('_').next().unwrap_or(version))
        }
    }
}

/// Whether a key is of the form `name@version`; in the oldest one `@` stands in front of a scope,
/// or of the version of a peer.
fn is_at(key: &str) -> bool {
    let key = key.split('_').next().unwrap_or(key);
    key.get(1..).is_some_and(|rest| rest.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yarn_names_address_and_digest() {
        let found = yarn(
            "# yarn lockfile v1\n\n\"@s/a@^1\", \"@s/a@^1.1\":\n  version \"1.1.0\"\n  resolved \
             \"https://r.example/a.tgz#abc\"\n  integrity sha512-A==\n\nalias@npm:real@2:\n  version \"2.0.0\"\n",
        );
        let a = &found["@s/a@1.1.0"];
        assert_eq!(a.resolved.as_deref(), Some("https://r.example/a.tgz"));
        assert_eq!(a.integrity.as_deref(), Some("sha512-A=="));
        assert!(found.contains_key("real@2.0.0"), "{found:?}");
    }

    #[test]
    fn keys_of_pnpm_have_had_three_forms() {
        for key in
            ["/ms/2.1.3", "/ms@2.1.3", "ms@2.1.3", "'ms@2.1.3(react@19.0.0)'", "/ms/2.1.3_react@1"]
        {
            let text =
                format!("packages:\n\n  {key}:\n    resolution: {{integrity: sha512-A==}}\n");
            assert_eq!(pnpm(&text)["ms@2.1.3"].integrity.as_deref(), Some("sha512-A=="), "{key}");
        }
        let text = "  '@s/a@1.0.0':\n    resolution: {integrity: sha512-B==}\n";
        assert!(pnpm(text).contains_key("@s/a@1.0.0"));
    }
}
