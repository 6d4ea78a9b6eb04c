//! Download sites that have a list of versions and a checksum beside each file.
//!
//! * Maven repositories: `maven-metadata.xml`, maven.apache.org/ref/current/maven-repository-metadata
//! * Gradle: services.gradle.org/versions/all, described at services.gradle.org
//! * Composer: getcomposer.org/versions, as `src/Composer/SelfUpdate/Versions.php` of github.com/composer/composer reads it
//! * Apache: the directory listing of downloads.apache.org, with checksums by www.apache.org/dev/release-distribution

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::super::blocks::Blocks;
use super::super::model::{Listing, Product, Release};
use super::super::net::Net;

fn listing(releases: impl Iterator<Item = Release>) -> Listing {
    Listing { releases: releases.collect(), lines: Vec::new() }
}

/// Beside the newest record's file: `<artifact>/<version>/<file>`.
pub(super) fn maven(net: &Net, product: &Product, catalogue: &Blocks) -> Result<Listing> {
    let record = catalogue.records().rfind(|record| record.id == product.id);
    let uri =
        record.and_then(|record| record.uri.as_deref()).context("no record has an address")?;
    let artifact = uri.rsplitn(3, '/').nth(2).context("an address has a directory")?;
    let metadata = net.text(&format!("{artifact}/maven-metadata.xml"))?;
    let (_, versions) = metadata.split_once("<versions>").context("a list of versions")?;
    let texts = versions.split("<version>").skip(1).filter_map(|it| it.split_once("</version>"));
    Ok(listing(texts.filter_map(|(text, _)| super::plain(text.trim()))))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gradle {
    version: String,
    build_time: String,
    snapshot: bool,
    nightly: bool,
    broken: bool,
    rc_for: Option<String>,
    milestone_for: Option<String>,
    download_url: String,
    checksum: Option<String>,
}

pub(super) fn gradle(net: &Net) -> Result<Listing> {
    let versions: Vec<Gradle> = net.json("https://services.gradle.org/versions/all")?;
    let is_release = |it: &Gradle| {
        let is_final = |before: &Option<String>| before.as_deref().unwrap_or_default().is_empty();
        let is_built = !it.snapshot && !it.nightly && !it.broken;
        is_built && is_final(&it.rc_for) && is_final(&it.milestone_for)
    };
    let release = |it: Gradle| {
        let checksum = it.checksum.map(|hex| format!("sha256:{hex}"));
        let name = it.download_url.rsplit('/').next()?;
        // `20260811120000+0000`
        let day = it.build_time.get(..8)?;
        Some(Release {
            date: format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]).parse().ok(),
            notes: Some(format!("https://docs.gradle.org/{}/release-notes.html", it.version)),
            offers: vec![super::file(name, None, checksum.as_deref())],
            ..super::plain(&it.version)?
        })
    };
    Ok(listing(versions.into_iter().filter(is_release).filter_map(release)))
}

#[derive(Deserialize)]
struct Composer {
    version: String,
}

pub(super) fn composer(net: &Net) -> Result<Listing> {
    let channels: BTreeMap<String, Vec<Composer>> = net.json("https://getcomposer.org/versions")?;
    let stable = channels.get("stable").context("no channel `stable`")?;
    Ok(listing(stable.iter().filter_map(|it| {
        let notes = format!("https://github.com/composer/composer/releases/tag/{}", it.version);
        Some(Release { notes: Some(notes), ..super::plain(&it.version)? })
    })))
}

pub(super) fn tomcat(net: &Net, major: u64) -> Result<Listing> {
    let page = net.text(&format!("https://downloads.apache.org/tomcat/tomcat-{major}/"))?;
    let names = page.split("href=\"v").skip(1).filter_map(|rest| rest.split_once("/\""));
    Ok(listing(names.filter_map(|(text, _)| {
        let notes = format!("https://tomcat.apache.org/tomcat-{major}.0-doc/changelog.html");
        Some(Release { notes: Some(notes), ..super::plain(text)? })
    })))
}
