//! `docs/versions.md`: every version that the catalogues offer, by line, with the end of its support; and the same as a picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use kouti_catalog::{Artifact, Catalog};
use kouti_version::Version;

use super::svg::{Picture, escaped};

const HEAD: &str = "# Versions

<!-- written by `cargo xtask docs` from the catalogues -->

What the buildpacks can install, and how long upstream supports it. A build warns from 90 days before the end; `BP_EOL_POLICY` makes that an error, or silence.
Runtimes of the local profile are those that its package registries have.

![Ends of support, by year: the tables below have the same dates](calendar.svg)
";

/// One line of releases of one product.
struct Line<'a> {
    versions: BTreeSet<&'a Version>,
    arches: BTreeSet<&'a str>,
    end: Option<Date>,
}

/// A product, and its lines by their names.
struct Product<'a> {
    name: &'a str,
    default: Option<&'a str>,
    lines: Vec<(String, Line<'a>)>,
}

/// The page and the picture.
pub(super) fn documents(root: &Path) -> Result<[(PathBuf, String); 2]> {
    let mut page = HEAD.to_owned();
    let mut bars = Vec::new();
    for (owner, path) in catalogues(root)? {
        let text = fs_err::read_to_string(&path)?;
        let catalog: Catalog =
            toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
        let products = products(&catalog);
        let _ = write!(page, "\n## {owner}\n\n{}", table(&products));
        bars.extend(ends(&products));
    }
    let docs = root.join("docs");
    Ok([(docs.join("versions.md"), page), (docs.join("calendar.svg"), calendar(&bars))])
}

/// Every catalogue with its title on the page.
pub(crate) fn catalogues(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(root.join("buildpacks"))? {
        let dir = entry?.path();
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push((format!("`kouti/{name}`"), dir.join("catalog.toml")));
    }
    let node = "`kouti/nodejs`, `kouti/node-engine`".to_owned();
    found.push((node, root.join("shared/node/catalog.toml")));
    found.retain(|(_, path)| path.is_file());
    found.sort();
    Ok(found)
}

fn products(catalog: &Catalog) -> Vec<Product<'_>> {
    let mut artifacts = BTreeMap::<&str, Vec<&Artifact>>::new();
    for artifact in &catalog.artifacts {
        artifacts.entry(&artifact.id).or_default().push(artifact);
    }
    artifacts.into_iter().map(|(id, artifacts)| product(catalog, id, &artifacts)).collect()
}

fn product<'a>(catalog: &'a Catalog, id: &'a str, artifacts: &[&'a Artifact]) -> Product<'a> {
    let names = catalog.lines.iter().filter(|line| line.id == id).map(|line| &*line.line);
    let names: Vec<&str> = names.collect();
    let mut lines = BTreeMap::<(Option<Date>, String), Line<'_>>::new();
    for artifact in artifacts {
        let version = artifact.version.to_string();
        let name = names.iter().find(|name| is_of(&version, name)).map_or_else(
            || version.split('.').next().unwrap_or_default().to_owned(),
            |name| (*name).to_owned(),
        );
        let end = artifact.eol_date;
        let line = lines.entry((end, name)).or_insert_with(|| Line {
            versions: BTreeSet::new(),
            arches: BTreeSet::new(),
            end,
        });
        line.versions.insert(&artifact.version);
        line.arches.insert(artifact.arch.as_deref().unwrap_or("any"));
    }
    let mut lines: Vec<_> = lines.into_iter().map(|((_, name), line)| (name, line)).collect();
    lines.sort_by(|(_, a), (_, b)| a.versions.first().cmp(&b.versions.first()));
    let name = artifacts.last().map_or(id, |artifact| artifact.name.as_str());
    let default = catalog.default_versions.get(id).map(String::as_str);
    Product { name, default, lines }
}

