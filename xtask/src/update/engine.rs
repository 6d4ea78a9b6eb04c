//! The way of every product: list, choose, prove, write.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};
use kouti_catalog::{Artifact, Checksum, Date};
use kouti_version::Version;

use crate::audit::Advisories;

use super::blocks::Blocks;
use super::choose::{Ends, choose};
use super::model::{Family, LineDates, Problem, Product, Release};
use super::net::{Distrust, Gone, Net};
use super::{feed, prove, record};

/// What all products of a run share.
pub(super) struct Context {
    pub(super) net: Net,
    pub(super) today: Date,
    pub(super) advisories: Advisories,
    /// Instead of the pinned keys, for a recorded feed.
    pub(super) keys: Option<String>,
}

/// What became of a product.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) changes: Vec<Change>,
    pub(super) lines: Vec<LineChange>,
    /// Records that now say what is compiled into them.
    pub(super) completed: usize,
    /// Releases that wait for a missing platform.
    pub(super) held: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl Outcome {
    pub(super) fn append(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.lines.extend(other.lines);
        self.completed += other.completed;
        self.held.extend(other.held);
        self.problems.extend(other.problems);
    }
}

/// A release that was added.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) line: String,
    /// The newest one before.
    pub(super) before: Option<Version>,
    pub(super) release: Release,
    pub(super) files: Vec<Added>,
    /// How it was proved.
    pub(super) proof: String,
    /// Platforms of the line that it does not have.
    pub(super) missing: Vec<String>,
    /// What it pushed out.
    pub(super) dropped: Vec<Version>,
}

impl Change {
    /// Adds what is known of the release before this one and not of this one any more.
    pub(super) fn fixes(&mut self, catalogue: &Blocks, advisories: &Advisories) {
        let Some(now) = self.files.first().map(|file| &file.artifact) else { return };
        let is_before =
            |it: &&Artifact| it.id == now.id && Some(&it.version) == self.before.as_ref();
        let Some(before) = catalogue.records().find(is_before) else { return };
        let left = advisories.names(now);
        self.release.cves.extend(advisories.names(before).difference(&left).cloned());
    }
}

/// A record that was added.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) artifact: Artifact,
    pub(super) size: u64,
}

/// A day of a line that has changed, or a line that is new.
#[derive(Debug)]
pub(super) struct LineChange {
    pub(super) name: String,
    pub(super) line: String,
    pub(super) before: Option<Date>,
    pub(super) after: Option<Date>,
    pub(super) is_new: bool,
}

/// Updates the records of a product, or leaves all of them alone and says why.
pub(super) fn update(
    context: &Context,
    family: &Family,
    product: &Product,
    catalogue: &mut Blocks,
) -> Outcome {
    let mut draft = catalogue.clone();
    match attempt(context, family, product, &mut draft) {
        Ok(outcome) => {
            *catalogue = draft;
            outcome
        }
        Err(error) => {
            let title = catalogue
                .records()
                .rfind(|record| record.id == product.id)
                .map_or_else(|| product.id.to_owned(), |record| record.name.clone());
            Outcome { problems: vec![problem(title, &error)], ..Outcome::default() }
        }
    }
}

fn problem(title: String, error: &Error) -> Problem {
    let todo = if error.is::<Distrust>() {
        "find out from upstream what has happened; until then leave these records as they are"
    } else if error.is::<Gone>() {
        "wait for upstream; if it stays so, look where the file has gone"
    } else {
        "look whether upstream has moved or has changed a format, then run the update again"
    };
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    Problem { title, what: causes.join(": "), todo }
}

