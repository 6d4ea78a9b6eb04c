//! What people read of an update: the line of the changelog, the pull request, the issue.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use kouti_report::bytes;

use super::engine::{Change, LineChange, Outcome, platform};
use super::model::{Family, Problem};

/// The name of the issue's label; `packaging` scripts look for it.
const FAILURE: &str = "failure:update-dependencies";

/// All that became of a family.
pub(super) struct Run<'a> {
    pub(super) family: &'a Family,
    pub(super) outcome: Outcome,
}

impl Run<'_> {
    pub(super) fn has_changes(&self) -> bool {
        let Outcome { changes, lines, completed, .. } = &self.outcome;
        !changes.is_empty() || !lines.is_empty() || *completed > 0
    }

    /// `Node.js 24.22.0 and 26.11.0, npm 12.3.0`.
    fn news(&self) -> String {
        let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
        for change in &self.outcome.changes {
            let version = change.release.version.to_string();
            match groups.last_mut() {
                Some((name, versions)) if *name == change.name => versions.push(version),
                _ => groups.push((&change.name, vec![version])),
            }
        }
        let news: Vec<_> =
            groups.iter().map(|(name, versions)| format!("{name} {}", listed(versions))).collect();
        match (news.is_empty(), self.outcome.lines.is_empty()) {
            (false, _) => news.join(", "),
            (true, false) => "days on which support ends".to_owned(),
            (true, true) => "what is compiled into runtimes".to_owned(),
        }
    }

    fn cves(&self) -> Vec<&str> {
        let all = self.outcome.changes.iter().flat_map(|change| &change.release.cves);
        let mut cves: Vec<_> = all.map(String::as_str).collect();
        cves.sort_unstable();
        cves.dedup();
        cves
    }

    /// A new line is a minor change; so says whoever releases.
    fn labels(&self) -> String {
        let changes = &self.outcome.changes;
        let is_minor = changes.iter().any(|change| change.before.is_none());
        let is_security =
            changes.iter().any(|it| it.release.security || !it.release.cves.is_empty());
        let mut labels = vec![if is_minor { "minor" } else { "patch" }];
        if is_security {
            labels.push("security");
        }
        labels.join(", ")
    }

    /// The changelog with a line for this run.
    pub(super) fn changelog(&self, text: &str) -> Result<String> {
        let mut line = format!("* {}: {}", self.family.buildpacks, self.news());
        let cves = self.cves();
        if !cves.is_empty() {
            let _ = write!(line, "; fixes {}", cves.join(", "));
        } else if self.labels().ends_with("security") {
            line.push_str("; security fixes");
        }
        line.push('.');
        with_entry(text, &line)
    }

    /// The pull request: the first line is its title.
    pub(super) fn pull_request(&self) -> String {
        let mut text = format!("Update {}: {}\n\n", self.family.name, self.news());
        let _ = writeln!(text, "Branch: automation/dependencies/{}", self.family.name);
        let _ = writeln!(text, "Labels: {}", self.labels());
        self.changes(&mut text);
        self.lines(&mut text);
        self.proofs(&mut text);
        if self.outcome.completed > 0 {
            let count = self.outcome.completed;
            let line = format!("{count} records of releases that were offered before");
            section(&mut text, "Now saying what is compiled into them", [line].into_iter());
        }
        if !self.outcome.held.is_empty() {
            section(&mut text, "Held back", self.outcome.held.iter().cloned());
        }
        text
    }

    fn changes(&self, text: &mut String) {
        if self.outcome.changes.is_empty() {
            return;
        }
        text.push_str("\n## Versions\n\n| What | Before | Now | No longer offered | About it |\n");
        text.push_str("|---|---|---|---|---|\n");
        for change in &self.outcome.changes {
            let before = change.before.as_ref().map_or("new line".to_owned(), ToString::to_string);
            // What several releases push out together is told with the last of them.
            let is_last = !self
                .outcome
                .changes
                .iter()
                .skip_while(|it| !std::ptr::eq(*it, change))
                .skip(1)
                .any(|it| (&it.name, &it.line) == (&change.name, &change.line));
            let dropped: Vec<_> =
                change.dropped.iter().filter(|_| is_last).map(ToString::to_string).collect();
            let _ = writeln!(
                text,
                "| {} {} | {before} | {} | {} | {} |",
                change.name,
                change.line,
                change.release.version,
                dropped.join(", "),
                about(change)
            );
        }
        let cves = self.cves();
        if !cves.is_empty() {
            section(text, "CVEs fixed", cves.into_iter().map(str::to_owned));
        }
    }

    fn lines(&self, text: &mut String) {
        if !self.outcome.lines.is_empty() {
            section(text, "End of support", self.outcome.lines.iter().map(day));
        }
    }

    fn proofs(&self, text: &mut String) {
        if self.outcome.changes.is_empty() {
            return;
        }
        text.push_str("\n## Proofs\n\n| File | Size | Proved by |\n|---|---|---|\n");
        for change in &self.outcome.changes {
            for file in &change.files {
                let _ = writeln!(
                    text,
                    "| {} for {} | {} | {} |",
                    file.artifact.title(),
                    platform(&file.artifact),
                    bytes(file.size),
                    change.proof
                );
            }
        }
        let missing = self.outcome.changes.iter().filter(|change| !change.missing.is_empty());
        let missing: Vec<_> = missing
            .map(|it| format!("{} {} for {}", it.name, it.release.version, it.missing.join(", ")))
            .collect();
        if !missing.is_empty() {
            section(text, "Not published by upstream", missing.into_iter());
        }
    }

    /// The tracking issue: the first line is its title. `None` if nobody is needed.
    pub(super) fn issue(&self) -> Option<String> {
        if self.outcome.problems.is_empty() {
            return None;
        }
        let mut text =
            format!("The update of {} needs a person\n\nLabels: {FAILURE}\n", self.family.name);
        for Problem { title, what, todo } in &self.outcome.problems {
            let _ = write!(text, "\n## {title}\n\n{what}.\n\nTo do: {todo}.\n");
        }
        Some(text)
    }
}

