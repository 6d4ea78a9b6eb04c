//! The book: pages of `docs/`, of the buildpacks and of the repository, made into one site by `tools/book`.
//!
//! On the web page of the repository every page can be read where it lies. For the book they are laid side by side first, and
//! links to what is not in the book lead to the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use super::links;
use crate::command::Command;
use crate::files;
use crate::stamp::{self, Key};
use crate::workspace::Workspace;

/// Where files are shown that are not in the book.
const REPOSITORY: &str = "https://github.com/kouti/kouti/blob/main";

const SUMMARY: &str = "docs/SUMMARY.md";

/// Pages outside of `docs/` and `buildpacks/`, with their places in the book.
const OTHERS: [(&str, &str); 3] = [
    ("CONTRIBUTING.md", "contributing.md"),
    ("CHANGELOG.md", "changelog.md"),
    (".github/SECURITY.md", "security.md"),
];

/// Pages that are not in the book; their links are followed all the same.
const OUTSIDE: [&str; 1] = ["README.md"];

/// Every page of the book: from the root of the repository, and where it is in the book.
pub(super) fn pages(root: &Path) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let mut pages: BTreeMap<PathBuf, PathBuf> =
        OTHERS.iter().map(|(page, place)| (page.into(), place.into())).collect();
    for file in files_of_docs(root)? {
        if file.extension().is_some_and(|extension| extension == "md") {
            pages.insert(Path::new("docs").join(&file), file);
        }
    }
    for entry in fs_err::read_dir(root.join("buildpacks"))? {
        let name = entry?.file_name();
        let page = Path::new("buildpacks").join(&name).join("README.md");
        if root.join(&page).is_file() {
            let place = Path::new("buildpacks").join(format!("{}.md", name.to_string_lossy()));
            pages.insert(page, place);
        }
    }
    Ok(pages)
}

/// Links that lead nowhere, and pages that nothing leads to.
pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let pages = pages(root)?;
    let summary = fs_err::read_to_string(root.join(SUMMARY))?;
    let listed: Vec<_> = links::targets(&summary)
        .into_iter()
        .filter_map(|range| Some(links::resolve(Path::new(SUMMARY), &summary[range])?.0))
        .collect();
    let mut faults = Vec::new();
    for page in pages.keys().filter(|page| **page != Path::new(SUMMARY)) {
        if !listed.contains(page) {
            faults.push(format!("{} is not in {SUMMARY}", page.display()));
        }
    }
    let outside = OUTSIDE.iter().map(PathBuf::from);
    let samples = WalkDir::new(root.join("samples")).max_depth(2).sort_by_file_name();
    let samples = samples.into_iter().filter_map(|entry| {
        let entry = entry.ok()?;
        let readme = entry.file_name() == "README.md";
        readme.then(|| Some(entry.path().strip_prefix(root).ok()?.to_owned())).flatten()
    });
    for page in pages.keys().cloned().chain(outside).chain(samples) {
        let text = fs_err::read_to_string(root.join(&page))?;
        faults.extend(links::faults(root, &page, &text));
    }
    Ok(faults)
}

/// Makes the book in the directory `to`.
pub(super) fn make(workspace: &Workspace, to: &Path) -> Result<()> {
    let _lock = workspace.lock("book")?;
    let program = program(workspace)?;
    let from = files::dir_beside(&workspace.target().join("book-source"))?;
    lay(&workspace.root, from.path())?;
    let made = files::dir_beside(to)?;
    Command::new(program).arg(from.path()).arg(made.path()).quiet(workspace, "book")?;
    if !made.path().join("index.html").is_file() {
        bail!("the book has no first page");
    }
    files::put_dir(made, to)
}

