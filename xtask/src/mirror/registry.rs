//! Artifacts that the public catalogue names by a package URL alone.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::{Sources, maven, npm};
use crate::workspace::Workspace;

/// Fetches what the package URL names, through the client of its registry.
pub(crate) fn fetch(workspace: &Workspace, purl: &str, checksum: &str) -> Result<PathBuf> {
    let sources = Sources::new(workspace);
    let Named { kind, name, version, form } =
        Named::parse(purl).with_context(|| format!("cannot read {purl}"))?;
    let (name, version) = (&name, &version);
    match kind {
        "npm" => npm::Package { name, version, checksum }.fetch(&sources),
        "maven" => {
            maven::Artifact { name: &name.replace('/', ":"), version, form: &form, checksum }
                .fetch(&sources)
        }
        _ => bail!("{purl} is of no registry that is known here"),
    }
}

/// The parts of a package URL.
#[derive(Debug, Eq, PartialEq)]
struct Named<'a> {
    kind: &'a str,
    name: String,
    version: String,
    /// Of a Maven artifact: extension and classifier, `tar.gz:bin`.
    form: String,
}

impl<'a> Named<'a> {
    fn parse(purl: &'a str) -> Option<Self> {
        let (kind, rest) = purl.strip_prefix("pkg:")?.split_once('/')?;
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, version) = rest.rsplit_once('@')?;
        let qualifier = |key: &str| {
            let mut pairs = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(found, value)| (found == key).then_some(value))
        };
        let mut form = qualifier("type").unwrap_or("jar").to_owned();
        if let Some(classifier) = qualifier("classifier") {
            form = format!("{form}:{classifier}");
        }
        Some(Self { kind, name: name.replace("%40", "@"), version: version.to_owned(), form })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_name_what_a_client_asks_for() {
        for (purl, kind, name, version, form) in [
            ("pkg:npm/pnpm@10.34.9", "npm", "pnpm", "10.34.9", "jar"),
            (
                "pkg:npm/%40pnpm/exe.linux-x64@12.21.0",
                "npm",
                "@pnpm/exe.linux-x64",
                "12.21.0",
                "jar",
            ),
            ("pkg:maven/g.h/a@1.0", "maven", "g.h/a", "1.0", "jar"),
            ("pkg:maven/g/a@1.0?classifier=bin&type=tar.gz", "maven", "g/a", "1.0", "tar.gz:bin"),
        ] {
            let (name, version, form) = (name.to_owned(), version.to_owned(), form.to_owned());
            assert_eq!(Named::parse(purl), Some(Named { kind, name, version, form }), "{purl}");
        }
        assert_eq!(Named::parse("https://example.org"), None);
    }
}
