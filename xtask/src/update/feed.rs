//! What upstreams announce. One file for each kind of feed, with where its format is described.

mod azul;
mod dotnet;
mod eol;
mod github;
mod node;
mod npm;
mod paketo;
mod sites;

use std::collections::BTreeMap;

use anyhow::Result;
use kouti_catalog::Date;
use kouti_version::Version;

use super::blocks::Blocks;
use super::model::{Eol, Feed, Key, LineDates, Listing, Offer, Product, Release};
use super::net::{Gone, Net};

pub(super) use npm::offers as packages;

/// The releases of a product, and the days of its lines where the feed has them.
pub(super) fn list(net: &Net, product: &Product, catalogue: &Blocks) -> Result<Listing> {
    match product.feed {
        Feed::Lines => Ok(Listing::default()),
        Feed::Node => node::list(net),
        Feed::Npm { package } => npm::list(net, package),
        Feed::GitHub { repository } if repository.contains("{line}") => {
            each_line(product, catalogue, |line| {
                github::list(net, &repository.replace("{line}", &line.to_string()))
            })
        }
        Feed::GitHub { repository } => github::list(net, repository),
        Feed::Dotnet { component } => dotnet::list(net, component, |line| {
            each_known(product, catalogue).any(|known| known == line)
                || each_known(product, catalogue).all(|known| number(&known) < number(line))
        }),
        Feed::Azul { package } => azul::list(net, package),
        Feed::Maven => sites::maven(net, product, catalogue),
        Feed::Gradle => sites::gradle(net),
        Feed::Composer => sites::composer(net),
        Feed::Tomcat => each_line(product, catalogue, |line| sites::tomcat(net, line)),
        Feed::Paketo { buildpack } => paketo::list(net, buildpack, product.id),
    }
}

/// The days of the lines of a product.
pub(super) fn lines(
    net: &Net,
    product: &Product,
    of_feed: Vec<LineDates>,
) -> Result<Vec<LineDates>> {
    match product.eol {
        Eol::Manual => Ok(Vec::new()),
        Eol::Feed => Ok(of_feed),
        Eol::NodeSchedule => node::schedule(net),
        Eol::DataSet(name) => eol::list(net, name),
    }
}

/// Lists by major version: those of the catalogue, and the one after them if it is there.
fn each_line(
    product: &Product,
    catalogue: &Blocks,
    list: impl Fn(u64) -> Result<Listing>,
) -> Result<Listing> {
    let of_product = catalogue.records().filter(|record| record.id == product.id);
    let mut majors: Vec<u64> = of_product.map(|record| record.version.major()).collect();
    majors.sort_unstable();
    majors.dedup();
    let mut all = Listing::default();
    for major in &majors {
        all.releases.extend(list(*major)?.releases);
    }
    let Some(newest) = majors.last() else { return Ok(all) };
    match list(newest + 1) {
        Ok(next) => all.releases.extend(next.releases),
        Err(error) if error.is::<Gone>() => {}
        Err(error) => return Err(error),
    }
    Ok(all)
}

fn each_known<'a>(
    product: &'a Product,
    catalogue: &'a Blocks,
) -> impl Iterator<Item = String> + 'a {
    let of_product = catalogue.records().filter(|record| record.id == product.id);
    of_product.map(|record| product.line(&record.version))
}

fn number(line: &str) -> Option<Version> {
    Version::parse(line).ok()
}

/// A file that is told by its name.
fn file(name: &str, uri: Option<&str>, checksum: Option<&str>) -> Offer {
    Offer {
        key: Key::File(name.to_owned()),
        uri: uri.map(str::to_owned),
        checksum: checksum.and_then(|text| text.parse().ok()),
        facts: BTreeMap::new(),
    }
}

/// The day of a time such as `2026-08-11T00:00:00Z`.
fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// A release whose version is the vendor's own text; `None` if that is none.
fn plain(text: &str) -> Option<Release> {
    let version = Version::parse(text).ok()?;
    // What is shown has three numbers.
    let full = if text.matches('.').count() == 1 && !version.is_prerelease() {
        Version::parse(&format!("{text}.0")).ok()?
    } else {
        version
    };
    Some(Release::new(full, text))
}
