//! What a buildpack can install, as the packager merges it into the descriptor, and what must hold for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use kouti_version::{Range, Version};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

/// Keys that a record of any family may have; a family lists its own ones in `extra-keys`.
const KEYS: &[&str] = &[
    "id",
    "name",
    "version",
    "uri",
    "alternates",
    "checksum",
    "os",
    "arch",
    "distros",
    "cpes",
    "purl",
    "licenses",
    "source",
    "source-checksum",
    "eol-date",
    "strip-components",
    "bundles",
];

/// A catalogue file. Its tables stay as they are written there.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    extra_keys: BTreeSet<String>,
    /// Ids of what upstream has for amd64 alone; of anything else that would be an oversight.
    amd64_only: BTreeSet<String>,
    pub(super) default_versions: Table,
    pub(super) lines: Vec<Table>,
    pub(super) records: Vec<Table>,
}

impl Catalog {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs_err::read_to_string(path)?;
        Self::parse(&text).with_context(|| format!("{} is wrong", path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut catalog = Self::default();
        for (key, item) in text.parse::<DocumentMut>()?.as_table_mut().iter_mut() {
            let item = std::mem::take(item);
            match key.get() {
                "extra-keys" => catalog.extra_keys = texts(&item).map(str::to_owned).collect(),
                "amd64-only" => catalog.amd64_only = texts(&item).map(str::to_owned).collect(),
                "default-versions" => {
                    catalog.default_versions = item.into_table().unwrap_or_default();
                }
                "lines" => catalog.lines = tables(item),
                "dependencies" => catalog.records = tables(item),
                other => bail!("unknown key `{other}`"),
            }
        }
        Ok(catalog)
    }

    /// The ids of everything in it.
    pub(super) fn ids(&self) -> BTreeSet<&str> {
        self.records.iter().filter_map(|record| text(record, "id")).collect()
    }

    /// This catalogue with the records of `mirror` in place of its own, as far as they are of the same ids.
    pub(super) fn supplied_by(&self, mirror: &Self) -> Self {
        let ids = self.ids();
        let is_known = |record: &&Table| text(record, "id").is_some_and(|id| ids.contains(id));
        let mut supplied = Self {
            extra_keys: self.extra_keys.union(&mirror.extra_keys).cloned().collect(),
            amd64_only: self.amd64_only.clone(),
            default_versions: self.default_versions.clone(),
            lines: self.lines.clone(),
            records: mirror.records.iter().filter(is_known).cloned().collect(),
        };
        supplied
            .default_versions
            .extend(mirror.default_versions.iter().map(|(id, version)| (id, version.clone())));
        // A default for what the mirror does not make would be an empty promise.
        let ids: BTreeSet<String> = supplied.ids().into_iter().map(str::to_owned).collect();
        supplied.default_versions.retain(|id, _| ids.contains(id));
        supplied
    }
}

impl Catalog {
    /// Only the records for `arch` that `wanted` takes, by id and version.
    pub(super) fn only(mut self, arch: &str, wanted: impl Fn(&str, &str) -> bool) -> Self {
        self.records.retain(|record| {
            let (id, version) = (
                text(record, "id").unwrap_or_default(),
                text(record, "version").unwrap_or_default(),
            );
            text(record, "arch").is_none_or(|found| found == arch) && wanted(id, version)
        });
        // A default for what is not there would be an empty promise.
        let ids: BTreeSet<String> = self.ids().into_iter().map(str::to_owned).collect();
        self.default_versions.retain(|id, _| ids.contains(id));
        self
    }

