//! Records of the public catalogues, which those of the same version here replace.

use std::path::Path;

use anyhow::{Context as _, Result};

/// The record of `id` in the file `catalog`, without what describes its bytes.
pub(super) fn record(catalog: &Path, id: &str, version: &str) -> Result<toml::Table> {
    let catalog: toml::Table = toml::from_str(&fs_err::read_to_string(catalog)?)?;
    let is = |record: &toml::Table, key: &str, value: &str| {
        record.get(key).and_then(|v| v.as_str()) == Some(value)
    };
    let records = catalog.get("dependencies").and_then(|all| all.as_array()).into_iter().flatten();
    let mut record = records
        .filter_map(|record| record.as_table())
        .find(|record| {
            is(record, "id", id) && is(record, "version", version) && !is(record, "arch", "arm64")
        })
        .with_context(|| {
            format!("the public catalogue has no {id} {version}, pinned in local-profile.toml")
        })?
        .clone();
    for key in ["uri", "alternates", "checksum", "registry-package", "registry-tarball-checksum"] {
        record.remove(key);
    }
    // Its qualifiers name the address and checksum of the public file.
    if let Some(toml::Value::String(purl)) = record.get_mut("purl") {
        purl.truncate(purl.find('?').unwrap_or(purl.len()));
    }
    Ok(record)
}
