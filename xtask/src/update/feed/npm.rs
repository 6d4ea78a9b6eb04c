//! The npm registry, as docs/responses/package-metadata.md of github.com/npm/registry describes it; `integrity` is
//! that of the W3C recommendation "Subresource Integrity".

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use kouti_catalog::{Artifact, Checksum};
use kouti_sbom::Digest;
use kouti_version::Version;
use serde::Deserialize;

use super::super::model::{Fact, Key, Listing, Offer, Release};
use super::super::net::Net;

#[derive(Deserialize)]
struct Package {
    versions: BTreeMap<String, Published>,
    #[serde(default)]
    time: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Published {
    dist: Dist,
    #[serde(default)]
    engines: serde_json::Value,
    /// A reason, and in old packages also `false`.
    deprecated: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Dist {
    tarball: String,
    integrity: Option<String>,
}

fn package(net: &Net, name: &str) -> Result<Package> {
    net.json(&format!("{}/{}", net.npm_registry()?, name.replace('/', "%2f")))
}

pub(super) fn list(net: &Net, name: &str) -> Result<Listing> {
    let package = package(net, name)?;
    let is_yanked = |published: &Published| {
        published.deprecated.as_ref().is_some_and(|reason| reason.as_str() != Some(""))
    };
    let published = package.versions.iter().filter(|(_, published)| !is_yanked(published));
    let release = |(text, _): (&String, _)| {
        Some(Release {
            date: package.time.get(text).and_then(|time| super::day(time)),
            ..Release::new(Version::parse(text).ok()?, text.as_str())
        })
    };
    Ok(Listing { releases: published.filter_map(release).collect(), lines: Vec::new() })
}

/// The tarballs of a version, in the packages that the records name.
pub(crate) fn offers(net: &Net, upstream: &str, records: &[&Artifact]) -> Result<Vec<Offer>> {
    let names: BTreeSet<&str> =
        records.iter().filter_map(|record| record.extra("registry-package")).collect();
    let mut offers = Vec::new();
    for name in names {
        let Some(published) = package(net, name)?.versions.remove(upstream) else { continue };
        let integrity = published.dist.integrity.as_deref();
        let engine = published.engines.get("node").and_then(serde_json::Value::as_str);
        offers.push(Offer {
            key: Key::Package(name.to_owned()),
            uri: Some(published.dist.tarball),
            checksum: integrity.map(sha512).transpose()?,
            facts: engine.map(|node| ("node", Fact::Text(node.to_owned()))).into_iter().collect(),
        });
    }
    Ok(offers)
}

/// The checksum of `sha512-<base64>`.
fn sha512(integrity: &str) -> Result<Checksum> {
    let text = integrity.split_whitespace().find(|hash| hash.starts_with("sha512-"));
    let digest = text.and_then(|text| text.parse::<Digest>().ok());
    let digest = digest.with_context(|| format!("`{integrity}` has no SHA-512"))?;
    Ok(format!("sha512:{}", digest.hex()).parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sha512_counts() {
        let error = sha512("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=").unwrap_err();
        assert_eq!(error.to_string(), "`sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=` has no SHA-512");
    }
}
