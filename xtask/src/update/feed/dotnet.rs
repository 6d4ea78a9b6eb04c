//! .NET: `releases-index.json` and the `releases.json` of each channel, described by
//! release-notes/README.md of github.com/dotnet/core.

use std::collections::BTreeSet;

use anyhow::Result;
use kouti_version::Version;
use serde::Deserialize;

use super::super::model::{Fact, Key, LineDates, Listing, Offer, Release};
use super::super::net::Net;

const INDEX: &str =
    "https://builds.dotnet.microsoft.com/dotnet/release-metadata/releases-index.json";

#[derive(Deserialize)]
struct Index {
    #[serde(rename = "releases-index")]
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Channel {
    #[serde(rename = "channel-version")]
    version: String,
    release_type: Option<String>,
    eol_date: Option<String>,
    #[serde(rename = "releases.json")]
    releases: String,
}

#[derive(Deserialize)]
struct Releases {
    releases: Vec<Announced>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Announced {
    release_version: String,
    release_date: String,
    #[serde(default)]
    security: bool,
    cve_list: Option<Vec<Cve>>,
    release_notes: Option<String>,
    runtime: Option<Component>,
    sdk: Option<Component>,
    sdks: Option<Vec<Component>>,
    aspnetcore_runtime: Option<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Cve {
    cve_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    version: String,
    runtime_version: Option<String>,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    rid: Option<String>,
    url: String,
    hash: String,
}

/// `component` as its files are called: `dotnet-sdk`, `dotnet-runtime`, `aspnetcore-runtime`.
pub(super) fn list(
    net: &Net,
    component: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Listing> {
    let index: Index = net.json(INDEX)?;
    let mut listing = Listing::default();
    for channel in index.channels.iter().filter(|it| is_wanted(&it.version)) {
        let announced: Releases = net.json(&channel.releases)?;
        listing.lines.push(dates(channel, &announced));
        listing.releases.extend(announced.releases.iter().flat_map(|it| releases(it, component)));
    }
    Ok(listing)
}

fn dates(channel: &Channel, announced: &Releases) -> LineDates {
    let first = format!("{}.0", channel.version);
    let first = announced.releases.iter().find(|it| it.release_version == first);
    let is_lts = channel.release_type.as_deref() == Some("lts");
    let lts = first.filter(|_| is_lts).map(|first| ("lts", first.release_date.clone()));
    LineDates {
        line: channel.version.clone(),
        others: lts.into_iter().collect(),
        eol: channel.eol_date.as_deref().and_then(super::day),
    }
}

fn releases(announced: &Announced, component: &str) -> Vec<Release> {
    let components: Vec<&Component> = match component {
        "dotnet-sdk" => match &announced.sdks {
            Some(all) => all.iter().collect(),
            None => announced.sdk.iter().collect(),
        },
        "dotnet-runtime" => announced.runtime.iter().collect(),
        _ => announced.aspnetcore_runtime.iter().collect(),
    };
    let cves: BTreeSet<&str> =
        announced.cve_list.iter().flatten().map(|cve| cve.cve_id.as_str()).collect();
    let count = u32::try_from(cves.len()).unwrap_or(u32::MAX);
    let release = |it: &&Component| {
        Some(Release {
            date: super::day(&announced.release_date),
            security: announced.security,
            cves: announced.cve_list.iter().flatten().map(|cve| cve.cve_id.clone()).collect(),
            notes: announced.release_notes.clone(),
            offers: it.files.iter().filter_map(|file| offer(it, file, component, count)).collect(),
            ..Release::new(Version::parse(&it.version).ok()?, it.version.as_str())
        })
    };
    components.iter().filter_map(release).collect()
}

fn offer(of: &Component, file: &File, component: &str, cves: u32) -> Option<Offer> {
    let arch = match file.rid.as_deref()? {
        "linux-x64" => "amd64",
        "linux-arm64" => "arm64",
        _ => return None,
    };
    // There are others of the same platform, such as `aspnetcore-runtime-composite-…`.
    let rid = file.rid.as_deref()?;
    let is_it = file.name == format!("{component}-{rid}.tar.gz");
    let cpe = |version: &str| format!("cpe:2.3:a:microsoft:.net:{version}:*:*:*:*:*:*:*");
    // An SDK is affected by what is found in the runtime within.
    let both = of.runtime_version.as_deref().filter(|_| !of.version.contains('-'));
    let names = both.map(|within| Fact::List(vec![cpe(&of.version), cpe(within)]));
    is_it.then(|| Offer {
        key: Key::Platform { arch: Some(arch.to_owned()), distro: None },
        uri: Some(file.url.clone()),
        checksum: format!("sha512:{}", file.hash).parse().ok(),
        facts: names
            .map(|names| ("cpes", names))
            .into_iter()
            .chain([("cves", Fact::Count(cves))])
            .collect(),
    })
}
