//! A record made from its template: fetched, proved, spelled anew.

use anyhow::{Context as _, Result};
use kouti_catalog::{Artifact, Checksum, Date};
use kouti_fetch::{Unpack, unpack_own};
use sha2::{Digest as _, Sha224};
use toml_edit::{Array, DocumentMut, Item, Value, value};

use super::engine::{Context, like};
use super::model::{Fact, Product, Release};
use super::net::{self, Distrust, Verified};
use super::prove::{self, Claim};
use super::spelling::{Pairs, respell};
use crate::stamp;

/// The one file of Yarn's package that is offered as it is.
const YARN: &str = "bin/yarn.js";

/// The record of a release, and the size of its file.
pub(super) fn fill(
    context: &Context,
    product: &Product,
    release: &Release,
    template: &Artifact,
    mut table: DocumentMut,
    claim: &Claim,
    eol: Option<Date>,
) -> Result<(DocumentMut, u64)> {
    let title = format!("{} {}", template.name, release.version);
    let file = context.net.file(&claim.uri, &claim.checksum)?;
    if table.contains_key("strip-components") && net::is_archive(&claim.uri) {
        let bin = template.extra("bin").filter(|_| template.extra("sha224").is_none());
        net::readable(&title, &file.path, bin)
            .map_err(|error| Distrust(format!("{} is not what it was: {error:#}", claim.uri)))?;
    }

    let mut pairs = prove::pairs(product, release, template);
    let checksum = match template.extra("sha224") {
        Some(_) => yarn(context, template, &mut table, &pairs, &file)?,
        None => like(&template.checksum, &file.sha256, &file.sha512),
    };
    pairs.push((template.checksum.hex.clone(), checksum.hex.clone()));
    if let Some(uri) = template.uri.as_deref().filter(|_| template.extra("sha224").is_none()) {
        pairs.push((uri.to_owned(), claim.uri.clone()));
    }
    if let (Some(old), Some(Fact::Text(new))) = (&template.source, claim.facts.get("source")) {
        pairs.push((old.clone(), new.clone()));
    }
    if let Some((old, new)) = source_checksum(context, template, claim, &pairs, &checksum)? {
        pairs.push((old, new));
    }

    for (key, item) in table.iter_mut() {
        if key.get() != "licenses"
            && let Some(value) = item.as_value_mut()
        {
            respell_value(value, &pairs);
        }
    }
    table["version"] = value(release.version.to_string());
    table["checksum"] = value(checksum.to_string());
    if table.contains_key("upstream-version") {
        table["upstream-version"] = value(release.upstream.as_str());
    }
    match eol {
        Some(eol) if table.contains_key("eol-date") => table["eol-date"] = value(eol.to_string()),
        _ => {
            table.remove("eol-date");
        }
    }
    for (key, fact) in &claim.facts {
        match fact {
            Fact::Count(0) => {
                table.remove(key);
            }
            Fact::Count(_) => table[key] = fact_item(fact),
            _ if table.contains_key(key) => table[key] = fact_item(fact),
            _ => {}
        }
    }
    if !release.bundles.is_empty() {
        table["bundles"] = fact_item(&Fact::List(release.bundles.clone()));
    }
    Ok((table, file.size))
}

fn fact_item(fact: &Fact) -> Item {
    match fact {
        Fact::Text(text) => value(text.as_str()),
        Fact::List(texts) => value(texts.iter().collect::<Array>()),
        Fact::Count(count) => value(i64::from(*count)),
    }
}

/// Old and new digest of the source archive.
fn source_checksum(
    context: &Context,
    template: &Artifact,
    claim: &Claim,
    pairs: &Pairs,
    checksum: &Checksum,
) -> Result<Option<(String, String)>> {
    let (Some(source), Some(old)) = (&template.source, &template.source_checksum) else {
        return Ok(None);
    };
    let new = match claim.facts.get("source-checksum") {
        Some(Fact::Text(known)) => known.clone(),
        _ if template.uri.as_ref() == Some(source) => checksum.to_string(),
        _ => context.net.unproven(&respell(source, pairs))?.to_string(),
    };
    let hex = |text: &str| text.rsplit(':').next().unwrap_or_default().to_owned();
    Ok(Some((hex(old), hex(&new))))
}

fn respell_value(value: &mut Value, pairs: &Pairs) {
    match value {
        Value::String(text) => {
            let spelled = respell(text.value(), pairs);
            let decor = text.decor().clone();
            *value = Value::from(spelled);
            *value.decor_mut() = decor;
        }
        Value::Array(values) => values.iter_mut().for_each(|value| respell_value(value, pairs)),
        _ => {}
    }
}

/// Yarn's package holds the file that its own site offers: both must have the same bytes.
fn yarn(
    context: &Context,
    template: &Artifact,
    table: &mut DocumentMut,
    pairs: &Pairs,
    package: &Verified,
) -> Result<Checksum> {
    let dir = tempfile::tempdir()?;
    let unpack = Unpack::into(dir.path().join("package")).keep(|path| path.ends_with(YARN));
    unpack_own("Yarn", &package.path, &unpack)?;
    let program = dir.path().join("package/package").join(YARN);
    let bytes = fs_err::read(&program).context("the package has another layout than before")?;
    let checksum = net::sha256_of(&bytes);
    let uri = respell(template.uri.as_deref().unwrap_or_default(), pairs);
    context.net.file(&uri, &checksum)?;
    table["sha224"] = value(stamp::hex(&Sha224::digest(&bytes)));
    table["registry-tarball-checksum"] = value(package.sha256.to_string());
    Ok(checksum)
}
