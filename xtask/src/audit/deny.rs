//! The crates that are built in: their licences, where they come from, and what is known of them.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::advisory::Advisories;
use super::subject::Subject;
use crate::command::Command;
use crate::workspace::{TRIPLE, Workspace};

/// `deny.toml`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Policy {
    licences: BTreeSet<String>,
    book_licences: BTreeSet<String>,
}

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    license: Option<String>,
    /// None for those of this repository.
    source: Option<String>,
}

/// Where crates may come from: the registry, whatever mirror of it Cargo is told to ask.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Fails if there is a crate that must not be there.
pub(crate) fn check(workspace: &Workspace, advisories: &Advisories) -> Result<()> {
    let policy = fs_err::read_to_string(workspace.root.join("deny.toml"))?;
    let mut policy: Policy = toml::from_str(&policy).context("cannot read deny.toml")?;
    let mut faults = Vec::new();
    let mut count = 0;
    for manifest in ["Cargo.toml", "tools/book/Cargo.toml"] {
        let crates = crates(workspace, manifest)?;
        count += crates.len();
        faults.extend(crates.iter().flat_map(|it| it.faults(&policy.licences, advisories)));
        // What follows is not shipped.
        policy.licences.append(&mut policy.book_licences);
    }
    if !faults.is_empty() {
        bail!(
            "{} of {count} crates must not be used as they are:\n{}",
            faults.len(),
            faults.join("\n")
        );
    }
    workspace.say("audit", format_args!("{count} crates may be used"));
    Ok(())
}

fn crates(workspace: &Workspace, manifest: &str) -> Result<Vec<Crate>> {
    let text = Command::cargo(workspace)
        .args(["metadata", "--locked", "--format-version", "1", "--all-features"])
        .args(["--filter-platform", TRIPLE, "--manifest-path", manifest])
        .output()?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    Ok(metadata.packages.into_iter().filter(|it| it.source.is_some()).collect())
}

impl Crate {
    /// What is wrong with it, one line each.
    fn faults(&self, licences: &BTreeSet<String>, advisories: &Advisories) -> Vec<String> {
        let mut faults = Vec::new();
        let title = format!("{} {}", self.name, self.version);
        match &self.license {
            None => faults.push(format!("  {title}: no licence")),
            Some(licence) if !is_allowed(licence, licences) => {
                faults.push(format!("  {title}: the licence {licence} is not in deny.toml"));
            }
            Some(_) => {}
        }
        if let Some(source) = self.source.as_deref().filter(|source| *source != REGISTRY) {
            faults.push(format!("  {title}: from {source}"));
        }
        let known = advisories.of(&Subject::of_crate(&self.name, &self.version));
        faults.extend(known.into_iter().map(|known| format!("  {title}: {known}")));
        faults
    }
}

/// Whether an SPDX expression can be met with these licences; `/` is the old way to write `OR`.
fn is_allowed(expression: &str, licences: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, licences) && rest.is_empty()
}

/// `a OR b`.
fn any(words: &mut &[&str], licences: &BTreeSet<String>) -> bool {
    let mut met = all(words, licences);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        met |= all(words, licences);
    }
    met
}

/// `a AND b`.
fn all(words: &mut &[&str], licences: &BTreeSet<String>) -> bool {
    let mut met = one(words, licences);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words, licences);
    }
    met
}

/// `a`, `a WITH b`, or something in brackets.
fn one(words: &mut &[&str], licences: &BTreeSet<String>) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = any(words, licences);
            if let [")", rest @ ..] = *words {
                *words = rest;
            }
            met
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            licences.contains(&format!("{licence} WITH {exception}"))
        }
        [licence, rest @ ..] => {
            *words = rest;
            licences.contains(*licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn allowed() -> BTreeSet<String> {
        ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into()
    }

    #[test]
    fn an_expression_is_met_by_one_of_each_and() {
        for met in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "(GPL-3.0 OR MIT) AND ISC",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            "GPL-3.0 AND MIT OR ISC",
        ] {
            assert!(is_allowed(met, &allowed()), "{met}");
        }
        for unmet in
            ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(MIT OR ISC) AND GPL-3.0", "", "MIT ISC"]
        {
            assert!(!is_allowed(unmet, &allowed()), "{unmet}");
        }
    }

    #[test]
    fn licence_source_and_advisories_are_told() {
        let mut advisories = Advisories::default();
        advisories
            .add(&json!({
                "id": "RUSTSEC-2026-1", "affected": [{
                    "package": { "ecosystem": "crates.io", "name": "thing", "purl": "pkg:cargo/thing" },
                    "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0.0.0-0" }, { "fixed": "1.2.4" }] }]
                }]
            }))
            .unwrap();
        let told = |version: &str, license: Option<&str>, source: &str| {
            let it = Crate {
                name: "thing".to_owned(),
                version: version.to_owned(),
                license: license.map(str::to_owned),
                source: Some(source.to_owned()),
            };
            it.faults(&allowed(), &advisories).join("\n")
        };
        assert_eq!(told("1.2.4", Some("MIT"), REGISTRY), "");
        insta::assert_snapshot!(told("1.2.3", Some("GPL-3.0"), "git+https://example.com/thing"), @"
          thing 1.2.3: the licence GPL-3.0 is not in deny.toml
          thing 1.2.3: from git+https://example.com/thing
          thing 1.2.3: RUSTSEC-2026-1 (thing 1.2.3, fixed in 1.2.4)
        ");
        assert_eq!(told("1.2.4", None, REGISTRY), "  thing 1.2.4: no licence");
    }
}
