//! The packages of an app, for its bill of materials.
//!
//! npm leaves a record of what it installed; of the others, what is on the disk is read.

mod locked;
mod plug_and_play;
mod record;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use kouti::sbom::{Component, Document, Purl};
use serde_json::Value;

/// What is installed, by path relative to the root of the app's packages.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    packages: BTreeMap<String, Package>,
    /// Which packages each of them needs.
    needs: BTreeMap<String, BTreeSet<String>>,
}

/// One installed package.
#[derive(Clone, Debug, Default)]
struct Package {
    name: String,
    version: String,
    resolved: Option<String>,
    integrity: Option<String>,
    licenses: Vec<String>,
    dev: bool,
    optional: bool,
}

/// Who needs a package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// The app when it runs.
    Production,
    /// Only its developers and its build.
    Development,
}

impl Packages {
    /// How many packages are needed there.
    #[must_use]
    pub fn count(&self, scope: Scope) -> usize {
        self.of(scope).count()
    }

    fn of(&self, scope: Scope) -> impl Iterator<Item = (&str, &Package)> {
        self.packages
            .iter()
            .filter(move |(_, package)| package.dev == (scope == Scope::Development))
            .map(|(path, package)| (path.as_str(), package))
    }

    /// The bill of materials of one scope.
    #[must_use]
    pub fn document(&self, scope: Scope, app: &str, found_by: &str) -> Document {
        let components: BTreeMap<&str, Component> =
            self.of(scope).map(|(path, package)| (path, package.component(path, scope))).collect();
        let mut dependencies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, component) in &components {
            let needed = self.needs.get(*path).into_iter().flatten();
            let ids = needed.filter_map(|needed| components.get(needed.as_str()));
            let ids: BTreeSet<_> = ids.map(Component::id).collect();
            if !ids.is_empty() {
                dependencies.insert(component.id(), ids);
            }
        }
        Document {
            name: app.to_owned(),
            version: String::new(),
            found_by: found_by.to_owned(),
            components: components.into_values().collect(),
            dependencies,
        }
    }

    /// Marks everything that cannot be reached from `roots` as needed by developers only.
    fn mark_development(&mut self, roots: impl IntoIterator<Item = String>) {
        let mut waiting: Vec<String> = roots.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(path) = waiting.pop() {
            if reached.insert(path.clone()) {
                waiting.extend(self.needs.get(&path).into_iter().flatten().cloned());
            }
        }
        for (path, package) in &mut self.packages {
            package.dev = !reached.contains(path);
        }
    }
}

impl Package {
    fn component(&self, path: &str, scope: Scope) -> Component {
        let scope = match scope {
            Scope::Development => "development",
            Scope::Production if self.optional => "optional",
            Scope::Production => "production",
        };
        Component {
            name: self.name.clone(),
            version: self.version.clone(),
            purl: purl(&self.name, &self.version, self.resolved.as_deref()),
            licenses: self.licenses.clone(),
            checksums: self
                .integrity
                .iter()
                .flat_map(|integrity| integrity.split_whitespace())
                .filter_map(|digest| digest.parse().ok())
                .collect(),
            download: self.resolved.clone().filter(|url| url.starts_with("http")),
            location: Some(path.to_owned()),
            properties: [("kouti:scope".to_owned(), scope.to_owned())].into(),
            ..Component::default()
        }
    }
}

fn purl(name: &str, version: &str, resolved: Option<&str>) -> Option<Purl> {
    let purl = match name.split_once('/') {
        Some((scope, name)) => Purl::new("npm", name).ok()?.namespace(scope),
        None => Purl::new("npm", name).ok()?,
    };
    let purl = purl.version(version);
    Some(match resolved.filter(|from| from.starts_with("git+")) {
        Some(repository) => purl.qualifier("vcs_url", repository),
        None => purl,
    })
}

/// `"MIT"` today; old packages have an object, or a list of them.
fn licenses(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Object(object)) => {
            object.get("type").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
        }
        Some(Value::Array(all)) => all.iter().flat_map(|one| licenses(Some(one))).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages() -> Packages {
        Packages::from_record(
            r#"{"lockfileVersion": 3, "packages": {
                "node_modules/a": {"version": "1.0.0", "license": "MIT", "dependencies": {"b": "^2", "@s/c": "1"},
                    "resolved": "https://registry.example/a/-/a-1.0.0.tgz", "integrity": "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0="},
                "node_modules/a/node_modules/b": {"version": "2.0.0", "optional": true},
                "node_modules/b": {"version": "1.0.0", "dev": true, "dependencies": {"a": "1"}},
                "node_modules/@s/c": {"version": "3.0.0", "resolved": "git+ssh://git@example.com/c.git#abc", "license": {"type": "ISC"}},
                "node_modules/alias": {"name": "real", "version": "4.0.0"},
                "node_modules/member": {"resolved": "packages/member", "link": true}
            }}"#,
        )
        .unwrap()
    }

    fn names(document: &Document) -> Vec<String> {
        let names = document.components.iter().map(|c| format!("{} {}", c.name, c.version));
        names.collect()
    }

    #[test]
    fn what_only_developers_need_is_apart() {
        let production = packages().document(Scope::Production, "app", "kouti/nodejs");
        let development = packages().document(Scope::Development, "app", "kouti/nodejs");
        assert_eq!(names(&production), ["@s/c 3.0.0", "a 1.0.0", "b 2.0.0", "real 4.0.0"]);
        assert_eq!(names(&development), ["b 1.0.0"]);
    }

    #[test]
    fn a_dependency_is_the_nearest_package_of_that_name() {
        let document = packages().document(Scope::Production, "app", "");
        let component = |name: &str| {
            document.components.iter().find(|component| component.name == name).unwrap().id()
        };
        assert_eq!(
            document.dependencies[&component("a")],
            [component("b"), component("@s/c")].into()
        );
    }

    #[test]
    fn components_say_where_they_come_from() {
        let document = packages().document(Scope::Production, "app", "");
        let c = &document.components[0];
        assert_eq!(
            c.purl.as_ref().unwrap().to_string(),
            "pkg:npm/%40s/c@3.0.0?vcs_url=git%2Bssh:%2F%2Fgit%40example.com%2Fc.git%23abc"
        );
        assert_eq!(c.licenses, ["ISC"]);
        assert_eq!(c.download, None);
        assert_eq!(document.components[1].checksums.len(), 1);
        assert_eq!(document.components[2].properties["kouti:scope"], "optional");
    }
}
