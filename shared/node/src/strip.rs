//! Removes from installed packages what nobody runs.

use std::io;
use std::path::Path;

use crate::project::Project;

/// Directories at the top of a package that are for its authors.
const DIRECTORIES: [&str; 6] = ["test", "tests", "docs", "doc", "example", "examples"];

impl Project {
    /// Removes documents, source maps, sources of built files, tests and examples from every
    /// package. Licences stay.
    pub fn strip_modules(&self) -> io::Result<()> {
        for tree in self.module_trees() {
            strip(&self.root.join(tree))?;
        }
        Ok(())
    }
}

fn strip(dir: &Path) -> io::Result<()> {
    let is_package = dir.join("package.json").is_file();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if is_package && DIRECTORIES.contains(&name.as_ref()) {
                fs_err::remove_dir_all(&path)?;
            } else {
                strip(&path)?;
            }
        } else if is_needless(&path, &name) {
            fs_err::remove_file(&path)?;
        }
    }
    Ok(())
}

fn is_needless(path: &Path, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_licence = ["licen", "copying", "notice"].iter().any(|word| lower.contains(word));
    let ends_in = |ending: &str| lower.ends_with(ending);
    let is_built = || ["js", "cjs", "mjs"].iter().any(|end| path.with_extension(end).is_file());
    !is_licence
        && (ends_in(".md") || ends_in(".map") || ends_in(".d.ts") || ends_in(".ts") && is_built())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_and_licences_stay() {
        let app = tempfile::tempdir().unwrap();
        let package = app.path().join("node_modules/@scope/a");
        let kept =
            ["package.json", "LICENSE.md", "index.js", "lib/only.ts", "lib/test/run.js", "docs.js"];
        let gone = [
            "README.md",
            "index.js.map",
            "index.ts",
            "types.d.ts",
            "test/a.js",
            "docs/b.js",
            "node_modules/b/readme.md",
        ];
        for file in kept.iter().chain(&gone) {
            let path = package.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "{}").unwrap();
        }
        Project::read(app.path(), "").unwrap().strip_modules().unwrap();
        for file in kept {
            assert!(package.join(file).is_file(), "{file}");
        }
        for file in gone {
            assert!(!package.join(file).exists(), "{file}");
        }
    }
}
