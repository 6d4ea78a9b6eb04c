//! Where Composer's files are, and reading them as JSON.

use std::path::{Component, Path, PathBuf};

use kouti::{Explain, Fault, Problem, Span, excerpt};
use serde_json::{Map, Value};

/// The composer file of an app and its lock, as Composer names them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ComposerFiles {
    /// `composer.json`, or what `COMPOSER` names; relative to the app.
    pub(crate) json: String,
    /// `composer.lock`, by Composer's rule.
    pub(crate) lock: String,
    /// Whether the composer file exists.
    pub(crate) has_json: bool,
    /// Whether the lock exists.
    pub(crate) has_lock: bool,
}

impl ComposerFiles {
    /// `named` is the value of `COMPOSER`.
    pub(crate) fn find(app_dir: &Path, named: Option<&str>) -> Self {
        let json = named.map_or("composer.json", |name| name.trim_start_matches("./"));
        let json = Path::new(json).strip_prefix(app_dir).unwrap_or(Path::new(json));
        let json = json.to_string_lossy().into_owned();
        let lock = match json.strip_suffix(".json") {
            Some(stem) => format!("{stem}.lock"),
            None => format!("{json}.lock"),
        };
        Self {
            has_json: app_dir.join(&json).is_file(),
            has_lock: app_dir.join(&lock).is_file(),
            json,
            lock,
        }
    }
}

/// Reads a JSON object; `shown` is how errors name the file.
pub(crate) fn read_object(path: &Path, shown: &str) -> Result<Map<String, Value>, Problem> {
    let bytes = fs_err::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| BadComposerFile {
        path: shown.to_owned(),
        fault: "is not UTF-8".to_owned(),
        excerpt: None,
        hint: "save it as UTF-8",
    })?;
    Ok(parse_object(&text, shown)?)
}

pub(crate) fn parse_object(text: &str, shown: &str) -> Result<Map<String, Value>, BadComposerFile> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        // PHP's empty map.
        Ok(Value::Array(all)) if all.is_empty() => Ok(Map::new()),
        Ok(_) => Err(BadComposerFile {
            path: shown.to_owned(),
            fault: "is not a JSON object".to_owned(),
            excerpt: None,
            hint: "it must begin with `{` and end with `}`",
        }),
        Err(error) => Err(syntax(text, shown, &error)),
    }
}

fn syntax(text: &str, shown: &str, error: &serde_json::Error) -> BadComposerFile {
    let conflict = text.lines().position(|line| line.starts_with("<<<<<<<"));
    let (span, label, hint) = match conflict {
        Some(line) => (
            Span::at(text, line + 1, 1),
            "a merge conflict begins here",
            "resolve the conflict; for a lock file, take one side and run `composer update --lock`",
        ),
        None => (
            Span::at(text, error.line(), error.column()),
            "here it goes wrong",
            "look for a comma too many or too few, a comment, or single quotes",
        ),
    };
    BadComposerFile {
        path: shown.to_owned(),
        fault: "is not valid JSON".to_owned(),
        excerpt: Some(excerpt(shown, text, &span, label)),
        hint,
    }
}

/// A map of texts. PHP writes an empty one as `[]`; what is no text is left out.
pub(crate) fn texts(value: Option<&Value>) -> Vec<(String, String)> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A text that is not blank.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `path` without `.` and a slash at the end; nothing if it leads out of the app.
pub(crate) fn inside(app_dir: &Path, path: &str) -> Option<String> {
    let path = Path::new(path);
    let path = path.strip_prefix(app_dir).unwrap_or(path);
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean.to_string_lossy().into_owned())
}

/// A file of Composer that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path} {fault}")]
pub(crate) struct BadComposerFile {
    path: String,
    fault: String,
    excerpt: Option<String>,
    hint: &'static str,
}

impl Explain for BadComposerFile {
    fn id(&self) -> &'static str {
        "bad-composer-file"
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

/// `COMPOSER` names a file that is not there.
#[derive(Debug, thiserror::Error)]
#[error("COMPOSER names `{path}`, which does not exist")]
pub(crate) struct NoComposerFile {
    pub(crate) path: String,
}

impl Explain for NoComposerFile {
    fn id(&self) -> &'static str {
        "no-composer-file"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a file of the app, relative to its root, or leave COMPOSER out".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_named_after_the_composer_file() {
        let lock = |named: Option<&str>| ComposerFiles::find(Path::new("/app"), named).lock;
        assert_eq!(lock(None), "composer.lock");
        assert_eq!(lock(Some("./conf/other.json")), "conf/other.lock");
        assert_eq!(lock(Some("/app/conf/other.json")), "conf/other.lock");
        assert_eq!(lock(Some("composer-other")), "composer-other.lock");
    }

    #[test]
    fn paths_stay_inside_the_app() {
        let inside = |path: &str| inside(Path::new("/app"), path);
        for (path, clean) in
            [("./vendor2/", "vendor2"), ("lib/../vendor", "vendor"), ("/app/x", "x"), (".", "")]
        {
            assert_eq!(inside(path).as_deref(), Some(clean), "{path}");
        }
        for path in ["../vendor", "/vendor", "a/../../b"] {
            assert_eq!(inside(path), None, "{path}");
        }
    }

    #[test]
    fn an_empty_map_may_be_a_list() {
        assert_eq!(texts(Some(&serde_json::json!([]))), []);
        assert!(parse_object("[]", "x").unwrap().is_empty());
    }
}
