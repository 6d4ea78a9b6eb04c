//! Tables of the tests: what is installed, what was asked for, what has to come out.
#![cfg(test)]

use std::rc::Rc;

use kouti::catalog::{Artifact, Catalog};
use kouti::version::Version;

/// Everything of `id` in the catalogue of the buildpack, for one architecture.
pub(crate) fn artifacts(id: &str) -> Vec<Artifact> {
    let catalog: Catalog = toml::from_str(include_str!("../catalog.toml")).unwrap();
    let is_wanted =
        |artifact: &Artifact| artifact.id == id && artifact.arch.as_deref() == Some("amd64");
    catalog.artifacts.into_iter().filter(is_wanted).collect()
}

/// One row of a table.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) installed: Rc<[Version]>,
    pub(crate) asked: &'a str,
    pub(crate) policy: &'a str,
    /// A version, or `-`.
    pub(crate) expected: &'a str,
    /// What says so.
    pub(crate) source: &'a str,
}

/// Rows `asked policy expected # source`, below lines `= version…` of what is installed.
pub(crate) fn rows(table: &str) -> Vec<Row<'_>> {
    let mut installed: Rc<[Version]> = [].into();
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(versions) = line.strip_prefix("= ") {
            installed = versions.split(' ').map(|text| Version::parse(text).unwrap()).collect();
            continue;
        }
        let (row, source) = line.split_once(" # ").expect("every row has a source");
        let mut words = row.split(' ');
        let mut word = || words.next().expect("every row has three words");
        let (asked, policy, expected) = (word(), word(), word());
        rows.push(Row { installed: Rc::clone(&installed), asked, policy, expected, source });
    }
    rows
}
