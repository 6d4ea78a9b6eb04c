//! `cargo xtask docs`: what is written from the code and the descriptors, and the book.
//!
//! Between a pair of markers, a document holds what this module wrote; everything else is the author's.

mod bindings;
mod book;
mod errors;
#[cfg(feature = "upstream")]
mod external;
pub(crate) mod figures;
mod links;
#[cfg(test)]
mod platforms;
pub(crate) mod svg;
mod versions;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

pub(crate) use versions::catalogues;

use crate::files;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail if something is not as it would be written, if a link is dead, or the book cannot be made
    #[arg(long)]
    check: bool,
    /// Also fail if an address of another site does not answer
    #[arg(long, requires = "check")]
    pub(crate) external: bool,
    /// Make the book in this directory too [default with --check: target/book]
    #[arg(long, value_name = "DIRECTORY")]
    book: Option<PathBuf>,
}

/// What stands before and after a written part.
const BEGIN: &str = "<!-- settings: written by `cargo xtask docs` -->";
const END: &str = "<!-- /settings -->";
const BEGIN_BUILDPACKS: &str = "<!-- buildpacks: written by `cargo xtask docs` -->";
const END_BUILDPACKS: &str = "<!-- /buildpacks -->";

#[derive(Deserialize)]
struct Descriptor {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    configurations: Vec<Setting>,
}

/// A row of a table of settings.
#[derive(Deserialize)]
struct Setting {
    name: String,
    #[serde(default)]
    default: String,
    description: String,
    #[serde(default)]
    build: bool,
    #[serde(default)]
    launch: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in documents(&workspace.root)? {
        if fs_err::read_to_string(&path).unwrap_or_default() == text {
            continue;
        }
        if args.check {
            stale.push(path.strip_prefix(&workspace.root).unwrap_or(&path).display().to_string());
        } else {
            files::write(&path, text.as_bytes())?;
            workspace.say("docs", path.display());
        }
    }
    if !stale.is_empty() {
        bail!("not up to date: {}; run `cargo xtask docs`", stale.join(", "));
    }
    if args.check {
        let faults = book::faults(&workspace.root)?;
        if !faults.is_empty() {
            bail!("the pages do not hang together:\n{}", faults.join("\n"));
        }
    }
    #[cfg(feature = "upstream")]
    if args.external {
        external::check(workspace)?;
    }
    let book = args.book.clone().or_else(|| args.check.then(|| workspace.target().join("book")));
    if let Some(book) = book {
        book::make(workspace, &book)?;
        workspace.say("docs", format_args!("the book is in {}", book.display()));
    }
    Ok(())
}

/// Fails if a written part is stale, a link is dead, or the book cannot be made.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    run(workspace, &Args { check: true, external: false, book: None })
}

/// Brings every written part up to date.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    run(workspace, &Args { check: false, external: false, book: None })
}

/// Every document with a written part, as it should be.
fn documents(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let shared = root.join("shared/buildpack");
    let mut described = vec![(shared.join("settings.toml"), root.join("docs/settings.md"))];
    for entry in fs_err::read_dir(root.join("buildpacks"))? {
        let dir = entry?.path();
        described.push((dir.join("buildpack.toml"), dir.join("README.md")));
    }

    let mut documents = Vec::new();
    let mut known = BTreeSet::new();
    for (descriptor, document) in described {
        let settings = settings(&descriptor)?;
        known.extend(settings.iter().map(|setting| setting.name.clone() + "\n"));
        documents.push(with_table(document, &settings)?);
    }
    documents.push(errors::document(root)?);
    documents.push(bindings::document(root)?);
    documents.push(summary(root)?);
    documents.extend(versions::documents(root)?);
    documents.extend(figures::documents(root)?);
    documents.push((shared.join("src/known_settings.txt"), known.into_iter().collect()));
    Ok(documents)
}

fn settings(descriptor: &Path) -> Result<Vec<Setting>> {
    let text = fs_err::read_to_string(descriptor)?;
    let parsed: Descriptor =
        toml::from_str(&text).with_context(|| format!("cannot read {}", descriptor.display()))?;
    let mut settings = parsed.metadata.configurations;
    settings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(settings)
}

fn with_table(path: PathBuf, settings: &[Setting]) -> Result<(PathBuf, String)> {
    let text = between(&path, [BEGIN, END], &table(settings))?;
    Ok((path, text))
}

/// The table of contents with every buildpack.
fn summary(root: &Path) -> Result<(PathBuf, String)> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(root.join("buildpacks"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let row = |name: &String| format!("  - [kouti/{name}](../buildpacks/{name}/README.md)\n");
    let rows: String = names.iter().map(row).collect();
    let path = root.join("docs/SUMMARY.md");
    let text = between(&path, [BEGIN_BUILDPACKS, END_BUILDPACKS], &rows)?;
    Ok((path, text))
}

/// The text of a file with something else between its markers.
fn between(path: &Path, [begin, end]: [&str; 2], written: &str) -> Result<String> {
    let text = fs_err::read_to_string(path)?;
    let lacks = |marker| format!("{} has no line `{marker}`", path.display());
    let (before, rest) = text.split_once(begin).with_context(|| lacks(begin))?;
    let (_, after) = rest.split_once(end).with_context(|| lacks(end))?;
    Ok(format!("{before}{begin}\n{written}{end}{after}"))
}

fn table(settings: &[Setting]) -> String {
    if settings.is_empty() {
        return "None.\n".to_owned();
    }
    let mut text = "| Setting | Default | Counts at | Meaning |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let default = match setting.default.as_str() {
            "" => String::new(),
            default => format!("`{default}`"),
        };
        let phase = match (setting.build, setting.launch) {
            (true, true) => "build, launch",
            (_, true) => "launch",
            _ => "build",
        };
        let meaning = setting.description.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {default} | {phase} | {meaning} |", setting.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_documents_are_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is below the root");
        for (path, text) in documents(root).expect("every document can be written") {
            let found = fs_err::read_to_string(&path).unwrap_or_default();
            assert!(found == text, "{} is stale: run `cargo xtask docs`", path.display());
        }
    }

    #[test]
    fn a_bar_in_a_description_does_not_end_its_cell() {
        let settings = [Setting {
            name: "BP_X".to_owned(),
            default: "a".to_owned(),
            description: "a|b".to_owned(),
            build: true,
            launch: true,
        }];
        assert!(table(&settings).ends_with("| `BP_X` | `a` | build, launch | a\\|b |\n"));
    }
}
