//! The build plan: what a buildpack provides and requires, and what reached it.

use libcnb_data::build_plan::{BuildPlan, BuildPlanBuilder, Require};
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// `node`.
    pub name: String,
    /// `version`, `version-source`, `build`, `launch` and whatever the provider understands.
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

impl From<libcnb_data::buildpack_plan::BuildpackPlan> for Plan {
    fn from(plan: libcnb_data::buildpack_plan::BuildpackPlan) -> Self {
        Self(
            plan.entries
                .into_iter()
                .map(|entry| Entry { name: entry.name, metadata: entry.metadata })
                .collect(),
        )
    }
}

/// In the form libcnb writes.
pub(crate) fn to_libcnb(alternatives: Vec<Alternative>) -> BuildPlan {
    let mut builder = BuildPlanBuilder::new();
    for (index, alternative) in alternatives.into_iter().enumerate() {
        if index > 0 {
            builder = builder.or();
        }
        for name in alternative.provides {
            builder = builder.provides(name);
        }
        for entry in alternative.requires {
            let mut require = Require::new(entry.name);
            require.metadata = entry.metadata;
            builder = builder.requires(require);
        }
    }
    builder.build()
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
        let plan = to_libcnb(vec![
            Alternative::new().provides("node").requires(Entry::new("node").with("launch", true)),
            Alternative::new().provides("node"),
        ]);
        insta::assert_snapshot!(toml::to_string(&plan).unwrap(), @r#"
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
}
