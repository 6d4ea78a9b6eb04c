//! Azul Zulu: the metadata service, described at docs.azul.com/core/metadata-api. File names hold all that is needed.

use std::collections::BTreeMap;

use anyhow::Result;
use kouti_version::Version;
use serde::Deserialize;

use super::super::model::{Listing, Release};
use super::super::net::Net;

const PACKAGES: &str = "https://api.azul.com/metadata/v1/zulu/packages/?os=linux-glibc\
    &archive_type=tar.gz&javafx_bundled=false&crac_supported=false&release_status=ga\
    &availability_types=CA&latest=true&include_fields=sha256_hash&page_size=1000\
    &java_package_type=";

#[derive(Deserialize)]
struct Package {
    name: String,
    download_url: String,
    sha256_hash: Option<String>,
}

/// `kind` is `jdk` or `jre`.
pub(super) fn list(net: &Net, kind: &str) -> Result<Listing> {
    let packages: Vec<Package> = net.json(&format!("{PACKAGES}{kind}"))?;
    let mut releases: BTreeMap<String, Release> = BTreeMap::new();
    for package in packages {
        let Some((upstream, rest)) = package.name.split_once(&format!("-ca-{kind}")) else {
            continue;
        };
        let Some((version, _)) = rest.split_once("-linux_") else { continue };
        let Ok(version) = Version::parse(version) else { continue };
        let checksum = package.sha256_hash.map(|hex| format!("sha256:{hex}"));
        let offer = super::file(&package.name, Some(&package.download_url), checksum.as_deref());
        let release = releases.entry(upstream.to_owned());
        release.or_insert_with(|| Release::new(version, upstream)).offers.push(offer);
    }
    Ok(Listing { releases: releases.into_values().collect(), lines: Vec::new() })
}
