//! The build plan: what buildpacks provide and require, and which of them stay together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
