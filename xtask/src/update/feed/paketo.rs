//! What Paketo compiles: `[[metadata.dependencies]]` of a `buildpack.toml`, described by the READMEs of
//! github.com/paketo-buildpacks/packit (`postal`) and of the buildpacks themselves.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use kouti_version::Version;
use serde::Deserialize;

use super::super::model::{Fact, Key, Listing, Offer, Release};
use super::super::net::Net;

#[derive(Deserialize)]
struct Buildpack {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Dependency {
    id: String,
    version: String,
    uri: String,
    checksum: String,
    #[serde(default)]
    arch: Option<String>,
    #[serde(default)]
    distros: Vec<Distro>,
    #[serde(default)]
    stacks: Vec<String>,
    source: Option<String>,
    source_checksum: Option<String>,
}

#[derive(Deserialize)]
struct Distro {
    name: String,
    version: String,
}

/// `id` is the same in both catalogues.
pub(super) fn list(net: &Net, buildpack: &str, id: &str) -> Result<Listing> {
    let uri = format!(
        "https://raw.githubusercontent.com/paketo-buildpacks/{buildpack}/main/buildpack.toml"
    );
    let buildpack: Buildpack = toml::from_str(&net.text(&uri)?)
        .with_context(|| format!("{uri} has another format than before"))?;
    let mut releases: BTreeMap<String, Release> = BTreeMap::new();
    for it in buildpack.metadata.dependencies.iter().filter(|it| it.id == id) {
        let Ok(version) = Version::parse(&it.version) else { continue };
        let release = releases.entry(it.version.clone());
        let release = release.or_insert_with(|| Release::new(version, it.version.as_str()));
        release.offers.extend(offers(it));
    }
    Ok(Listing { releases: releases.into_values().collect(), lines: Vec::new() })
}

/// One for each distribution.
fn offers(it: &Dependency) -> Vec<Offer> {
    let mut distros: Vec<Option<String>> =
        it.distros.iter().map(|it| Some(format!("{} {}", it.name, it.version))).collect();
    if distros.is_empty() {
        distros = it.stacks.iter().filter_map(|stack| Some(Some(of_stack(stack)?))).collect();
    }
    if distros.is_empty() {
        distros.push(None);
    }
    let facts = [("source", &it.source), ("source-checksum", &it.source_checksum)];
    let facts = || {
        let known = facts.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?)));
        known.map(|(key, value)| (key, Fact::Text(value.clone()))).collect()
    };
    let offer = |distro| Offer {
        key: Key::Platform { arch: it.arch.clone().or_else(|| Some("amd64".to_owned())), distro },
        uri: Some(it.uri.clone()),
        checksum: it.checksum.parse().ok(),
        facts: facts(),
    };
    distros.into_iter().map(offer).collect()
}

/// `*` was every stack, which is no distribution of ours.
fn of_stack(stack: &str) -> Option<String> {
    let version = match stack.rsplit_once('.')?.1 {
        "jammy" => "22.04",
        "noble" => "24.04",
        "resolute" => "26.04",
        _ => return None,
    };
    Some(format!("ubuntu {version}"))
}
