//! `cargo xtask bench`: the figures behind the budgets, as a table and in `target/bench.json`.
//!
//! Machines differ and are busy: figures are medians of several runs, and what matters is measured beside
//! something else in the same run, as a ratio.

mod fetch;
mod images;
mod measure;
mod programs;
mod reuse;
mod web;

use anyhow::Result;
use serde::Serialize;

use crate::profile::Choice;
use crate::setup::{self, Times};
use crate::workspace::{Workspace, print};
use crate::{files, package};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which figures; all if none is named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Runs of each measurement
    #[arg(long, default_value_t = 10)]
    runs: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Detect and build of each buildpack, sizes of binaries
    Programs,
    /// Download, verification and unpacking against curl, sha256sum and tar
    Fetch,
    /// What it costs to keep a layer of many files
    Reuse,
    /// Helpers, rendering and the first answer of a web server, when a container starts
    Web,
    /// `pack build`, cold, with changed source and unchanged, split by phase
    Images,
}

/// One figure.
#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    /// The largest value that is acceptable.
    budget: Option<f64>,
}

impl Figure {
    fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, budget: None }
    }

    fn budget(mut self, budget: f64) -> Self {
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
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let wants = |part| args.parts.is_empty() || args.parts.contains(&part);
    let runs = args.runs.max(1);
    let setup = setup::make(workspace, Choice::Local, &[], &Times::default())?;
    let mut figures = Vec::new();
    if wants(Part::Programs) || wants(Part::Web) {
        let packages = package::packages(workspace, setup.profile, true, &[])?;
        if wants(Part::Programs) {
            figures.extend(programs::measure(workspace, &packages, runs)?);
        }
        if wants(Part::Web) {
            figures.extend(web::measure(workspace, &packages, runs)?);
        }
    }
    if wants(Part::Fetch) {
        figures.extend(fetch::measure(workspace, runs.min(5))?);
    }
    if wants(Part::Reuse) {
        figures.extend(reuse::measure(workspace, runs)?);
    }
    if wants(Part::Images) {
        figures.extend(images::measure(workspace, &setup, runs.min(3))?);
    }

    let rows: Vec<_> = figures.iter().map(row).collect();
    print("");
    print(table(&rows));
    let json = serde_json::to_string_pretty(&figures)? + "\n";
    files::write(&workspace.target().join("bench.json"), json)
}

fn row(figure: &Figure) -> [String; 3] {
    let value = match figure.unit {
        "ms" | "MB" => format!("{:.1} {}", figure.value, figure.unit),
        unit => format!("{:.2} {unit}", figure.value),
    };
    [figure.what.clone(), value, figure.verdict()]
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
            row(&Figure::new("detect of kouti/nodejs", 3.12, "ms").budget(5.0)),
            row(&Figure::new("binary of kouti/nodejs", 4.5, "MB").budget(4.0)),
            row(&Figure::new("unpack beside tar", 0.5, "x")),
        ];
        insta::assert_snapshot!(table(&rows), @r"
        detect of kouti/nodejs  3.1 ms  within 5 ms
        binary of kouti/nodejs  4.5 MB  OVER 4 MB
        unpack beside tar       0.50 x
        ");
    }
}
