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
    for group in ["shared", "buildpacks"] {
        for entry in fs_err::read_dir(root.join(group))? {
            let dir = entry?.path();
            let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Bills of materials cannot fail; their `id`s are those of packages.
            if ["sbom", "testing"].contains(&name.as_str()) {
                continue;
            }
            let owner = if group == "shared" {
                format!("`shared/{name}`")
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
    }
    for (id, error) in &mut errors {
        error.crates.sort();
        error.page = pages.remove(id);
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

/// The ids that a file gives to problems: texts in a function `id`, in `Problem::new` and in a field `id`.
fn ids(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn id(&self) -> &'static str {") {
        let body = &code[start..];
        let body = &body[..body.find("\n    }").unwrap_or(body.len())];
        found.extend(body.split('"').skip(1).step_by(2));
    }
    for before in ["Problem::new(", " id: ", "let (id, hint) = match error.kind() {"] {
        for (start, _) in code.match_indices(before) {
            let after = &code[start + before.len()..];
            if before.ends_with('{') {
                let body = &after[..after.find("};").unwrap_or(after.len())];
                found.extend(body.split("(\"").skip(1).filter_map(|text| text.split('"').next()));
            } else if let Some(text) = after.trim_start().strip_prefix('"') {
                // Other things have ids too, such as known vulnerabilities.
                let id = text.split('"').next().unwrap_or_default();
                found.extend((!id.contains(|c: char| c.is_ascii_uppercase())).then_some(id));
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
        let end = |line: &&&str| !matches!(line.trim(), "\");" | "\"#);" | "\"," | "\"#,");
        let mut page = String::new();
        for line in lines[number..].iter().take_while(end) {
            page.push_str(line.get(indent..).unwrap_or_default());
            page.push('\n');
        }
        found.push((id.to_owned(), page));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Buildpacks that are still being written, and what only they use: not all of their errors stand in tests.
    const UNFINISHED: [&str; 7] = [
        "`kouti/dotnet`",
        "`kouti/httpd`",
        "`kouti/java`",
        "`kouti/nginx`",
        "`kouti/php`",
        "`kouti/static`",
        "`shared/web`",
    ];

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
        let finished =
            |error: &Error| error.crates.iter().any(|owner| !UNFINISHED.contains(&owner.as_str()));
        let untested: Vec<_> = errors
            .iter()
            .filter(|(_, error)| error.page.is_none() && finished(error))
            .map(|(id, _)| id)
            .collect();
        assert_eq!(
            untested, [""; 0],
            "give each an inline snapshot that starts with `error[id]: `"
        );
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

    #[test]
    fn ids_and_pages_are_found() {
        let code = "fn id(&self) -> &'static str {\n        \"a-b\"\n    }\nProblem::new(\n    \"c-d\", x)";
        assert_eq!(ids(code), ["a-b", "c-d"]);
        let test = "    assert_snapshot!(page, @\"\n    error[a-b]: it broke\n      caused by: x\n    \");\n";
        let page = "error[a-b]: it broke\n  caused by: x\n";
        assert_eq!(snapshots(test), [("a-b".to_owned(), page.to_owned())]);
    }
}
