//! `package.json`, read once.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use kouti::{Explain, Fault, Problem, Span, excerpt};
use serde_json::{Map, Value};

/// What a build wants to know of a `package.json`.
///
/// Only the syntax is checked: npm itself is the judge of what a field may hold,
/// so a field of an unexpected type is as good as absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackageJson {
    /// `name`.
    pub name: Option<String>,
    /// `version`.
    pub version: Option<String>,
    /// `main`.
    pub main: Option<String>,
    /// `scripts`, in the order of the file; blank ones are left out.
    pub scripts: IndexMap<String, String>,
    /// `engines`.
    pub engines: BTreeMap<String, String>,
    /// `dependencies`.
    pub dependencies: BTreeMap<String, String>,
    /// `devDependencies`.
    pub dev_dependencies: BTreeMap<String, String>,
    /// `optionalDependencies`.
    pub optional_dependencies: BTreeMap<String, String>,
    /// `packageManager`.
    pub package_manager: Option<String>,
    /// `devEngines.runtime`, those called `node`.
    pub dev_runtimes: Vec<DevEngine>,
    /// `devEngines.packageManager`.
    pub dev_package_managers: Vec<DevEngine>,
    /// `volta.node`.
    pub volta_node: Option<String>,
    /// `volta.extends`: the file in which to go on looking.
    pub volta_extends: Option<String>,
    /// Patterns of `workspaces`.
    pub workspaces: Vec<String>,
    /// `cacheDirectories`.
    pub cache_directories: Vec<String>,
    /// Everything, for [`PackageJson::install_inputs`].
    fields: Map<String, Value>,
}

/// One entry of `devEngines`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DevEngine {
    /// `node`, `npm`, `pnpm`.
    pub name: String,
    /// The range; any if absent.
    pub version: Option<String>,
    /// `ignore`, `warn`, `error` or `download`.
    pub on_fail: Option<String>,
}

/// Fields that change what an install makes. Anything else, such as a script that
/// only tests run, may change without installing anew.
const INSTALL_FIELDS: &[&str] = &[
    "name",
    "version",
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "bundleDependencies",
    "bundledDependencies",
    "dependenciesMeta",
    "overrides",
    "resolutions",
    "pnpm",
    "workspaces",
    "packageManager",
    "devEngines",
    "engines",
    "bin",
    "os",
    "cpu",
    "libc",
    "allowScripts",
    "trustedDependencies",
];

/// Scripts that a package manager runs by itself when it installs.
const INSTALL_SCRIPTS: &[&str] =
    &["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];

impl PackageJson {
    /// Reads the file at `path`; `shown` is how errors name it.
    pub fn read(path: &Path, shown: &str) -> Result<Self, Problem> {
        let bytes = fs_err::read(path)?;
        let text = String::from_utf8(bytes).map_err(|_| BadPackageJson {
            path: shown.to_owned(),
            fault: "is not UTF-8".to_owned(),
            excerpt: None,
            hint: "save it as UTF-8",
        })?;
        Ok(Self::parse(&text, shown)?)
    }

    /// Reads `text`; `shown` is how errors name the file.
    pub fn parse(text: &str, shown: &str) -> Result<Self, BadPackageJson> {
        // Editors on Windows put a byte order mark there, and npm allows it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self::from(fields)),
            Ok(_) => Err(BadPackageJson::not_an_object(text, shown)),
            Err(error) => Err(BadPackageJson::syntax(text, shown, &error)),
        }
    }

    /// The fields and scripts on which the result of an install depends.
    #[must_use]
    pub fn install_inputs(&self) -> String {
        let fields = INSTALL_FIELDS.iter().filter_map(|field| self.fields.get_key_value(*field));
        let mut inputs: BTreeMap<&str, Value> =
            fields.map(|(field, value)| (field.as_str(), value.clone())).collect();
        inputs.insert("scripts", self.install_scripts().collect());
        inputs.into_iter().collect::<Value>().to_string()
    }

    /// The scripts that an install would run, with their texts.
    pub fn install_scripts(&self) -> impl Iterator<Item = (&str, &str)> {
        INSTALL_SCRIPTS
            .iter()
            .filter_map(|name| self.scripts.get_key_value(*name))
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The text of a script.
    #[must_use]
    pub fn script(&self, name: &str) -> Option<&str> {
        self.scripts.get(name).map(String::as_str)
    }

    /// Whether any package is to be installed.
    #[must_use]
    pub fn has_dependencies(&self) -> bool {
        !(self.dependencies.is_empty()
            && self.dev_dependencies.is_empty()
            && self.optional_dependencies.is_empty())
    }

    /// Whether the app depends on `package`, be it for development only.
    #[must_use]
    pub fn depends_on(&self, package: &str) -> bool {
        self.dependencies.contains_key(package)
            || self.dev_dependencies.contains_key(package)
            || self.optional_dependencies.contains_key(package)
    }
}

impl From<Map<String, Value>> for PackageJson {
    fn from(fields: Map<String, Value>) -> Self {
        let volta = |key: &str| text(fields.get("volta").and_then(|volta| volta.get(key)));
        let engines =
            |key: &str| dev_engines(fields.get("devEngines").and_then(|all| all.get(key)));
        let workspaces = fields.get("workspaces");
        Self {
            name: text(fields.get("name")),
            version: text(fields.get("version")),
            main: text(fields.get("main")),
            scripts: texts(fields.get("scripts")).collect(),
            engines: texts(fields.get("engines")).collect(),
            dependencies: texts(fields.get("dependencies")).collect(),
            dev_dependencies: texts(fields.get("devDependencies")).collect(),
            optional_dependencies: texts(fields.get("optionalDependencies")).collect(),
            package_manager: text(fields.get("packageManager")),
            dev_runtimes: engines("runtime"),
            dev_package_managers: engines("packageManager"),
            volta_node: volta("node"),
            volta_extends: volta("extends"),
            // Yarn classic allows `{ "packages": […] }` as well.
            workspaces: list(workspaces.and_then(|all| all.get("packages")).or(workspaces)),
            cache_directories: list(
                fields.get("cacheDirectories").or_else(|| fields.get("cache_directories")),
            ),
            fields,
        }
    }
}

/// A text that is not blank. Numbers count: people write `"node": 24`.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = (String, String)> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(key, value)| Some((key.clone(), text(Some(value))?)))
}

