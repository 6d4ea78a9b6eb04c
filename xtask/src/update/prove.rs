//! Whether what a feed offers is what upstream has published, and is still what was recorded.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use kouti_catalog::{Artifact, Checksum};

use super::blocks::Blocks;
use super::choose::Ends;
use super::engine::Context;
use super::model::{Fact, Feed, Key, Offer, Product, Proof, Release};
use super::net::{Distrust, Gone};
use super::{feed, signature, spelling};

/// A file, and why its checksum is believed.
pub(super) struct Claim {
    pub(super) uri: String,
    pub(super) checksum: Checksum,
    pub(super) facts: BTreeMap<&'static str, Fact>,
    /// For people: `signed by …`.
    pub(super) proof: String,
}

/// The claim for each template; `None` where the release has no such file.
pub(super) fn offers(
    context: &Context,
    product: &Product,
    release: &Release,
    templates: &[&Artifact],
) -> Result<Vec<Option<Claim>>> {
    let (offers, proof) = match (&product.proof, &product.feed) {
        (Proof::Beside(ends), _) => {
            let claims = templates.iter().map(|it| beside(context, product, release, it, ends));
            return claims.collect();
        }
        (Proof::SignedList { file, keys }, _) => {
            let template = templates.first().context("the catalogue has a record to go by")?;
            signed_list(context, file, keys, &address(product, release, template))?
        }
        (Proof::Listed, Feed::Npm { .. }) => {
            let offers = feed::packages(&context.net, &release.upstream, templates)?;
            (offers, "checksum of the registry".to_owned())
        }
        (Proof::Listed, _) => (release.offers.clone(), "checksum of the feed".to_owned()),
    };
    let claim = |template: &&Artifact| {
        let uri = address(product, release, template);
        let Some(offer) = offers.iter().find(|offer| offer.key == key(&offer.key, template, &uri))
        else {
            return Ok(None);
        };
        let checksum = offer.checksum.clone().with_context(|| {
            format!("the feed has no checksum for {}", offer.uri.as_ref().unwrap_or(&uri))
        })?;
        let uri = offer.uri.clone().unwrap_or(uri);
        Ok(Some(Claim { uri, checksum, facts: offer.facts.clone(), proof: proof.clone() }))
    };
    templates.iter().map(claim).collect()
}

/// What an offer for this record has as key, of the same kind as `like`.
fn key(like: &Key, record: &Artifact, uri: &str) -> Key {
    match like {
        Key::File(_) => Key::File(uri.rsplit('/').next().unwrap_or_default().replace("%2B", "+")),
        Key::Package(_) => {
            Key::Package(record.extra("registry-package").unwrap_or_default().to_owned())
        }
        Key::Platform { .. } => Key::platform(record),
    }
}

/// Where the file of a release would be, if it is like that of a record.
fn address(product: &Product, release: &Release, record: &Artifact) -> String {
    let pairs = pairs(product, release, record);
    spelling::respell(record.uri.as_deref().unwrap_or_default(), &pairs)
}

/// The spellings of a record's version and of a release's.
pub(super) fn pairs(product: &Product, release: &Release, record: &Artifact) -> spelling::Pairs {
    let upstream = record
        .extra("upstream-version")
        .map_or_else(|| spelling::upstream(&record.version, product.zero), str::to_owned);
    spelling::pairs((&record.version, &upstream), (&release.version, &release.upstream))
}

fn beside(
    context: &Context,
    product: &Product,
    release: &Release,
    template: &Artifact,
    ends: &[&str],
) -> Result<Option<Claim>> {
    let uri = address(product, release, template);
    for end in ends {
        let text = match context.net.text(&format!("{uri}{end}")) {
            Ok(text) => text,
            Err(error) if error.is::<Gone>() => continue,
            Err(error) => return Err(error),
        };
        let checksum =
            checksum_in(end, &text).with_context(|| format!("{uri}{end} is no checksum"))?;
        let proof = format!("checksum in `{end}` beside the file");
        return Ok(Some(Claim { uri, checksum, facts: BTreeMap::new(), proof }));
    }
    Err(Gone(format!("the checksum of {uri}")).into())
}

/// The first word of a checksum file: what follows is the file's name.
fn checksum_in(end: &str, text: &str) -> Option<Checksum> {
    let algorithm = end.trim_start_matches('.').trim_end_matches("sum");
    format!("{algorithm}:{}", text.split_whitespace().next()?).parse().ok()
}

