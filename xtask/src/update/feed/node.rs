//! Node.js: `index.json`, described in the README of github.com/nodejs/nodejs-dist-indexer, and `schedule.json` of
//! github.com/nodejs/Release. How downloads are verified is in the README of github.com/nodejs/node.

use std::collections::BTreeMap;

use anyhow::Result;
use kouti_version::Version;
use serde::Deserialize;

use super::super::model::{LineDates, Listing, Release};
use super::super::net::Net;

const INDEX: &str = "https://nodejs.org/dist/index.json";
const SCHEDULE: &str = "https://raw.githubusercontent.com/nodejs/Release/main/schedule.json";

#[derive(Deserialize)]
struct Entry {
    version: String,
    date: String,
    security: bool,
    v8: Option<String>,
    uv: Option<String>,
    zlib: Option<String>,
    openssl: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    start: String,
    lts: Option<String>,
    maintenance: Option<String>,
    end: String,
    codename: Option<String>,
}

pub(super) fn list(net: &Net) -> Result<Listing> {
    let entries: Vec<Entry> = net.json(INDEX)?;
    let releases = entries.into_iter().filter_map(release).collect();
    Ok(Listing { releases, lines: Vec::new() })
}

fn release(entry: Entry) -> Option<Release> {
    let text = entry.version.strip_prefix('v')?;
    let parts =
        [("openssl", entry.openssl), ("uv", entry.uv), ("v8", entry.v8), ("zlib", entry.zlib)];
    Some(Release {
        date: super::day(&entry.date),
        security: entry.security,
        notes: Some(format!("https://nodejs.org/en/blog/release/v{text}")),
        bundles: parts
            .into_iter()
            .filter_map(|(name, version)| Some(format!("{name} {}", number(&version?))))
            .collect(),
        ..Release::new(Version::parse(text).ok()?, text)
    })
}

/// Without what Node.js has done to it: `3.0.15+quic`, `1.3.1-e00f703`, `13.6.233.17-node.37`.
fn number(version: &str) -> &str {
    version.split(['+', '-']).next().unwrap_or(version)
}

pub(super) fn schedule(net: &Net) -> Result<Vec<LineDates>> {
    let lines: BTreeMap<String, Line> = net.json(SCHEDULE)?;
    let dates = |(name, line): (String, Line)| LineDates {
        line: name.trim_start_matches('v').to_owned(),
        others: [
            ("codename", line.codename.map(|name| name.to_lowercase())),
            ("start", Some(line.start)),
            ("lts", line.lts),
            ("maintenance", line.maintenance),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect(),
        eol: super::day(&line.end),
    };
    Ok(lines.into_iter().map(dates).collect())
}
