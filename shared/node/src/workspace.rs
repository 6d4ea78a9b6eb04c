//! Workspaces: several packages that share one lockfile above them.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use fast_glob::glob_match;
use kouti::Problem;

use crate::lockfile::Lockfile;
use crate::package_json::PackageJson;
use crate::yaml;

/// The directory whose lockfile counts for the package in `dir`.
///
/// The package itself if it has one; else the nearest directory above it,
/// still inside the app, that claims it as a member.
pub(crate) fn root(app_dir: &Path, dir: &Path) -> Result<PathBuf, Problem> {
    if !Lockfile::find(dir).is_empty() {
        return Ok(dir.to_owned());
    }
    let mut candidate = dir;
    while candidate != app_dir {
        let Some(parent) = candidate.parent() else { break };
        candidate = parent;
        if claims(app_dir, candidate, dir)? {
            return Ok(candidate.to_owned());
        }
    }
    Ok(dir.to_owned())
}

/// The packages that the workspace at `root` consists of, relative to it.
pub(crate) fn members(root: &Path, package: Option<&PackageJson>) -> io::Result<Vec<PathBuf>> {
    let mut patterns = package.map(|package| package.workspaces.clone()).unwrap_or_default();
    let pnpm = root.join("pnpm-workspace.yaml");
    if pnpm.is_file() {
        patterns.extend(pnpm_packages(&pnpm)?);
    }
    if patterns.is_empty() { Ok(Vec::new()) } else { packages(root, &patterns) }
}

/// The directories below `root` that `patterns` name and that have a `package.json`, relative to it.
pub(crate) fn packages(root: &Path, patterns: &[String]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    find_packages(root, Path::new(""), patterns, &mut found)?;
    Ok(found)
}

fn find_packages(
    root: &Path,
    dir: &Path,
    patterns: &[String],
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(root.join(dir))? {
        let entry = entry?;
        let name = entry.file_name();
        // Links would lead to the same package twice, or around in a circle. Package managers do
        // not look into hidden directories either, and `.git` holds thousands.
        let is_hidden = name.as_bytes().starts_with(b".");
        if entry.file_type()?.is_dir() && name != "node_modules" && !is_hidden {
            names.push(name);
        }
    }
    names.sort();
    for name in names {
        let path = dir.join(name);
        if root.join(&path).join("package.json").is_file() && matches(patterns, &path) {
            found.push(path.clone());
        }
        find_packages(root, &path, patterns, found)?;
    }
    Ok(())
}

fn claims(app_dir: &Path, root: &Path, member: &Path) -> Result<bool, Problem> {
    let Ok(member) = member.strip_prefix(root) else { return Ok(false) };
    let pnpm = root.join("pnpm-workspace.yaml");
    if pnpm.is_file() && matches(&pnpm_packages(&pnpm)?, member) {
        return Ok(true);
    }
    let package = root.join("package.json");
    if package.is_file() {
        let shown = package.strip_prefix(app_dir).unwrap_or(&package).display().to_string();
        if matches(&PackageJson::read(&package, &shown)?.workspaces, member) {
            return Ok(true);
        }
    }
    // Monorepo tools know their packages in ways of their own.
    let has_tool = ["turbo.json", "nx.json"].iter().any(|file| root.join(file).is_file());
    Ok(has_tool && !Lockfile::find(root).is_empty())
}

/// The patterns in `pnpm-workspace.yaml`.
fn pnpm_packages(path: &Path) -> io::Result<Vec<String>> {
    let text = fs_err::read_to_string(path)?;
    Ok(yaml::list(&text, "packages").into_iter().map(str::to_owned).collect())
}

/// Whether `member` is one of those that `patterns` name; the last match decides.
pub(crate) fn matches(patterns: &[String], member: &Path) -> bool {
    let mut found = false;
    for pattern in patterns {
        let (pattern, wanted) = match pattern.strip_prefix('!') {
            Some(pattern) => (pattern, false),
            None => (pattern.as_str(), true),
        };
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        if glob_match(pattern, member.as_os_str().as_bytes()) {
            found = wanted;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        }
        dir
    }

    fn root_of(app: &tempfile::TempDir, member: &str) -> String {
        let root = root(app.path(), &app.path().join(member)).unwrap();
        root.strip_prefix(app.path()).unwrap().display().to_string()
    }

    #[test]
    fn a_member_belongs_to_the_nearest_root_that_names_it() {
        let app = app(&[
            ("package.json", r#"{"workspaces": ["packages/*", "!packages/alone"]}"#),
            ("packages/a/package.json", "{}"),
            ("packages/alone/package.json", "{}"),
        ]);
        assert_eq!(root_of(&app, "packages/a"), "");
        assert_eq!(root_of(&app, "packages/alone"), "packages/alone");
    }

    #[test]
    fn members_are_found_at_any_depth_but_not_in_node_modules() {
        let app = app(&[
            ("apps/web/package.json", "{}"),
            ("apps/web/node_modules/x/package.json", "{}"),
            ("libs/.cache/b/package.json", "{}"),
            ("libs/a/b/package.json", "{}"),
            ("libs/docs/readme.md", ""),
        ]);
        let package = PackageJson::parse(r#"{"workspaces": ["apps/*", "libs/**"]}"#, "").unwrap();
        let members = members(app.path(), Some(&package)).unwrap();
        assert_eq!(members, [Path::new("apps/web"), Path::new("libs/a/b")]);
    }

    #[test]
    fn a_lockfile_of_its_own_makes_a_package_independent() {
        let app = app(&[
            ("package.json", r#"{"workspaces": ["packages/*"]}"#),
            ("packages/a/package-lock.json", "{}"),
        ]);
        assert_eq!(root_of(&app, "packages/a"), "packages/a");
    }

    #[test]
    fn pnpm_names_members_in_a_file_of_its_own() {
        let app = app(&[
            (
                "pnpm-workspace.yaml",
                "# ours\npackages:\n  - 'apps/**' # all\n  - \"libs/*\"\ncatalog:\n  - x\n",
            ),
            ("apps/shop/web/package.json", "{}"),
            ("x/package.json", "{}"),
        ]);
        assert_eq!(root_of(&app, "apps/shop/web"), "");
        assert_eq!(root_of(&app, "x"), "x");
    }

    #[test]
    fn a_monorepo_tool_with_a_lockfile_is_a_root() {
        let app = app(&[("turbo.json", "{}"), ("yarn.lock", ""), ("web/package.json", "{}")]);
        assert_eq!(root_of(&app, "web"), "");
    }
}
