//! `docs/errors.md`: every error by its id, with the page a user sees, taken from the test that shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// One error.
#[derive(Debug, Default)]
struct Error {
    /// Crates that can fail with it.
    crates: Vec<String>,
    /// What a user sees, from a snapshot.
    page: Option<String>,
}

const HEAD: &str = "# Errors

<!-- written by `cargo xtask docs` from the tests -->

A build that cannot go on ends with one page: `error[id]: what happened and where`, sometimes the place in a file, then what lies behind it and what to do.
The id never changes, so it can be searched for. Names, versions and addresses below are those of the tests.
";

/// The document, for the errors of all crates.
pub(super) fn document(root: &Path) -> Result<(PathBuf, String)> {
    let mut text = HEAD.to_owned();
    for (id, error) in collect(root)? {
        let _ = write!(text, "\n## `{id}`\n\nFrom {}.\n", error.crates.join(", "));
        if let Some(page) = error.page {
            let _ = write!(text, "\n```text\n{page}```\n");
        }
    }
    Ok((root.join("docs/errors.md"), text))
}

fn collect(root: &Path) -> Result<BTreeMap<String, Error>> {
    let mut errors: BTreeMap<String, Error> = BTreeMap::new();
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    let mut dirs = vec![root.join("shim")];
    for group in ["shared", "buildpacks"] {
        for entry in fs_err::read_dir(root.join(group))? {
            dirs.push(entry?.path());
        }
    }
    for dir in dirs {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Bills of materials cannot fail; their `id`s are those of packages.
        if ["sbom", "testing"].contains(&name.as_str()) {
            continue;
        }
        let owner = if dir.starts_with(root.join("shared")) {
            format!("`shared/{name}`")
        } else if name == "shim" {
            "`shim`, on Cloud Foundry".to_owned()
        } else {
            format!("`kouti/{name}`")
        };
        for file in sources(&dir.join("src"))?.into_iter().chain(sources(&dir.join("tests"))?) {
            let text = fs_err::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            if file.starts_with(dir.join("src")) {
                for id in ids(code(&text)) {
                    let crates = &mut errors.entry(id.to_owned()).or_default().crates;
                    if !crates.contains(&owner) {
                        crates.push(owner.clone());
                    }
                }
            }
            for (id, page) in snapshots(&text) {
                pages.entry(id).or_insert(page);
            }
        }
    }
    for error in errors.values_mut() {
        error.crates.sort();
    }
    for (id, page) in pages {
        errors.entry(id).or_default().page = Some(page);
    }
    Ok(errors)
}

/// All Rust files below `dir`, in the order of their paths.
fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !dir.is_dir() {
        return Ok(found);
    }
    let mut entries = fs_err::read_dir(dir)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// A file without its tests.
fn code(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod tests").map_or(text, |(code, _)| code)
}

/// The ids that a file gives to problems: texts in a function `id`, in `Problem::new`, and first in a known failure
/// or a `Problem`.
fn ids(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn id(&self) -> &'static str {") {
        let body = &code[start..];
        let body = &body[..body.find("\n    }").unwrap_or(body.len())];
        found.extend(body.split('"').skip(1).step_by(2));
    }
    for (start, before) in code.match_indices("let (id, hint) = match error.kind() {") {
        let body = &code[start + before.len()..];
        let body = &body[..body.find("};").unwrap_or(body.len())];
        found.extend(body.split("(\"").skip(1).filter_map(|text| text.split('"').next()));
    }
    for before in ["Problem::new(", " id: "] {
        for (start, _) in code.match_indices(before) {
            // Artifacts, web servers and known vulnerabilities have ids too.
            let is_problem = before == "Problem::new("
                || ["Known {", "KnownFailure {", "Problem {", "Self {"]
                    .iter()
                    .any(|opening| code[..start].trim_end().ends_with(opening));
            let after = code[start + before.len()..].trim_start();
            if let Some(text) = after.strip_prefix('"').filter(|_| is_problem) {
                found.extend(text.split('"').next());
            }
        }
    }
    found
}

/// Error pages in inline snapshots: from the line `error[id]: …` to the end of the snapshot.
fn snapshots(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix("error[") else { continue };
        let Some((id, _)) = rest.split_once("]: ") else { continue };
        let indent = line.len() - line.trim_start().len();
        // Another page may follow in the same snapshot.
        let rest = lines[number + 1..]
            .iter()
            .take_while(|line| !ends_snapshot(line) && !line.trim_start().starts_with("error["));
        let text =
            [line].into_iter().chain(rest).map(|line| line.get(indent..).unwrap_or_default());
        let text: Vec<_> = text.collect();
        found.push((id.to_owned(), text.join("\n").trim_end().to_owned() + "\n"));
    }
    found
}

