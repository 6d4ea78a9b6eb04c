//! Tables of the tests: what is installed, what was asked for, what has to come out.
#![cfg(test)]

use kouti::version::Version;

/// Every release of `id` in the catalogue of the buildpack, for one architecture.
pub(crate) fn installed(id: &str) -> Vec<Version> {
    let catalog: toml::Table = toml::from_str(include_str!("../catalog.toml")).unwrap();
    let records = catalog["dependencies"].as_array().unwrap();
    let is_wanted = |record: &&toml::Value| {
        record["id"].as_str() == Some(id) && record["arch"].as_str() == Some("amd64")
    };
    let versions = records.iter().filter(is_wanted).filter_map(|record| record["version"].as_str());
    versions.map(|text| Version::parse(text).unwrap()).filter(|v| !v.is_prerelease()).collect()
}

/// Rows `asked policy expected # source`.
pub(crate) fn rows(table: &str) -> impl Iterator<Item = [&str; 4]> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| {
        let (row, source) = line.split_once(" # ").expect("every row has a source");
        let mut words = row.split(' ');
        let mut word = || words.next().expect("every row has three words");
        [word(), word(), word(), source]
    })
}