fn about(change: &Change) -> String {
    let security = change.release.security.then(|| "security release".to_owned());
    let notes = change.release.notes.as_ref().map(|notes| format!("[notes]({notes})"));
    security.into_iter().chain(notes).collect::<Vec<_>>().join(", ")
}

fn day(change: &LineChange) -> String {
    let LineChange { name, line, before, after, is_new } = change;
    let day = |day: &Option<_>| {
        day.map_or("no date".to_owned(), |day: kouti_catalog::Date| day.to_string())
    };
    if *is_new {
        format!("{name} {line}: {}, a new line", day(after))
    } else {
        format!("{name} {line}: {} instead of {}", day(after), day(before))
    }
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let _ = write!(text, "\n## {title}\n\n");
    for line in lines {
        let _ = writeln!(text, "* {line}");
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(texts: &[String]) -> String {
    match texts {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => texts.concat(),
    }
}

/// Puts an entry at the end of `### Changed` below `## [Unreleased]`.
fn with_entry(text: &str, entry: &str) -> Result<String> {
    const UNRELEASED: &str = "## [Unreleased]\n";
    const CHANGED: &str = "### Changed\n";
    let at = text.find(UNRELEASED).context("CHANGELOG.md has no `## [Unreleased]`")?;
    let (before, rest) = text.split_at(at + UNRELEASED.len());
    let (unreleased, after) = rest.split_at(rest.find("\n## ").map_or(rest.len(), |at| at + 1));
    if unreleased.lines().any(|line| line == entry) {
        return Ok(text.to_owned());
    }
    let Some(at) = unreleased.find(CHANGED) else {
        let unreleased = unreleased.trim_end();
        let gap = if after.is_empty() { "" } else { "\n" };
        return Ok(format!("{before}{unreleased}\n\n{CHANGED}\n{entry}\n{gap}{after}"));
    };
    let (head, changed) = unreleased.split_at(at + CHANGED.len());
    let (changed, others) = changed.split_at(changed.find("\n### ").unwrap_or(changed.len()));
    let gap = if others.is_empty() && !after.is_empty() { "\n" } else { "" };
    Ok(format!("{before}{head}{}\n{entry}\n{gap}{others}{after}", changed.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_changelog_go_below_changed() {
        for (text, expected) in [
            (
                "# C\n\n## [Unreleased]\n\n### Fixed\n\n* a\n\n## [1.0]\n",
                "# C\n\n## [Unreleased]\n\n### Fixed\n\n* a\n\n### Changed\n\n* new\n\n## [1.0]\n",
            ),
            (
                "## [Unreleased]\n\n### Changed\n\n* b\n\n### Fixed\n\n* a\n",
                "## [Unreleased]\n\n### Changed\n\n* b\n* new\n\n### Fixed\n\n* a\n",
            ),
            (
                "## [Unreleased]\n\n### Changed\n\n* b\n\n## [1.0]\n",
                "## [Unreleased]\n\n### Changed\n\n* b\n* new\n\n## [1.0]\n",
            ),
        ] {
            let once = with_entry(text, "* new").unwrap();
            assert_eq!(once, expected);
            assert_eq!(with_entry(&once, "* new").unwrap(), expected);
        }
    }
}
