//! `composer.lock`, read once.

use std::path::Path;

use kouti::{Explain, Fault, Problem};
use serde_json::{Map, Value};

use crate::composer_file::{read_object, text, texts};

/// What a build wants to know of a lock.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ComposerLock {
    pub(crate) content_hash: Option<String>,
    pub(crate) packages: Vec<Package>,
    pub(crate) packages_dev: Vec<Package>,
    pub(crate) platform: Vec<(String, String)>,
    pub(crate) platform_dev: Vec<(String, String)>,
    /// `platform-overrides.php`.
    pub(crate) override_php: Option<String>,
    pub(crate) plugin_api: Option<String>,
}

/// A package that Composer has locked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// `library`, `composer-plugin`.
    pub(crate) kind: String,
    pub(crate) require: Vec<(String, String)>,
    pub(crate) conflict: Vec<(String, String)>,
    /// Names it provides or replaces.
    pub(crate) stands_for: Vec<String>,
    pub(crate) licenses: Vec<String>,
    /// Whether it is copied from a directory of the app, which may change without the lock.
    pub(crate) is_path: bool,
    pub(crate) dist_url: Option<String>,
    pub(crate) dist_shasum: Option<String>,
    /// Address and commit of the source.
    pub(crate) source: Option<(String, String)>,
    pub(crate) abandoned: bool,
}

impl ComposerLock {
    pub(crate) fn read(path: &Path, shown: &str) -> Result<Self, Problem> {
        let fields = read_object(path, shown)?;
        Ok(Self::from_fields(&fields).ok_or_else(|| NotALock { path: shown.to_owned() })?)
    }

    fn from_fields(fields: &Map<String, Value>) -> Option<Self> {
        let packages = |key: &str| match fields.get(key) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(value) => value.as_array()?.iter().map(Package::read).collect(),
        };
        fields.get("packages")?;
        let overrides = fields.get("platform-overrides");
        Some(Self {
            content_hash: text(fields.get("content-hash")),
            packages: packages("packages")?,
            packages_dev: packages("packages-dev")?,
            platform: texts(fields.get("platform")),
            platform_dev: texts(fields.get("platform-dev")),
            override_php: text(overrides.and_then(|all| all.get("php"))),
            plugin_api: text(fields.get("plugin-api-version")),
        })
    }

    /// The packages that an install brings, development packages if `dev`.
    pub(crate) fn installed(&self, dev: bool) -> impl Iterator<Item = &Package> {
        self.packages.iter().chain(self.packages_dev.iter().filter(move |_| dev))
    }
}

impl Package {
    fn read(value: &Value) -> Option<Self> {
        let list = |key: &str| match value.get(key) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => {
                all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let names = |key: &str| texts(value.get(key)).into_iter().map(|(name, _)| name);
        let dist = |key: &str| text(value.get("dist").and_then(|dist| dist.get(key)));
        let source = |key: &str| text(value.get("source").and_then(|source| source.get(key)));
        Some(Self {
            name: text(value.get("name"))?,
            version: text(value.get("version"))?,
            kind: text(value.get("type")).unwrap_or_else(|| "library".to_owned()),
            require: texts(value.get("require")),
            conflict: texts(value.get("conflict")),
            stands_for: names("provide").chain(names("replace")).collect(),
            licenses: list("license"),
            is_path: dist("type").as_deref() == Some("path"),
            dist_url: dist("url"),
            dist_shasum: dist("shasum"),
            source: source("url").zip(source("reference")),
            abandoned: value.get("abandoned").is_some_and(|why| why != &Value::Bool(false)),
        })
    }
}

/// JSON that Composer has not written.
#[derive(Debug, thiserror::Error)]
#[error("{path} is not a lock file that Composer wrote: it lists no packages")]
pub(crate) struct NotALock {
    path: String,
}

impl Explain for NotALock {
    fn id(&self) -> &'static str {
        "bad-composer-lock"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["run `composer update` and commit what it writes".to_owned()]
    }
}