    /// `id@version` of every record.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.records.iter().filter_map(|record| {
            Some(format!("{}@{}", text(record, "id")?, text(record, "version")?))
        })
    }

    /// An id of which there is something, but nothing that fits the version that is installed if nobody asks for one;
    /// with that version.
    pub(super) fn broken_default(&self) -> Option<(&str, &str)> {
        let fits = |id: &str, wanted: &str| {
            let Ok(wanted) = Range::parse(wanted) else { return false };
            self.records.iter().filter(|record| text(record, "id") == Some(id)).any(|record| {
                let version = text(record, "version").and_then(|text| Version::parse(text).ok());
                version.is_some_and(|version| wanted.matches(&version))
            })
        };
        let defaults = self.default_versions.iter();
        defaults
            .filter_map(|(id, wanted)| Some((id, wanted.as_str()?)))
            .find(|(id, wanted)| !fits(id, wanted))
    }

    /// `id@version` of the newest record of every release line. Ids without listed lines have one per major version.
    pub(super) fn newest_of_lines(&self) -> BTreeSet<String> {
        let mut newest: BTreeMap<(&str, &str), (Version, &str)> = BTreeMap::new();
        for record in &self.records {
            let (Some(id), Some(version)) = (text(record, "id"), text(record, "version")) else {
                continue;
            };
            let Ok(parsed) = Version::parse(version) else { continue };
            let line = (id, self.line(id, version));
            if newest.get(&line).is_none_or(|(found, _)| *found < parsed) {
                newest.insert(line, (parsed, version));
            }
        }
        newest.into_iter().map(|((id, _), (_, version))| format!("{id}@{version}")).collect()
    }

    fn line<'a>(&self, id: &str, version: &'a str) -> &'a str {
        let is_of = |line: &&str| {
            version.strip_prefix(line).is_some_and(|rest| rest.starts_with(['.', '+', '-']))
        };
        let lines = self
            .lines
            .iter()
            .filter(|line| text(line, "id") == Some(id))
            .filter_map(|line| text(line, "line"));
        let length = lines.filter(is_of).map(str::len).max();
        &version[..length.or_else(|| version.find('.')).unwrap_or(version.len())]
    }

    /// Fails with all that is wrong; every id must have an artifact for each of `arches`.
    pub(super) fn check(&self, arches: &[&str]) -> Result<()> {
        let problems = self.problems(arches);
        if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n    ")) }
    }

    fn problems(&self, arches: &[&str]) -> Vec<String> {
        let mut problems = Vec::new();
        for record in &self.records {
            let mut problem = |text: String| problems.push(format!("{}: {text}", title(record)));
            for key in record.iter().map(|(key, _)| key) {
                if !KEYS.contains(&key) && !self.extra_keys.contains(key) {
                    problem(format!("unknown key `{key}`"));
                }
            }
            check(record, &mut problem);
        }
        for (n, record) in self.records.iter().enumerate() {
            if self.records[..n].iter().any(|other| tie(other, record)) {
                problems.push(format!("{}: listed twice for the same platform", title(record)));
            }
        }
        for id in self.ids() {
            let is_exempt = |arch: &&str| *arch != "amd64" && self.amd64_only.contains(id);
            for arch in arches.iter().filter(|arch| !is_exempt(arch)) {
                let has = |record: &Table| {
                    text(record, "id") == Some(id)
                        && text(record, "arch").is_none_or(|found| found == *arch)
                };
                if !self.records.iter().any(has) {
                    problems.push(format!("{id}: no artifact for {arch}"));
                }
            }
        }
        for (id, _) in &self.default_versions {
            if !self.ids().contains(id) {
                problems.push(format!("default-versions: no artifact has the id `{id}`"));
            }
        }
        problems
    }
}

fn check(record: &Table, problem: &mut impl FnMut(String)) {
    for key in ["id", "name", "version", "checksum"] {
        if text(record, key).is_none_or(str::is_empty) {
            problem(format!("no {key}"));
        }
    }
    if let Some(version) = text(record, "version")
        && Version::parse(version).is_err()
    {
        problem(format!("`{version}` is not a version"));
    }
    if let Some(checksum) = text(record, "checksum")
        && checksum.parse::<kouti_catalog::Checksum>().is_err()
    {
        problem(format!("`{checksum}` is not a checksum such as `sha256:…`"));
    }
    if record.get("licenses").is_none_or(|item| texts(item).next().is_none()) {
        problem("no licences".to_owned());
    }
    match text(record, "uri") {
        Some(uri) if uri.starts_with("https://") => {
            if is_archive(uri) && !record.contains_key("strip-components") {
                problem("no strip-components, though it is an archive".to_owned());
            }
        }
        Some(uri) => problem(format!("`{uri}` is not an https address")),
        None if text(record, "purl")
            .is_some_and(|purl| purl.starts_with("pkg:npm/") || purl.starts_with("pkg:maven/")) => {
        }
        None => problem("no uri, and no purl of a package registry".to_owned()),
    }
    for key in ["os", "arch"] {
        if let Some(value) = text(record, key)
            && !["linux", "amd64", "arm64"].contains(&value)
        {
            problem(format!("unknown {key} `{value}`"));
        }
    }
}

/// Whether nothing decides between two records when both fit.
fn tie(a: &Table, b: &Table) -> bool {
    let same = |key: &str| text(a, key) == text(b, key);
    same("id") && same("version") && same("os") && same("arch") && overlap(&distros(a), &distros(b))
}

fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    (a.is_empty() && b.is_empty()) || !a.is_disjoint(b)
}

fn distros(record: &Table) -> BTreeSet<String> {
    let distros = record.get("distros").and_then(Item::as_array).into_iter().flatten();
    distros.map(|distro| distro.to_string().trim().to_owned()).collect()
}

fn is_archive(uri: &str) -> bool {
    [".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".zip"]
        .iter()
        .any(|ending| uri.ends_with(ending))
}

/// `node 24.21.0 (linux, amd64)`.
fn title(record: &Table) -> String {
    let part = |key| text(record, key).filter(|text| !text.is_empty()).unwrap_or("?");
    let platform: Vec<&str> =
        ["os", "arch"].into_iter().filter_map(|key| text(record, key)).collect();
    let platform =
        if platform.is_empty() { String::new() } else { format!(" ({})", platform.join(", ")) };
    format!("{} {}{platform}", part("id"), part("version"))
}

/// A text-valued key of a record.
pub(super) fn text<'a>(record: &'a Table, key: &str) -> Option<&'a str> {
    record.get(key).and_then(Item::as_str)
}

fn texts(item: &Item) -> impl Iterator<Item = &str> {
    item.as_array().into_iter().flatten().filter_map(|value| value.as_str())
}

fn tables(item: Item) -> Vec<Table> {
    item.into_array_of_tables().unwrap_or_else(|_| ArrayOfTables::new()).into_iter().collect()
}
