//! `cargo xtask bench`: the figures behind the budgets, as a table and in `target/bench.json`.
//!
//! Machines differ and are busy: figures are medians of several runs, and what matters is measured beside
//! something else in the same run, as a ratio.

mod cf;
mod fetch;
mod images;
mod java;
mod layers;
mod measure;
mod npm;
mod pack_build;
mod programs;
mod reuse;
mod rollout;
mod supervisor;
mod warm;
mod web;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::profile::Choice;
use crate::setup::{self, Setup, Times};
use crate::workspace::{Workspace, print};
use crate::{docs, files};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which figures; all if none is named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Runs of each measurement
    #[arg(long, default_value_t = 10)]
    runs: usize,
    /// Put the figures into the docs
    #[arg(long)]
    keep: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Detect of each buildpack, sizes of binaries
    Programs,
    /// What each buildpack takes of a rebuild of every sample, without the tools that it runs
    Warm,
    /// The helper of Java at launch, and counting the classes of a large app
    Java,
    /// Download, verification and unpacking against curl, sha256sum and tar
    Fetch,
    /// What it costs to keep a layer of many files
    Reuse,
    /// What a classic Cloud Foundry buildpack costs on top of detect and build, and at the start of an app
    Cf,
    /// The supervisor of PHP-FPM and nginx against both started by hand
    Supervisor,
    /// Helpers, rendering and the first answer of a web server, when a container starts
    Web,
    /// `pack build`, cold, with changed source and unchanged, split by phase
    Images,
    /// The ways to keep a runtime between builds, to the daemon and to a registry; takes long, so only if it is named
    Layers,
    /// A CVE in a runtime and one in the base image, from the announcement to ten images; only if it is named
    Rollout,
}

impl Part {
    /// Those that take too long to be measured beside all others.
    const LONG: [Self; 2] = [Self::Layers, Self::Rollout];

    fn measure(self, workspace: &Workspace, setup: &Setup, runs: usize) -> Result<Vec<Figure>> {
        match self {
            Self::Programs => programs::measure(workspace, &setup.packages, runs),
            Self::Warm => warm::measure(workspace, setup, runs.min(3)),
            Self::Java => java::measure(workspace, runs),
            Self::Fetch => fetch::measure(workspace, runs.min(5)),
            Self::Reuse => reuse::measure(workspace, runs),
            Self::Cf => cf::measure(workspace, &setup.tools, runs),
            Self::Supervisor => supervisor::measure(workspace, runs),
            Self::Web => web::measure(workspace, &setup.packages, runs),
            Self::Images => images::measure(workspace, setup, runs.min(3)),
            Self::Layers => layers::measure(workspace, setup, runs.min(3)),
            Self::Rollout => rollout::measure(workspace, setup),
        }
    }
}

/// One figure.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// The largest value that is acceptable.
    pub(crate) budget: Option<f64>,
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { what: what.into(), value, unit: unit.to_owned(), budget: None }
    }

    pub(crate) fn budget(mut self, budget: f64) -> Self {
        self.budget = Some(budget);
        self
    }

    fn verdict(&self) -> String {
        match self.budget {
            None => String::new(),
            Some(budget) if self.value <= budget => format!("within {budget} {}", self.unit),
            Some(budget) => format!("OVER {budget} {}", self.unit),
        }
    }

    /// Its name, its value, and how that is.
    pub(crate) fn row(&self) -> [String; 3] {
        let value = match &*self.unit {
            "ms" | "MB" => format!("{:.1} {}", self.value, self.unit),
            unit => format!("{:.2} {unit}", self.value),
        };
        [self.what.clone(), value, self.verdict()]
    }
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let is_wanted = |part: &&Part| match &args.parts[..] {
        [] => !Part::LONG.contains(part),
        named => named.contains(part),
    };
    let setup = setup::make(workspace, Choice::Local, &[], &Times::default())?;
    let mut figures = Vec::new();
    for part in Part::value_variants().iter().filter(is_wanted) {
        figures.extend(part.measure(workspace, &setup, args.runs.max(1))?);
    }

    let rows: Vec<_> = figures.iter().map(Figure::row).collect();
    print("");
    print(table(&rows));
    let json = |figures: &[Figure]| anyhow::Ok(serde_json::to_string_pretty(figures)? + "\n");
    files::write(&workspace.target().join("bench.json"), &json(&figures)?)?;
    if args.keep {
        let file = workspace.root.join(docs::figures::FILE);
        let kept = if file.is_file() {
            serde_json::from_slice(&fs_err::read(&file)?)
                .with_context(|| format!("cannot read {}", file.display()))?
        } else {
            Vec::new()
        };
        files::write(&file, &json(&renewed(kept, figures))?)?;
        docs::write(workspace)?;
    }
    Ok(())
}

/// The kept figures with those that have been measured again in place of the old ones; new ones come last.
fn renewed(kept: Vec<Figure>, mut measured: Vec<Figure>) -> Vec<Figure> {
    let mut all: Vec<_> = kept
        .into_iter()
        .map(|old| match measured.iter().position(|new| new.what == old.what) {
            Some(place) => measured.remove(place),
            None => old,
        })
        .collect();
    all.append(&mut measured);
    all
}

/// Three columns, the middle one flush right.
fn table(rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    let line = |[a, b, c]: &[String; 3]| format!("  {a:first$}  {b:>second$}  {c}");
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_again_takes_the_place_of_what_was_kept() {
        let figures = |pairs: &[(&str, f64)]| {
            pairs.iter().map(|(what, value)| Figure::new(*what, *value, "ms")).collect::<Vec<_>>()
        };
        let all = renewed(figures(&[("a", 1.0), ("b", 2.0)]), figures(&[("c", 3.0), ("a", 4.0)]));
        let told: Vec<_> = all.iter().map(|figure| (&*figure.what, figure.value)).collect();
        assert_eq!(told, [("a", 4.0), ("b", 2.0), ("c", 3.0)]);
    }

    #[test]
    fn a_figure_over_its_budget_stands_out() {
        let rows = [
            Figure::new("detect of kouti/nodejs", 3.12, "ms").budget(5.0).row(),
            Figure::new("binary of kouti/nodejs", 4.5, "MB").budget(4.0).row(),
            Figure::new("unpack beside tar", 0.5, "x").row(),
        ];
        insta::assert_snapshot!(table(&rows), @r"
        detect of kouti/nodejs  3.1 ms  within 5 ms
        binary of kouti/nodejs  4.5 MB  OVER 4 MB
        unpack beside tar       0.50 x
        ");
    }
}
