//! The build plan: what buildpacks provide and require, and which of them stay together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metadata::to_json;

/// What one buildpack wrote in detect.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct BuildPlan {
    /// Offered to this and later buildpacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<Provide>,
    /// Needed from this or earlier buildpacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Require>,
    /// Tried in this order if the first pair does not fit.
    #[serde(default, rename = "or", skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// Another pair of offers and needs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Alternative {
    /// Offered to this and later buildpacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<Provide>,
    /// Needed from this or earlier buildpacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Require>,
}

/// The name of something offered.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Provide {
    /// Name of the plan entry.
    pub name: String,
}

/// Something needed, and how.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Require {
    /// Name of the plan entry.
    pub name: String,
    /// Only read to refuse it: it belongs into the metadata.
    #[serde(default, skip_serializing)]
    version: Option<String>,
    /// Free table for the provider.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub metadata: toml::Table,
}

impl Require {
    /// Its metadata as JSON.
    pub(crate) fn metadata_json(&self) -> serde_json::Value {
        to_json(toml::Value::Table(self.metadata.clone()))
    }
}

impl BuildPlan {
    /// Reads a plan file's text, with the checks that the lifecycle makes.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let plan: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let pairs = plan.pairs();
        let mut requires = pairs.iter().flat_map(|pair| &pair.requires);
        match requires.find(|require| require.version.is_some()) {
            Some(require) => Err(format!(
                "the plan requires `{}` with a top-level `version`, which belongs into its metadata",
                require.name
            )),
            None => Ok(plan),
        }
    }

    /// The first pair and its alternatives, in the order of trial.
    fn pairs(&self) -> Vec<Alternative> {
        let first =
            Alternative { provides: self.provides.clone(), requires: self.requires.clone() };
        std::iter::once(first).chain(self.alternatives.iter().cloned()).collect()
    }
}

/// A buildpack that passed detect and takes part in the trials.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) id: &'a str,
    pub(crate) optional: bool,
    pub(crate) plan: &'a BuildPlan,
}

/// The buildpacks that stay, and what they get.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// Every name that is provided and required, by name.
    pub entries: Vec<Entry>,
}

/// One name of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Entry {
    /// Ids of all buildpacks that offer it, in group order.
    pub providers: Vec<String>,
    /// What each requirer said, in group order.
    pub requires: Vec<Require>,
}

impl Plan {
    /// What the buildpack `id` gets as its plan.
    pub(crate) fn requires_for(&self, id: &str) -> Vec<Require> {
        let provided = self.entries.iter().filter(|entry| entry.providers.iter().any(|p| p == id));
        provided.flat_map(|entry| entry.requires.clone()).collect()
    }

    /// Drops what a buildpack has met, so that later providers do not get it again.
    pub(crate) fn drop_met(&mut self, met: &[String]) {
        self.entries.retain(|entry| !entry.requires.iter().any(|r| met.contains(&r.name)));
    }
}

/// Tries all combinations of alternatives, depth first; the first that holds wins.
///
/// Returns the ids that stay and their plan, or why each trial failed.
pub(crate) fn resolve(candidates: &[Candidate]) -> Result<(Vec<String>, Plan), Vec<String>> {
    let mut reasons = Vec::new();
    resolve_from(&mut Vec::new(), candidates, &mut reasons).ok_or(reasons)
}

