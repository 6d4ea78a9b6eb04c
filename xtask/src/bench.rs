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
mod web;

use anyhow::Result;
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
    /// Detect and build of each buildpack, sizes of binaries, Java's helpers
    Programs,
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
            Self::Fetch => fetch::measure(workspace, runs.min(5)),
            Self::Reuse => reuse::measure(workspace, runs),
            Self::Cf => cf::measure(workspace, &setup.tools, runs),
            Self::Supervisor => supervisor::measure(workspace, &workspace.release(), runs),
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
    let json = serde_json::to_string_pretty(&figures)? + "\n";
    files::write(&workspace.target().join("bench.json"), &json)?;
    if args.keep {
        files::write(&workspace.root.join(docs::figures::FILE), &json)?;
        docs::write(workspace)?;
    }
    Ok(())
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