/// The program that makes it, compiled if it is not there yet.
fn program(workspace: &Workspace) -> Result<PathBuf> {
    let dir = workspace.root.join("tools/book");
    let key = Key::new()
        .file("manifest", &dir.join("Cargo.toml"))?
        .file("lockfile", &dir.join("Cargo.lock"))?
        .file("program", &dir.join("src/main.rs"))?
        .finish();
    // Whoever makes tools sweeps away what is half made there.
    let _lock = workspace.lock("tools")?;
    let program = workspace.tools().join("book");
    let stamp = workspace.tools().join(".book.key");
    if program.is_file() && stamp::is_current(&stamp, &key) {
        return Ok(program);
    }
    workspace.say("docs", "building what makes the book");
    let target = files::dir_beside(&program)?;
    Command::cargo(workspace)
        .args(["build", "--locked", "--manifest-path"])
        .arg(dir.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target.path())
        .quiet(workspace, "tools-book")
        .context("cannot build tools/book")?;
    fs_err::rename(target.path().join("debug/book"), &program)?;
    stamp::set(&stamp, &key)?;
    Ok(program)
}

/// Lays all pages, and what they show, side by side in `to`.
fn lay(root: &Path, to: &Path) -> Result<()> {
    let pages = pages(root)?;
    for (page, place) in &pages {
        let mut text = fs_err::read_to_string(root.join(page))?;
        if page == Path::new(SUMMARY) {
            // A comment would end the list.
            text = text
                .lines()
                .filter(|line| !line.starts_with("<!--"))
                .collect::<Vec<_>>()
                .join("\n");
        }
        files::write(&to.join(place), moved(root, &pages, page, &text))?;
    }
    for file in files_of_docs(root)? {
        let place = to.join(&file);
        if !place.exists() {
            fs_err::create_dir_all(place.parent().context("a file has a directory")?)?;
            fs_err::copy(root.join("docs").join(&file), place)?;
        }
    }
    Ok(())
}

/// A page with its links as they are from its place in the book.
fn moved(root: &Path, pages: &BTreeMap<PathBuf, PathBuf>, page: &Path, text: &str) -> String {
    let place = &pages[page];
    let mut moved = String::new();
    let mut done = 0;
    for range in links::targets(text) {
        let Some((path, fragment)) = links::resolve(page, &text[range.clone()]) else { continue };
        let readme = path.join("README.md");
        let link = match pages.get(&path).or_else(|| pages.get(&readme)) {
            Some(page) => links::relative(place, page),
            None => match path.strip_prefix("docs") {
                Ok(file) if root.join(&path).is_file() => links::relative(place, file),
                _ => format!("{REPOSITORY}/{}", path.display()),
            },
        };
        moved.push_str(&text[done..range.start]);
        moved.push_str(&link);
        if let Some(fragment) = fragment {
            moved.push('#');
            moved.push_str(fragment);
        }
        done = range.end;
    }
    moved.push_str(&text[done..]);
    moved
}

/// All files below `docs/`, from there.
fn files_of_docs(root: &Path) -> Result<Vec<PathBuf>> {
    let docs = root.join("docs");
    let mut files = Vec::new();
    for entry in WalkDir::new(&docs).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(&docs)?.to_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is below the root")
    }

    #[test]
    fn every_link_leads_somewhere_and_every_page_is_in_the_book() {
        let faults = faults(root()).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn a_link_leads_to_the_page_in_the_book_or_to_the_repository() {
        let pages = pages(root()).unwrap();
        let moved = |page: &str, text: &str| moved(root(), &pages, Path::new(page), text);
        let text =
            "[a](../buildpacks/java) [b](errors.md#x) [c](../samples/java) [d](report.schema.json)";
        insta::assert_snapshot!(moved("docs/debug.md", text), @"[a](buildpacks/java.md) [b](errors.md#x) [c](https://github.com/kouti/kouti/blob/main/samples/java) [d](report.schema.json)");
        let text = "[a](../../docs/settings.md#b) [c](../php/README.md) [d](https://example.com/)";
        insta::assert_snapshot!(moved("buildpacks/java/README.md", text), @"[a](../settings.md#b) [c](php.md) [d](https://example.com/)");
    }
}