fn attempt(
    context: &Context,
    family: &Family,
    product: &Product,
    catalogue: &mut Blocks,
) -> Result<Outcome> {
    let listing = feed::list(&context.net, product, catalogue)?;
    let mut outcome = Outcome::default();
    let lines = feed::lines(&context.net, product, listing.lines).unwrap_or_else(|error| {
        outcome.problems.push(problem(format!("end of support of {}", product.id), &error));
        Vec::new()
    });
    let ends = ends(product, catalogue, &lines);
    prove::unchanged(context, product, catalogue, &listing.releases, &ends)?;

    let offered = versions(product, catalogue);
    let chosen = choose(product, &offered, &listing.releases, &ends, context.today);
    for release in chosen.add {
        match prepare(context, product, catalogue, &release, &ends) {
            Ok(Prepared::Ready(change)) => outcome.changes.push(*change),
            Ok(Prepared::Held(text)) => outcome.held.push(text),
            // Others of the same feed may be as they should be.
            Err(error) if error.is::<Gone>() => {
                outcome.problems.push(problem(title(product, catalogue, &release), &error));
            }
            Err(error) => return Err(error.context(title(product, catalogue, &release))),
        }
    }

    let ready: Vec<_> = outcome.changes.iter().map(|change| change.release.clone()).collect();
    let dropped = choose(product, &offered, &ready, &ends, context.today).drop;
    // What upstream did not publish for a platform pushes nothing out there.
    let added: BTreeSet<String> = outcome
        .changes
        .iter()
        .flat_map(|change| &change.files)
        .map(|file| {
            format!("{} {}", product.line(&file.artifact.version), platform(&file.artifact))
        })
        .collect();
    catalogue.remove(|it| {
        it.id == product.id
            && dropped.contains(&it.version)
            && added.contains(&format!("{} {}", product.line(&it.version), platform(it)))
    });
    let left = versions(product, catalogue);
    for change in &mut outcome.changes {
        let of_line = dropped.iter().filter(|it| product.line(it) == change.line);
        change.dropped = of_line.filter(|it| !left.contains(*it)).cloned().collect();
    }
    for release in listing.releases.iter().filter(|release| !release.bundles.is_empty()) {
        outcome.completed +=
            catalogue.set_bundles(product.id, &release.version, &release.bundles)?;
    }
    let known = |line: &String| lines.iter().any(|dates| dates.line == *line);
    let opened = outcome.changes.iter().map(|change| &change.line).filter(|line| !known(line));
    let opened = opened.map(|line| LineDates { line: line.clone(), ..LineDates::default() });
    let lines: Vec<_> = lines.iter().cloned().chain(opened).collect();
    outcome.lines = lines_changed(family, product, catalogue, &lines)?;
    Ok(outcome)
}

enum Prepared {
    Ready(Box<Change>),
    Held(String),
}

/// Proves a release and writes its records.
fn prepare(
    context: &Context,
    product: &Product,
    catalogue: &mut Blocks,
    release: &Release,
    ends: &Ends,
) -> Result<Prepared> {
    let templates = templates(product, catalogue, &release.version);
    let of_templates: Vec<&Artifact> = templates.iter().collect();
    let proved = prove::offers(context, product, release, &of_templates)?;
    let missing: Vec<_> = proved
        .iter()
        .zip(&templates)
        .filter(|(claim, _)| claim.is_none())
        .map(|(_, template)| platform(template))
        .collect();
    let name = templates.first().map_or(product.id, |it| it.name.as_str()).to_owned();
    let is_fresh = release.date.is_none_or(|day| (context.today - day).get_days() <= 2);
    if missing.len() == templates.len() || (!missing.is_empty() && is_fresh) {
        let text = format!("{name} {}: no file for {}", release.version, missing.join(", "));
        return Ok(Prepared::Held(text));
    }

    let line = product.line(&release.version);
    let eol = ends.get(&line).copied().flatten();
    let (mut files, mut tables) = (Vec::new(), Vec::new());
    let mut proof = String::new();
    for (claim, template) in proved.into_iter().zip(&templates) {
        let Some(claim) = claim else { continue };
        let table = catalogue.table(template)?;
        let (table, size) = record::fill(context, product, release, template, table, &claim, eol)?;
        files.push(Added { artifact: toml::from_str(&table.to_string())?, size });
        tables.push(table);
        proof = claim.proof;
    }
    let before =
        versions(product, catalogue).into_iter().rfind(|version| product.line(version) == line);
    for table in &tables {
        catalogue.insert(table)?;
    }
    let release = release.clone();
    let dropped = Vec::new();
    Ok(Prepared::Ready(Box::new(Change {
        name,
        line,
        before,
        release,
        files,
        proof,
        missing,
        dropped,
    })))
}