/// Whether a version is of the line.
fn is_of(version: &str, line: &str) -> bool {
    let rest = version.strip_prefix(line);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

fn table(products: &[Product<'_>]) -> String {
    let mut text =
        "| Product | Line | Newest | Offered | Architectures | Support ends |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for Product { name, default, lines } in products {
        for (number, (line, Line { versions, arches, end })) in lines.iter().enumerate() {
            let product = match (number, default) {
                (0, Some(default)) => format!("{name} (default `{default}`)"),
                (0, None) => (*name).to_owned(),
                _ => String::new(),
            };
            let newest = versions.last().map(ToString::to_string).unwrap_or_default();
            let arches = arches.iter().copied().collect::<Vec<_>>().join(", ");
            let end = end.map_or_else(|| "not announced".to_owned(), |end| end.to_string());
            let offered = versions.len();
            let _ =
                writeln!(text, "| {product} | {line} | {newest} | {offered} | {arches} | {end} |");
        }
    }
    text
}

/// What the picture shows: lines whose end is known, by the name of product and line.
fn ends(products: &[Product<'_>]) -> Vec<(String, Date)> {
    let mut ends = Vec::new();
    for Product { name, lines, .. } in products {
        for (line, Line { end, .. }) in lines {
            // A JRE has the end of its JDK; one bar is enough.
            let (Some(end), false) = (end, name.ends_with("JRE")) else { continue };
            ends.push((format!("{name} {line}"), *end));
        }
    }
    ends
}

/// A bar for each line, from the left edge to the day its support ends.
fn calendar(ends: &[(String, Date)]) -> String {
    const LEFT: f64 = 270.0;
    const ROW: f64 = 22.0;
    const YEAR: f64 = 50.0;
    let first = ends.iter().map(|(_, end)| end.year()).min().unwrap_or(2000);
    let last = ends.iter().map(|(_, end)| end.year()).max().unwrap_or(2000) + 1;
    let x = |year: f64| LEFT + (year - f64::from(first)) * YEAR;
    let height = 30.0 + ROW * f64::from(u32::try_from(ends.len()).unwrap_or_default());
    let mut picture = Picture::new(
        x(f64::from(last)) + 100.0,
        height + 10.0,
        "When upstream support ends",
        "One row for each line of releases: a bar up to the end of its support, with the date beside it.",
    );
    for year in first..=last {
        let at = x(f64::from(year));
        picture.line((at, 24.0), (at, height));
        picture.text(at, 16.0, "middle", &year.to_string());
    }
    let mut y = 30.0;
    for (name, end) in ends {
        let day = f64::from(end.year()) + f64::from(end.day_of_year() - 1) / 366.0;
        picture.text(LEFT - 8.0, y + 12.0, "end", &escaped(name));
        picture.bar((LEFT, y + 2.0), (x(day) - LEFT, ROW - 8.0), false);
        picture.text(x(day) + 6.0, y + 12.0, "start", &end.to_string());
        y += ROW;
    }
    picture.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = r#"
        [default-versions]
        thing = "2.*"

        [[lines]]
        id = "thing"
        line = "1.1"
        eol = "2026-04-30"

        [[dependencies]]
        id = "thing"
        name = "Thing"
        version = "1.1.9"
        arch = "amd64"
        checksum = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
        eol-date = "2026-04-30"

        [[dependencies]]
        id = "thing"
        name = "Thing"
        version = "1.1.10"
        arch = "arm64"
        checksum = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
        eol-date = "2026-04-30"

        [[dependencies]]
        id = "thing"
        name = "Thing"
        version = "2.3.0"
        checksum = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
    "#;

    #[test]
    fn versions_are_grouped_by_line_and_the_newest_is_by_number() {
        let catalog: Catalog = toml::from_str(CATALOG).unwrap();
        insta::assert_snapshot!(table(&products(&catalog)), @"
        | Product | Line | Newest | Offered | Architectures | Support ends |
        |---|---|---|---|---|---|
        | Thing (default `2.*`) | 1.1 | 1.1.10 | 2 | amd64, arm64 | 2026-04-30 |
        |  | 2 | 2.3.0 | 1 | any | not announced |
        ");
    }

    #[test]
    fn the_picture_says_every_date_in_words() {
        let catalog: Catalog = toml::from_str(CATALOG).unwrap();
        let picture = calendar(&ends(&products(&catalog)));
        assert!(picture.contains(">Thing 1.1</text>"), "{picture}");
        assert!(picture.contains(">2026-04-30</text>"), "{picture}");
    }
}
