//! The packages in `node_modules`, as they lie there.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde_json::Value;

use super::record::resolve;
use super::{Package, Packages, licenses};
use crate::project::Project;

/// Directories in which links of `node_modules` end: those of pnpm, and of Yarn with its
/// linker `pnpm`.
const STORES: [&str; 2] = [".pnpm", ".store"];

#[derive(Default)]
struct Walk {
    packages: BTreeMap<String, Package>,
    /// What each package says it needs.
    names: BTreeMap<String, Vec<String>>,
    /// Links, and the packages at which they end.
    links: BTreeMap<String, String>,
}

impl Packages {
    /// Reads `node_modules` of every package of the app.
    pub(crate) fn walk(project: &Project) -> io::Result<Self> {
        let mut walk = Walk::default();
        // Links lead to real paths.
        let root = fs_err::canonicalize(&project.root)?;
        let mut dirs = vec![String::new()];
        dirs.extend(project.members.iter().map(|member| member.display().to_string()));
        for dir in &dirs {
            walk.modules(&root, &below(dir, "node_modules"))?;
        }
        let locked = super::locked::read(project)?;
        for package in walk.packages.values_mut() {
            if let Some(details) = locked.get(&format!("{}@{}", package.name, package.version)) {
                package.resolved.clone_from(&details.resolved);
                package.integrity.clone_from(&details.integrity);
            }
        }
        let mut needs = BTreeMap::new();
        for (path, names) in &walk.names {
            let found: BTreeSet<String> =
                names.iter().filter_map(|name| walk.resolve(path, name)).collect();
            needs.insert(path.clone(), found);
        }
        let mut roots = Vec::new();
        for (file, package) in project.packages().unwrap_or_default() {
            let dir = file.parent().and_then(|dir| dir.strip_prefix(&project.root).ok());
            let dir = dir.map(|dir| dir.display().to_string()).unwrap_or_default();
            let names = package.dependencies.keys().chain(package.optional_dependencies.keys());
            roots.extend(names.filter_map(|name| walk.resolve(&dir, name)));
        }
        let mut packages = Self { packages: walk.packages, needs };
        packages.mark_development(roots);
        Ok(packages)
    }
}

impl Walk {
    /// One directory called `node_modules`.
    fn modules(&mut self, root: &Path, modules: &str) -> io::Result<()> {
        let dir = root.join(modules);
        if !dir.is_dir() {
            return Ok(());
        }
        for entry in fs_err::read_dir(&dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = below(modules, &name);
            if STORES.contains(&name.as_str()) {
                for entry in fs_err::read_dir(root.join(&path))? {
                    let store = below(&path, &entry?.file_name().to_string_lossy());
                    self.modules(root, &below(&store, "node_modules"))?;
                    self.package(root, &below(&store, "package"))?;
                }
            } else if name.starts_with('@') {
                for entry in fs_err::read_dir(root.join(&path))? {
                    self.package(root, &below(&path, &entry?.file_name().to_string_lossy()))?;
                }
            } else if !name.starts_with('.') {
                self.package(root, &path)?;
            }
        }
        Ok(())
    }

    fn package(&mut self, root: &Path, path: &str) -> io::Result<()> {
        let dir = root.join(path);
        if dir.is_symlink() {
            if let Ok(target) = fs_err::canonicalize(&dir)
                && let Ok(target) = target.strip_prefix(root)
            {
                self.links.insert(path.to_owned(), target.display().to_string());
            }
            return Ok(());
        }
        let Ok(bytes) = fs_err::read(dir.join("package.json")) else { return Ok(()) };
        // A package that nobody can read is the package manager's business.
        let Ok(manifest) = serde_json::from_slice::<Value>(&bytes) else { return Ok(()) };
        let (package, names) = read(&manifest, path);
        self.packages.insert(path.to_owned(), package);
        self.names.insert(path.to_owned(), names);
        self.modules(root, &below(path, "node_modules"))
    }