fn list(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| text(Some(item))).collect()
}

fn dev_engines(value: Option<&Value>) -> Vec<DevEngine> {
    let entries = match value {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(entry) => std::slice::from_ref(entry),
        None => &[],
    };
    entries
        .iter()
        .filter_map(|entry| {
            Some(DevEngine {
                name: text(entry.get("name"))?,
                version: text(entry.get("version")),
                on_fail: text(entry.get("onFail")),
            })
        })
        .collect()
}

/// A `package.json` that nobody can read.
#[derive(Debug, thiserror::Error)]
#[error("{path} {fault}")]
pub struct BadPackageJson {
    path: String,
    fault: String,
    excerpt: Option<String>,
    hint: &'static str,
}

impl BadPackageJson {
    fn syntax(text: &str, path: &str, error: &serde_json::Error) -> Self {
        if text.trim().is_empty() {
            return Self {
                path: path.to_owned(),
                fault: "is empty".to_owned(),
                excerpt: None,
                hint: "write at least `{}`, or remove the file",
            };
        }
        // The place is in the excerpt already.
        let reason = error.to_string();
        let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
        let mut span = Span::at(text, error.line(), error.column());
        let reason = match reason {
            "expected ident" | "expected value" => {
                span = word_around(text, &span);
                "expected a value; a text stands in double quotes"
            }
            "key must be a string" => "expected a name in double quotes",
            reason => reason,
        };
        let conflict = text.lines().any(|line| line.starts_with("<<<<<<< "));
        Self {
            path: path.to_owned(),
            fault: "is not valid JSON".to_owned(),
            excerpt: Some(excerpt(path, text, &span, reason)),
            hint: if conflict {
                "resolve the merge conflict in it"
            } else {
                "look for a comma too many or too few, a comment, or single quotes"
            },
        }
    }

    fn not_an_object(text: &str, path: &str) -> Self {
        let start = text.len() - text.trim_start().len();
        let span = Span { bytes: start..start + 1 };
        Self {
            path: path.to_owned(),
            fault: "does not hold an object".to_owned(),
            excerpt: Some(excerpt(path, text, &span, "expected `{`")),
            hint: "put everything between `{` and `}`",
        }
    }
}

/// The whole word, where a parser gave up in the middle of it.
fn word_around(text: &str, span: &Span) -> Span {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let before = &text[..span.bytes.start];
    let after = &text[span.bytes.start..];
    let start = before.trim_end_matches(is_word).len();
    let end = text.len() - after.trim_start_matches(is_word).len();
    Span { bytes: start..end.max(span.bytes.end) }
}

