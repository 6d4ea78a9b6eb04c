//! `cargo xtask docs --external`: whether the addresses of other sites answer.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use kouti_fetch::Fetcher;
use url::Url;

use super::{book, links};
use crate::upstream;
use crate::workspace::Workspace;

/// Everything of ours.
const OURS: &str = "https://github.com/kouti/";

/// Fails if one of them does not.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let fetcher = Fetcher::new(upstream::network(workspace)?);
    let mut dead = Vec::new();
    for address in addresses(&workspace.root)? {
        if let Err(error) = fetcher.document(&address, &Url::parse(&address)?) {
            dead.push(format!("  {address}: {error}"));
        }
    }
    if !dead.is_empty() {
        bail!("these do not answer:\n{}", dead.join("\n"));
    }
    Ok(())
}

/// All addresses of other sites on the pages, but for ours and for examples.
fn addresses(root: &Path) -> Result<BTreeSet<String>> {
    let mut addresses = BTreeSet::new();
    for page in book::pages(root)?.keys() {
        let text = fs_err::read_to_string(root.join(page))?;
        for range in links::targets(&text) {
            let address = text[range].split('#').next().unwrap_or_default();
            let is_other = address.starts_with("https://") && !address.starts_with(OURS);
            if is_other && !address.contains("example") {
                addresses.insert(address.to_owned());
            }
        }
    }
    Ok(addresses)
}