    fn resolve(&self, path: &str, name: &str) -> Option<String> {
        resolve(path, name, |candidate| match self.links.get(candidate) {
            Some(target) => Some(target.clone()),
            None => self.packages.contains_key(candidate).then(|| candidate.to_owned()),
        })
    }
}

/// What a `package.json` tells: the package, and the names of what it needs.
pub(super) fn read(manifest: &Value, path: &str) -> (Package, Vec<String>) {
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(str::to_owned);
    let installed_as = path.rsplit_once("node_modules/").map_or(path, |(_, name)| name);
    let package = Package {
        name: text("name").unwrap_or_else(|| installed_as.to_owned()),
        version: text("version").unwrap_or_default(),
        licenses: licenses(manifest.get("license").or_else(|| manifest.get("licenses"))),
        ..Package::default()
    };
    let needs = ["dependencies", "optionalDependencies", "peerDependencies"];
    let needs = needs.into_iter().filter_map(|key| manifest.get(key)?.as_object());
    (package, needs.flat_map(|needs| needs.keys().cloned()).collect())
}

fn below(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;

    fn app(files: &[(&str, &str)], links: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        }
        for (path, target) in links {
            fs_err::os::unix::fs::symlink(target, dir.path().join(path)).unwrap();
        }
        let project = Project::read(dir.path(), "").unwrap();
        (dir, project)
    }

    fn names(packages: &Packages, scope: Scope) -> Vec<String> {
        packages.of(scope).map(|(_, package)| package.name.clone()).collect()
    }

    const PACKAGE: &str = r#"{"dependencies": {"a": "1"}, "devDependencies": {"tool": "1"}}"#;
    const A: &str =
        r#"{"name": "a", "version": "1.0.0", "license": "MIT", "dependencies": {"b": "1"}}"#;
    const B: &str = r#"{"name": "b", "version": "1.1.0"}"#;
    const TOOL: &str = r#"{"name": "tool", "version": "2.0.0"}"#;

    #[test]
    fn what_the_app_does_not_need_is_for_developers() {
        let (_dir, project) = app(
            &[
                ("package.json", PACKAGE),
                (
                    "yarn.lock",
                    "a@1:\n  version \"1.0.0\"\n  integrity sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\n",
                ),
                ("node_modules/a/package.json", A),
                ("node_modules/b/package.json", B),
                ("node_modules/tool/package.json", TOOL),
                ("node_modules/.bin/tool", ""),
            ],
            &[],
        );
        let packages = Packages::walk(&project).unwrap();
        assert_eq!(names(&packages, Scope::Production), ["a", "b"]);
        assert_eq!(names(&packages, Scope::Development), ["tool"]);
        let document = packages.document(Scope::Production, "app", "");
        assert_eq!(document.components[0].licenses, ["MIT"]);
        assert_eq!(document.components[0].checksums.len(), 1);
        assert_eq!(document.dependencies.len(), 1);
    }

    #[test]
    fn links_of_pnpm_lead_to_the_packages() {
        let (_dir, project) = app(
            &[
                ("package.json", PACKAGE),
                ("node_modules/.pnpm/a@1.0.0/node_modules/a/package.json", A),
                ("node_modules/.pnpm/b@1.1.0/node_modules/b/package.json", B),
                ("node_modules/.pnpm/tool@2.0.0/node_modules/tool/package.json", TOOL),
            ],
            &[
                ("node_modules/a", ".pnpm/a@1.0.0/node_modules/a"),
                ("node_modules/tool", ".pnpm/tool@2.0.0/node_modules/tool"),
                ("node_modules/.pnpm/a@1.0.0/node_modules/b", "../../b@1.1.0/node_modules/b"),
            ],
        );
        let packages = Packages::walk(&project).unwrap();
        assert_eq!(names(&packages, Scope::Production), ["a", "b"]);
        assert_eq!(names(&packages, Scope::Development), ["tool"]);
    }
}
