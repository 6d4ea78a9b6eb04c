//! `cargo xtask update`: newer releases in the catalogues, proved by what their upstreams publish.
//!
//! A family is a declaration (`declared`) over one engine: list what a feed announces, choose by policy, prove each
//! file, write its record after the record that was the newest. What cannot be proved changes nothing and becomes an
//! issue for a person.

mod blocks;
mod choose;
mod declared;
mod engine;
mod feed;
mod model;
mod net;
mod prove;
mod record;
mod signature;
mod spelling;
mod texts;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::advice::Advice;
use crate::audit::Advisories;
use crate::files;
use crate::upstream::{self, Update};
use crate::workspace::{Workspace, today};

use blocks::Blocks;
use engine::Context;
use model::Family;
use net::Net;
use texts::Run;

use declared::FAMILIES;

pub(crate) fn run(workspace: &Workspace, args: &Update) -> Result<()> {
    let families = chosen(&args.families)?;
    let context = Context {
        net: Net::new(
            upstream::network(workspace)?,
            args.feed.as_deref(),
            workspace.target().join("downloads"),
        ),
        today: args.today.unwrap_or_else(today),
        advisories: Advisories::read(&args.advisories)?,
        keys: args.keys.as_deref().map(fs_err::read_to_string).transpose()?,
    };
    let mut issues = Vec::new();
    for family in families {
        workspace.say(family.name, "looking for newer releases");
        let texts = workspace.target().join("update").join(family.name);
        let summary = update(&context, &workspace.root, &texts, family)?;
        for line in summary.lines {
            workspace.say(family.name, line);
        }
        issues.extend(summary.issue.map(|path| path.display().to_string()));
    }
    if issues.is_empty() {
        return Ok(());
    }
    let hint = format!("read {}", issues.join(" and "));
    Err(Advice::new("an update needs a person", hint).into())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Family>> {
    if names.is_empty() {
        return Ok(FAMILIES.iter().collect());
    }
    let family = |name: &String| {
        FAMILIES.iter().find(|family| family.name == name).ok_or_else(|| {
            let all: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
            let hint = format!("choose of {}", all.join(", "));
            Advice::new(format!("there is no family `{name}`"), hint).into()
        })
    };
    names.iter().map(family).collect()
}

/// What to tell about a family.
struct Summary {
    lines: Vec<String>,
    /// The file with the issue's text.
    issue: Option<PathBuf>,
}

/// Updates one family: its catalogue and the changelog below `root`, the texts for people in `texts`.
fn update(context: &Context, root: &Path, texts: &Path, family: &Family) -> Result<Summary> {
    let path = root.join(family.catalogue);
    let mut catalogue = Blocks::parse(&fs_err::read_to_string(&path)?)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut run = Run { family, outcome: engine::Outcome::default() };
    let is_offered = |product: &&model::Product| {
        catalogue.records().any(|it| it.id == product.id) || catalogue.has_lines(product.id)
    };
    let offered: Vec<_> = family.products.iter().filter(is_offered).collect();
    for product in offered {
        let before = catalogue.clone();
        let mut outcome = engine::update(context, family, product, &mut catalogue);
        for change in &mut outcome.changes {
            change.fixes(&before, &context.advisories);
        }
        run.outcome.append(outcome);
    }

    if texts.exists() {
        fs_err::remove_dir_all(texts)?;
    }
    let mut lines = Vec::new();
    if run.has_changes() {
        files::write(&path, catalogue.text())?;
        let changelog = root.join("CHANGELOG.md");
        files::write(&changelog, run.changelog(&fs_err::read_to_string(&changelog)?)?)?;
        let request = run.pull_request();
        lines.extend(request.lines().next().map(str::to_owned));
        files::write(&texts.join("pull-request.md"), request)?;
    } else {
        lines.push("nothing new".to_owned());
    }
    lines.extend(run.outcome.held.iter().map(|held| format!("held back: {held}")));
    let Some(issue) = run.issue() else { return Ok(Summary { lines, issue: None }) };
    let path = texts.join("issue.md");
    files::write(&path, issue)?;
    lines.extend(run.outcome.problems.iter().map(|it| format!("{}: {}", it.title, it.what)));
    Ok(Summary { lines, issue: Some(path) })
}
