//! The build plan: what a buildpack provides and requires, and what reached it.

use serde::Serialize;
use toml::{Table, Value};

use crate::Problem;

/// What detection found.
#[derive(Debug)]
pub enum Detection {
    /// This app is not for this buildpack; the reason is shown at debug level only.
    Skip(String),
    /// Take part, with these alternatives in the order of preference.
    Pass(Vec<Alternative>),
}

impl Detection {
    /// Not for this buildpack.
    pub fn skip(reason: impl Into<String>) -> Result<Self, Problem> {
        Ok(Self::Skip(reason.into()))
    }

    /// Take part without providing or requiring anything.
    #[must_use]
    pub fn pass() -> Self {
        Self::Pass(Vec::new())
    }
}

/// One pair of provides and requires; the lifecycle takes the first that resolves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alternative {
    /// Names this buildpack offers.
    pub provides: Vec<String>,
    /// Names it needs, from itself or an earlier buildpack.
    pub requires: Vec<Entry>,
}

impl Alternative {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers `name`.
    #[must_use]
    pub fn provides(mut self, name: impl Into<String>) -> Self {
        self.provides.push(name.into());
        self
    }

    /// Needs `entry`.
    #[must_use]
    pub fn requires(mut self, entry: Entry) -> Self {
        self.requires.push(entry);
        self
    }
}

/// One requirement: a name and free metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Entry {
    /// `node`.
    pub name: String,
    /// `version`, `version-source`, `build`, `launch` and whatever the provider understands.
    #[serde(skip_serializing_if = "Table::is_empty")]
    pub metadata: Table,
}

impl Entry {
    /// A requirement without metadata.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), metadata: Table::new() }
    }

    /// Adds one key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// A truth value of the metadata; absent means false.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.metadata.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A text of the metadata, trimmed; absent or empty means none.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.metadata
            .get(key)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }
}

/// The entries that reached this buildpack in its build phase.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan(pub Vec<Entry>);

impl Plan {
    /// The entries called `name`, in the order of the buildpacks that require it.
    pub fn entries<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(move |entry| entry.name == name)
    }

    /// Whether anybody requires `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.entries(name).next().is_some()
    }

    /// Whether any entry called `name` sets `flag`: build and launch add up over all who require it.
    #[must_use]
    pub fn any(&self, name: &str, flag: &str) -> bool {
        self.entries(name).any(|entry| entry.flag(flag))
    }
}

/// The build plan as detection writes it: the first alternative, the others below `or`.
#[derive(Default, Serialize)]
struct BuildPlan {
    #[serde(flatten)]
    first: Wanted,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    or: Vec<Wanted>,
}

#[derive(Default, Serialize)]
struct Wanted {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    provides: Vec<Provide>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requires: Vec<Entry>,
}

#[derive(Serialize)]
struct Provide {
    name: String,
}

/// The text of the build plan; none where there is nothing to say.
pub(crate) fn to_toml(alternatives: Vec<Alternative>) -> Result<Option<String>, Problem> {
    let mut all = alternatives.into_iter().map(|Alternative { provides, requires }| Wanted {
        provides: provides.into_iter().map(|name| Provide { name }).collect(),
        requires,
    });
    let Some(first) = all.next() else { return Ok(None) };
    let plan = BuildPlan { first, or: all.collect() };
    Ok(Some(toml::to_string(&plan).map_err(anyhow::Error::from)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_add_up_over_all_who_require_a_name() {
        let plan = Plan(vec![
            Entry::new("node").with("build", true),
            Entry::new("node").with("launch", true).with("version", " 22 "),
            Entry::new("npm"),
        ]);
        assert!(plan.any("node", "build") && plan.any("node", "launch"));
        assert!(!plan.any("npm", "build"));
        assert_eq!(plan.entries("node").find_map(|entry| entry.text("version")), Some("22"));
    }

    #[test]
    fn alternatives_become_or_tables() {
        let plan = to_toml(vec![
            Alternative::new().provides("node").requires(Entry::new("node").with("launch", true)),
            Alternative::new().provides("node"),
        ]);
        insta::assert_snapshot!(plan.unwrap().unwrap(), @r#"
        [[provides]]
        name = "node"

        [[requires]]
        name = "node"

        [requires.metadata]
        launch = true

        [[or]]

        [[or.provides]]
        name = "node"
        "#);
    }

    #[test]
    fn libcnb_writes_the_same() {
        use libcnb_data::build_plan::{BuildPlanBuilder, Require};

        let theirs = BuildPlanBuilder::new().provides("node").requires("npm").or();
        let theirs = theirs.provides("node").requires(Require::new("node")).build();
        let ours = vec![
            Alternative::new().provides("node").requires(Entry::new("npm")),
            Alternative::new().provides("node").requires(Entry::new("node")),
        ];
        let parse = |text: &str| text.parse::<Table>().unwrap();
        let mut theirs = parse(&toml::to_string(&theirs).unwrap());
        without_empty_tables(&mut theirs);
        assert_eq!(parse(&to_toml(ours).unwrap().unwrap()), theirs);
    }

    /// libcnb spells out metadata that is not there.
    fn without_empty_tables(table: &mut Table) {
        table.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
        for value in table.iter_mut().filter_map(|(_, value)| value.as_array_mut()).flatten() {
            value.as_table_mut().into_iter().for_each(without_empty_tables);
        }
    }

    #[test]
    fn nothing_to_provide_or_require_needs_no_plan() {
        assert_eq!(to_toml(vec![]).unwrap(), None);
        assert_eq!(to_toml(vec![Alternative::new()]).unwrap().as_deref(), Some(""));
    }
}