/// The newest record of each platform in the line of a version, else in the newest line before.
fn templates(product: &Product, catalogue: &Blocks, version: &Version) -> Vec<Artifact> {
    let of_product = || catalogue.records().filter(|record| record.id == product.id);
    let line = product.line(version);
    let line = if of_product().any(|it| product.line(&it.version) == line) {
        line
    } else {
        let newest = of_product().map(|it| &it.version).max();
        newest.map(|newest| product.line(newest)).unwrap_or_default()
    };
    let mut newest: BTreeMap<String, &Artifact> = BTreeMap::new();
    for record in of_product().filter(|it| product.line(&it.version) == line) {
        let known = newest.entry(platform(record)).or_insert(record);
        if known.version < record.version {
            *known = record;
        }
    }
    newest.into_values().cloned().collect()
}

/// `linux/arm64 ubuntu 24.04`.
pub(super) fn platform(artifact: &Artifact) -> String {
    let mut text = match (&artifact.os, &artifact.arch) {
        (Some(os), Some(arch)) => format!("{os}/{arch}"),
        _ => "every platform".to_owned(),
    };
    for distro in &artifact.distros {
        text = format!("{text} {} {}", distro.name, distro.version);
    }
    text
}

fn versions(product: &Product, catalogue: &Blocks) -> BTreeSet<Version> {
    let of_product = catalogue.records().filter(|record| record.id == product.id);
    of_product.map(|record| record.version.clone()).collect()
}

fn title(product: &Product, catalogue: &Blocks, release: &Release) -> String {
    let record = catalogue.records().rfind(|record| record.id == product.id);
    format!("{} {}", record.map_or(product.id, |record| &record.name), release.version)
}

/// What is known of each line: what upstream says now, else what the catalogue has.
fn ends(product: &Product, catalogue: &Blocks, lines: &[LineDates]) -> Ends {
    let mut ends = Ends::new();
    for version in versions(product, catalogue) {
        let line = product.line(&version);
        let eol = catalogue.eol(product.lines_id(), &line);
        ends.insert(line, eol);
    }
    ends.extend(lines.iter().filter(|it| it.eol.is_some()).map(|it| (it.line.clone(), it.eol)));
    ends
}

fn lines_changed(
    family: &Family,
    product: &Product,
    catalogue: &mut Blocks,
    lines: &[LineDates],
) -> Result<Vec<LineChange>> {
    let mut changes = Vec::new();
    // One product keeps the lines for all that share them.
    if product.lines_id() != product.id {
        return Ok(changes);
    }
    let sharing: Vec<_> = family.products.iter().filter(|it| it.lines_id() == product.id).collect();
    for dates in lines {
        let of_line = |record: &Artifact| {
            sharing.iter().any(|it| it.id == record.id && it.line(&record.version) == dates.line)
        };
        let before = catalogue.eol(product.id, &dates.line);
        let is_known = catalogue.has_line(product.id, &dates.line);
        let record = catalogue.records().find(|record| of_line(record));
        let name = record.map_or(product.id, |record| record.name.as_str()).to_owned();
        let is_offered = record.is_some();
        let change = |before, is_new| LineChange {
            name,
            line: dates.line.clone(),
            before,
            after: dates.eol,
            is_new,
        };
        if !is_known && is_offered && catalogue.has_lines(product.id) {
            catalogue.insert_line(product.id, dates)?;
            changes.push(change(None, true));
        } else if is_known && let Some(eol) = dates.eol.filter(|eol| before != Some(*eol)) {
            catalogue.set_eol(product.id, &dates.line, eol, of_line)?;
            changes.push(change(before, false));
        }
    }
    Ok(changes)
}

/// The checksum with the algorithm of another one.
pub(super) fn like(other: &Checksum, sha256: &Checksum, sha512: &Checksum) -> Checksum {
    if other.algorithm == sha512.algorithm { sha512.clone() } else { sha256.clone() }
}
