//! `docs/bindings.md`: the bindings that all buildpacks and each of them understand, from their pages.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

const HEAD: &str = "# Bindings

<!-- written by `cargo xtask docs` from the pages of the buildpacks -->

A binding gives a build or an app what does not belong into its source: credentials, certificates, configuration. [What one is, and how to mount
it](settings.md#bindings-of-every-buildpack).
";

pub(super) fn document(root: &Path) -> Result<(PathBuf, String)> {
    let mut text = HEAD.to_owned();
    let every = fs_err::read_to_string(root.join("docs/settings.md"))?;
    let _ = write!(text, "\n## Every buildpack\n\n{}", table(&every).unwrap_or_default());
    let mut readmes = Vec::new();
    for entry in fs_err::read_dir(root.join("buildpacks"))? {
        readmes.push(entry?.path());
    }
    readmes.sort();
    for dir in readmes {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        let readme = fs_err::read_to_string(dir.join("README.md"))?;
        if let Some(table) = table(&readme) {
            let _ = write!(text, "\n## `kouti/{name}`\n\n{table}");
            let _ = writeln!(text, "\nMore in [the page of the buildpack](../buildpacks/{name}).");
        }
    }
    Ok((root.join("docs/bindings.md"), text))
}

/// The first table of a section about bindings.
fn table(page: &str) -> Option<String> {
    let start = page.find("\n## Bindings")?;
    let section = page[start + 1..].split_once('\n')?.1;
    let section = section.split("\n## ").next()?;
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows: String =
        rows.take_while(|line| line.starts_with('|')).flat_map(|row| [row, "\n"]).collect();
    (!rows.is_empty()).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_section_is_taken_and_nothing_else() {
        let page =
            "# X\n\n| a |\n\n## Bindings\n\nThese:\n\n| b |\n|---|\n\n| c |\n\n## More\n\n| d |\n";
        assert_eq!(table(page).as_deref(), Some("| b |\n|---|\n"));
        assert_eq!(table("# X\n\n## Bindings\n\nNone.\n\n## More\n\n| d |\n"), None);
    }
}