/// `");`, `"#,`, and whatever else closes a literal and the macros around it.
fn ends_snapshot(line: &str) -> bool {
    let rest = line.trim().strip_prefix('"');
    rest.is_some_and(|rest| rest.chars().all(|c| "#);,} ".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is below the root")
    }

    #[test]
    fn every_id_is_a_name_in_kebab_case() {
        let errors = collect(root()).expect("the sources can be read");
        assert!(errors.len() > 50, "{errors:#?}");
        for id in errors.keys() {
            let word = |word: &str| {
                !word.is_empty()
                    && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            };
            assert!(id.split('-').all(word), "{id}");
        }
    }

    #[test]
    fn every_error_has_its_whole_text_in_a_test() {
        let errors = collect(root()).expect("the sources can be read");
        let untested: Vec<_> =
            errors.iter().filter(|(_, error)| error.page.is_none()).map(|(id, _)| id).collect();
        assert_eq!(
            untested, [""; 0],
            "give each an inline snapshot that starts with `error[id]: `"
        );
    }

    /// The reader of this file knows every way in which an id is given.
    #[test]
    fn every_page_is_that_of_an_error() {
        let errors = collect(root()).expect("the sources can be read");
        let strays: Vec<_> =
            errors.iter().filter(|(_, error)| error.crates.is_empty()).map(|(id, _)| id).collect();
        assert_eq!(strays, [""; 0]);
    }

    /// An id that two crates use means the same in both.
    #[test]
    fn an_id_belongs_to_one_crate() {
        let errors = collect(root()).expect("the sources can be read");
        let shared = ["certificate-not-trusted", "disk-full", "internal"];
        for (id, error) in errors.iter().filter(|(id, _)| !shared.contains(&id.as_str())) {
            assert_eq!(error.crates.len(), 1, "{id} is of {:?}", error.crates);
        }
    }

    /// The ids in the first column of the tables of messages in a README.
    fn ids_of_readme(text: &str) -> Vec<&str> {
        let (_, section) = text.split_once("## Troubleshooting").expect("every README has it");
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let cells =
            rows.map(|row| row.trim_start_matches('|').split('|').next().unwrap_or_default());
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
    }

    /// Every README says what to do about each of its own errors, and names none that there is not. Of a shared crate that
    /// only some buildpacks use, every error is in the README of one of them.
    #[test]
    fn every_readme_has_its_errors() {
        let errors = collect(root()).expect("the sources can be read");
        let mut named = std::collections::BTreeSet::new();
        let mut faults = Vec::new();
        for entry in fs_err::read_dir(root().join("buildpacks")).expect("it can be read") {
            let dir = entry.expect("it can be read").path();
            let owner =
                format!("`kouti/{}`", dir.file_name().unwrap_or_default().to_string_lossy());
            let text = fs_err::read_to_string(dir.join("README.md")).expect("it can be read");
            let ids = ids_of_readme(&text);
            let own = errors.iter().filter(|(_, error)| error.crates.contains(&owner));
            let lacking = own.filter(|(id, _)| !ids.contains(&id.as_str()) && *id != "internal");
            faults.extend(lacking.map(|(id, _)| format!("{owner} lacks {id}")));
            let unknown = ids.iter().filter(|id| !errors.contains_key(**id));
            faults.extend(unknown.map(|id| format!("{owner} has {id}, which there is not")));
            named.extend(ids.iter().map(ToString::to_string));
        }
        for owner in ["`shared/web`", "`shared/node`"] {
            let own = errors.iter().filter(|(_, error)| error.crates.iter().any(|of| of == owner));
            let lacking = own.filter(|(id, _)| !named.contains(*id));
            faults.extend(lacking.map(|(id, _)| format!("no README has {id} of {owner}")));
        }
        assert_eq!(faults, [""; 0]);
    }

    #[test]
    fn ids_and_pages_are_found() {
        let code = "fn id(&self) -> &'static str {\n        \"a-b\"\n    }\nProblem::new(\n    \"c-d\", x)\n\
                    Known {\n    id: \"e-f\",\n}\nArtifact { id: \"g\" }";
        assert_eq!(ids(code), ["a-b", "c-d", "e-f"]);
        let test = "    assert_snapshot!(page, @\"\n    error[a-b]: it broke\n      caused by: x\n    \");\n";
        let page = "error[a-b]: it broke\n  caused by: x\n";
        assert_eq!(snapshots(test), [("a-b".to_owned(), page.to_owned())]);
        for end in ["\") };\n}", "\"\n    );\n}", "\"#\n    );\n}", "\"###);"] {
            let found = snapshots(&test.replace("\");\n", &format!("{end}\nfn other() {{\n")));
            assert_eq!(found, [("a-b".to_owned(), page.to_owned())], "{end}");
        }
        let two = "        error[a-b]: it broke\n\n        hint: mend it\n\n        error[c-d]: so did this\n        \"#);";
        let pages = ["error[a-b]: it broke\n\nhint: mend it\n", "error[c-d]: so did this\n"];
        assert_eq!(
            snapshots(two),
            [("a-b".to_owned(), pages[0].to_owned()), ("c-d".to_owned(), pages[1].to_owned())]
        );
    }
}