fn signed_list(
    context: &Context,
    file: &str,
    keys: &str,
    uri: &str,
) -> Result<(Vec<Offer>, String)> {
    let (dir, _) = uri.rsplit_once('/').context("an address has a directory")?;
    let list = format!("{dir}/{file}");
    let keys = context.keys.as_deref().unwrap_or(keys);
    let signed = signature::cleartext(&context.net.text(&list)?, keys)
        .map_err(|error| Distrust(format!("{list} is not to be trusted: {error:#}")))?;
    let proof = format!("`{file}` signed by {}", signed.by);
    Ok((listed(&signed.text), proof))
}

/// Lines of `sha256sum`.
fn listed(text: &str) -> Vec<Offer> {
    let line = |line: &str| {
        let (hex, name) = line.split_once("  ")?;
        Some(Offer {
            key: Key::File(name.trim().to_owned()),
            uri: None,
            checksum: Some(format!("sha256:{hex}").parse().ok()?),
            facts: BTreeMap::new(),
        })
    };
    text.lines().filter_map(line).collect()
}

/// Fails if upstream now has other bytes under a name that the catalogue has.
///
/// Where each checksum is a document of its own, the newest release of each living line is looked at.
pub(super) fn unchanged(
    context: &Context,
    product: &Product,
    catalogue: &Blocks,
    releases: &[Release],
    ends: &Ends,
) -> Result<()> {
    let mut newest = BTreeMap::new();
    for record in catalogue.records().filter(|record| record.id == product.id) {
        let release = releases.iter().find(|it| it.version == record.version);
        if let (Proof::Listed, Some(release)) = (&product.proof, release) {
            for offer in &release.offers {
                let uri = record.uri.as_deref().unwrap_or_default();
                if offer.key == key(&offer.key, record, uri)
                    && let Some(checksum) = &offer.checksum
                {
                    same(record, checksum)?;
                }
            }
        }
        let line = product.line(&record.version);
        if ends.get(&line).copied().flatten().is_none_or(|eol| eol > context.today) {
            let known: &mut Vec<&Artifact> = newest.entry(line).or_default();
            if known.first().is_some_and(|known| known.version < record.version) {
                known.clear();
            }
            if known.first().is_none_or(|known| known.version == record.version) {
                known.push(record);
            }
        }
    }
    for record in newest.into_values().flatten() {
        if let Some(checksum) = published(context, product, record)? {
            same(record, &checksum)?;
        }
    }
    Ok(())
}

/// What the checksum file of a record says today. Nobody trusts it, so nobody checks who signed it.
fn published(context: &Context, product: &Product, record: &Artifact) -> Result<Option<Checksum>> {
    let Some(uri) = record.uri.as_deref() else { return Ok(None) };
    let text = |address: &str| match context.net.text(address) {
        Ok(text) => Ok(Some(text)),
        // Some keep the checksums of the newest release alone.
        Err(error) if error.is::<Gone>() => Ok(None),
        Err(error) => Err(error),
    };
    match &product.proof {
        Proof::Listed => Ok(None),
        Proof::SignedList { file, .. } => {
            let (dir, name) = uri.rsplit_once('/').context("an address has a directory")?;
            let offers = text(&format!("{dir}/{file}"))?.map(|text| listed(&text));
            let mut offers = offers.into_iter().flatten();
            let offer = offers.find(|offer| offer.key == Key::File(name.to_owned()));
            Ok(offer.and_then(|offer| offer.checksum))
        }
        Proof::Beside(ends) => {
            let algorithm = record.checksum.algorithm.name();
            let Some(end) = ends.iter().find(|end| end.contains(algorithm)) else {
                return Ok(None);
            };
            Ok(text(&format!("{uri}{end}"))?.and_then(|text| checksum_in(end, &text)))
        }
    }
}

fn same(record: &Artifact, checksum: &Checksum) -> Result<()> {
    if record.checksum.algorithm == checksum.algorithm && record.checksum != *checksum {
        let text = format!(
            "upstream has replaced {}: its checksum was {} and is now {checksum}",
            record.uri.as_deref().or(record.purl.as_deref()).unwrap_or(&record.id),
            record.checksum
        );
        return Err(Distrust(text).into());
    }
    Ok(())
}
