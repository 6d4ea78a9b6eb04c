//! `composer.json`, read once.

use std::path::Path;

use kouti::Problem;
use serde_json::{Map, Value};

use crate::composer_file::{read_object, text, texts};

/// What a build wants to know of a `composer.json`.
///
/// Composer itself is the judge of what a field may hold: one of an unexpected type is as good
/// as absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ComposerJson {
    pub(crate) name: Option<String>,
    pub(crate) require: Vec<(String, String)>,
    pub(crate) require_dev: Vec<(String, String)>,
    /// Names of `scripts`.
    pub(crate) scripts: Vec<String>,
    /// `config.vendor-dir`.
    pub(crate) vendor_dir: Option<String>,
    /// `config.bin-dir`.
    pub(crate) bin_dir: Option<String>,
    /// `config.platform.php`.
    pub(crate) platform_php: Option<String>,
    /// `extra.public-dir`.
    pub(crate) public_dir: Option<String>,
    /// `extra.drupal-scaffold.locations.web-root`.
    pub(crate) drupal_root: Option<String>,
    /// Everything, for the content hash.
    pub(crate) fields: Map<String, Value>,
}

impl ComposerJson {
    pub(crate) fn read(path: &Path, shown: &str) -> Result<Self, Problem> {
        Ok(Self::from(read_object(path, shown)?))
    }
}

impl From<Map<String, Value>> for ComposerJson {
    fn from(fields: Map<String, Value>) -> Self {
        let config = |key: &str| fields.get("config").and_then(|config| config.get(key));
        let extra = |key: &str| fields.get("extra").and_then(|extra| extra.get(key));
        let scripts = fields.get("scripts").and_then(Value::as_object).into_iter().flatten();
        let scaffold = extra("drupal-scaffold").and_then(|all| all.get("locations"));
        Self {
            name: text(fields.get("name")),
            require: texts(fields.get("require")),
            require_dev: texts(fields.get("require-dev")),
            scripts: scripts.map(|(name, _)| name.clone()).collect(),
            vendor_dir: text(config("vendor-dir")),
            bin_dir: text(config("bin-dir")),
            platform_php: text(config("platform").and_then(|platform| platform.get("php"))),
            public_dir: text(extra("public-dir")),
            drupal_root: text(scaffold.and_then(|all| all.get("web-root"))),
            fields,
        }
    }
}