impl Explain for BadPackageJson {
    fn id(&self) -> &'static str {
        "bad-package-json"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![self.hint.to_owned()]
    }

    fn excerpt(&self) -> Option<String> {
        self.excerpt.clone()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn package(text: &str) -> PackageJson {
        PackageJson::parse(text, "package.json").unwrap()
    }

    fn page(text: &str) -> String {
        let problem = Problem::from(PackageJson::parse(text, "package.json").unwrap_err());
        problem.page("", kouti_report::Colour::Off)
    }

    #[test]
    fn fields_of_an_unexpected_type_are_as_good_as_absent() {
        let package = package(
            r#"{"name": 5, "main": ["x"], "scripts": {"start": " node . ", "test": "", "x": {}},
                "engines": {"node": 24}, "workspaces": "x", "devEngines": "node"}"#,
        );
        assert_eq!(package.name.as_deref(), Some("5"));
        assert_eq!(package.main, None);
        assert_eq!(package.scripts.keys().collect::<Vec<_>>(), ["start"]);
        assert_eq!(package.script("start"), Some("node ."));
        assert_eq!(package.engines["node"], "24");
        assert!(package.workspaces.is_empty() && package.dev_runtimes.is_empty());
    }

    #[test]
    fn a_byte_order_mark_is_allowed() {
        assert_eq!(package("\u{feff}{\"name\": \"a\"}").name.as_deref(), Some("a"));
    }

    #[test]
    fn engines_of_developers_are_one_or_a_list() {
        let one = package(r#"{"devEngines": {"runtime": {"name": "node", "version": "24"}}}"#);
        let list = package(
            r#"{"devEngines": {"runtime": [{"name": "bun"}, {"name": "node", "onFail": "ignore"}]}}"#,
        );
        assert_eq!(one.dev_runtimes[0].version.as_deref(), Some("24"));
        assert_eq!(list.dev_runtimes[1].on_fail.as_deref(), Some("ignore"));
    }

    #[test]
    fn workspaces_have_two_forms() {
        for text in
            [r#"{"workspaces": ["a", "b/*"]}"#, r#"{"workspaces": {"packages": ["a", "b/*"]}}"#]
        {
            assert_eq!(package(text).workspaces, ["a", "b/*"]);
        }
    }

    #[test]
    fn only_what_an_install_reads_is_an_input_of_it() {
        let inputs = |text: &str| package(text).install_inputs();
        let base = inputs(r#"{"dependencies": {"a": "1"}, "scripts": {"postinstall": "x"}}"#);
        let cosmetic = r#"{"description": "d", "dependencies": {"a": "1"},
            "scripts": {"postinstall": "x", "test": "jest"}}"#;
        assert_eq!(inputs(cosmetic), base);
        assert_ne!(
            inputs(r#"{"dependencies": {"a": "2"}, "scripts": {"postinstall": "x"}}"#),
            base
        );
        assert_ne!(
            inputs(r#"{"dependencies": {"a": "1"}, "scripts": {"postinstall": "y"}}"#),
            base
        );
    }

    #[test]
    fn a_syntax_error_is_shown_in_place() {
        assert_snapshot!(page("{\n  \"name\": \"app\",\n  \"scripts\": {\n    \"start\": \"node .\",\n  }\n}\n"), @"
        error[bad-package-json]: package.json is not valid JSON
         --> package.json:5:3
          |
        5 |   }
          |   ^ trailing comma

        hint: look for a comma too many or too few, a comment, or single quotes
        ");
    }

    #[test]
    fn an_empty_file_and_a_list_are_errors() {
        assert_snapshot!(page(" \n"), @"
        error[bad-package-json]: package.json is empty

        hint: write at least `{}`, or remove the file
        ");
        assert_snapshot!(page("\n[]"), @"
        error[bad-package-json]: package.json does not hold an object
         --> package.json:2:1
          |
        2 | []
          | ^ expected `{`

        hint: put everything between `{` and `}`
        ");
    }

    #[test]
    fn a_merge_conflict_is_called_by_its_name() {
        assert_snapshot!(page("{\n<<<<<<< HEAD\n  \"name\": \"a\"\n=======\n"), @"
        error[bad-package-json]: package.json is not valid JSON
         --> package.json:2:1
          |
        2 | <<<<<<< HEAD
          | ^ expected a name in double quotes

        hint: resolve the merge conflict in it
        ");
    }
}