fn resolve_from(
    chosen: &mut Vec<Trial>,
    rest: &[Candidate],
    reasons: &mut Vec<String>,
) -> Option<(Vec<String>, Plan)> {
    let Some((candidate, rest)) = rest.split_first() else {
        return match attempt(chosen.clone()) {
            Ok(found) => Some(found),
            Err(reason) => {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
                None
            }
        };
    };
    let pairs = candidate.plan.pairs();
    let last = pairs.len() - 1;
    for (index, pair) in pairs.into_iter().enumerate() {
        // Only with its last alternative may an optional buildpack be left out.
        let optional = candidate.optional && index == last;
        chosen.push(Trial { id: candidate.id.to_owned(), optional, pair });
        let found = resolve_from(chosen, rest, reasons);
        chosen.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

/// One buildpack with one of its alternatives.
#[derive(Clone)]
struct Trial {
    id: String,
    optional: bool,
    pair: Alternative,
}

/// Whether one combination holds, dropping optional buildpacks that do not fit.
fn attempt(mut trial: Vec<Trial>) -> Result<(Vec<String>, Plan), String> {
    loop {
        let names = Ledger::of(&trial);
        let misfits = names.misfits();
        if let Some(misfit) = misfits.iter().find(|misfit| !is_optional(&trial, &misfit.id)) {
            return Err(misfit.reason.clone());
        }
        if misfits.is_empty() {
            if trial.is_empty() {
                return Err("no buildpack is left".to_owned());
            }
            let ids = trial.into_iter().map(|part| part.id).collect();
            return Ok((ids, names.into_plan()));
        }
        trial.retain(|part| misfits.iter().all(|misfit| misfit.id != part.id));
    }
}

fn is_optional(trial: &[Trial], id: &str) -> bool {
    trial.iter().any(|part| part.id == id && part.optional)
}

/// A buildpack that breaks a rule.
struct Misfit {
    id: String,
    reason: String,
}

/// Who provides and requires each name.
#[derive(Default)]
struct Ledger(BTreeMap<String, Account>);

#[derive(Default)]
struct Account {
    providers: Vec<String>,
    requires: Vec<Require>,
    /// Providers that nobody has required anything from yet.
    unused: Vec<String>,
    /// Requirers that come before any provider.
    early: Vec<String>,
}

impl Ledger {
    fn of(trial: &[Trial]) -> Self {
        let mut ledger = Self::default();
        for Trial { id, pair, .. } in trial {
            for provide in &pair.provides {
                ledger.0.entry(provide.name.clone()).or_default().unused.push(id.clone());
            }
            for require in &pair.requires {
                let account = ledger.0.entry(require.name.clone()).or_default();
                account.providers.append(&mut account.unused);
                if account.providers.is_empty() {
                    account.early.push(id.clone());
                } else {
                    account.requires.push(require.clone());
                }
            }
        }
        ledger
    }

    fn misfits(&self) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        for (name, account) in &self.0 {
            for id in &account.early {
                let reason =
                    format!("{id} requires `{name}`, which neither it nor an earlier one provides");
                misfits.push(Misfit { id: id.clone(), reason });
            }
            for id in &account.unused {
                let reason =
                    format!("{id} provides `{name}`, which neither it nor a later one requires");
                misfits.push(Misfit { id: id.clone(), reason });
            }
        }
        misfits
    }

    fn into_plan(self) -> Plan {
        let entry =
            |account: Account| Entry { providers: account.providers, requires: account.requires };
        Plan { entries: self.0.into_values().map(entry).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x? +a -b / +a` as id, whether it is optional, and its plan.
    fn member(text: &str) -> (String, bool, BuildPlan) {
        let mut words = text.split_whitespace();
        let id = words.next().unwrap();
        let mut pairs = vec![Alternative::default()];
        for word in words {
            let pair = pairs.last_mut().unwrap();
            match word.split_at(1) {
                ("+", name) => pair.provides.push(Provide { name: name.to_owned() }),
                ("-", name) => pair.requires.push(Require {
                    name: name.to_owned(),
                    version: None,
                    metadata: toml::toml! { from = "" },
                }),
                _ => pairs.push(Alternative::default()),
            }
        }
        for require in pairs.iter_mut().flat_map(|pair| &mut pair.requires) {
            require.metadata["from"] = id.trim_end_matches('?').into();
        }
        let Alternative { provides, requires } = pairs.remove(0);
        let plan = BuildPlan { provides, requires, alternatives: pairs };
        (id.trim_end_matches('?').to_owned(), id.ends_with('?'), plan)
    }

    /// `ab x=a>b`, or `none`.
    fn resolved(group: &str) -> String {
        let members: Vec<_> = group.split(" ; ").map(member).collect();
        let candidates: Vec<_> = members
            .iter()
            .map(|(id, optional, plan)| Candidate { id, optional: *optional, plan })
            .collect();
        let Ok((ids, plan)) = resolve(&candidates) else { return "none".to_owned() };
        let entries = plan.entries.into_iter().map(|Entry { providers, requires }| {
            let from = |require: &Require| require.metadata["from"].as_str().unwrap().to_owned();
            let requirers: String = requires.iter().map(from).collect();
            format!(" {}={}>{requirers}", requires[0].name, providers.concat())
        });
        ids.into_iter().chain(entries).collect()
    }

    #[test]
    fn groups_resolve_as_with_the_real_detector() {
        let table = include_str!("../../tests/tables/resolution.txt");
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for (group, expected) in rows.map(|row| row.split_once(" => ").unwrap()) {
            assert_eq!(resolved(group), expected, "{group}");
            count += 1;
        }
        assert_eq!(count, 240);
    }

    #[test]
    fn every_failed_trial_says_why() {
        let (_, _, needs) = member("npm -node / -bun");
        let candidate = Candidate { id: "npm", optional: false, plan: &needs };
        insta::assert_snapshot!(resolve(&[candidate]).unwrap_err().join("\n"), @"
        npm requires `node`, which neither it nor an earlier one provides
        npm requires `bun`, which neither it nor an earlier one provides
        ");
    }

    #[test]
    fn a_version_beside_the_metadata_is_an_error() {
        let plan = "[[or]]\nrequires = [{ name = \"node\", version = \"22\" }]";
        insta::assert_snapshot!(
            BuildPlan::parse(plan).unwrap_err(),
            @"the plan requires `node` with a top-level `version`, which belongs into its metadata"
        );
    }

    #[test]
    fn a_provider_only_gets_what_earlier_providers_left() {
        let group = "a +x ; b +x +y ; c -x -y";
        let members: Vec<_> = group.split(" ; ").map(member).collect();
        let candidates: Vec<_> = members
            .iter()
            .map(|(id, optional, plan)| Candidate { id, optional: *optional, plan })
            .collect();
        let (_, mut plan) = resolve(&candidates).unwrap();
        let names = |plan: &Plan, id: &str| -> Vec<String> {
            plan.requires_for(id).into_iter().map(|require| require.name).collect()
        };
        assert_eq!(names(&plan, "b"), ["x", "y"]);
        plan.drop_met(&names(&plan, "a"));
        assert_eq!(names(&plan, "b"), ["y"]);
    }
}
