//! Metadata of the properties that a Spring Boot app understands, for tools that read image labels.

use std::io::{BufReader, Read as _};
use std::path::Path;

use kouti::Notice;
use serde_json::{Map, Value, json};

/// Only apps with one of these want the labels.
const WANTED: [&str; 2] = [
    "META-INF/dataflow-configuration-metadata.properties",
    "META-INF/dataflow-configuration-metadata-whitelist.properties",
];

const METADATA: &str = "META-INF/spring-configuration-metadata.json";

/// Registries refuse images whose configuration is much larger.
const MOST: usize = 512 * 1024;

/// The two labels, or why they are left out.
pub(crate) fn labels(
    app_dir: &Path,
    classes: &Path,
    lib: &Path,
) -> (Vec<(String, String)>, Option<Notice>) {
    let places = [classes, app_dir];
    let read =
        |name: &str| places.iter().find_map(|dir| fs_err::read_to_string(dir.join(name)).ok());
    let Some(filter) = WANTED.iter().find_map(|name| read(name)) else {
        return (Vec::new(), None);
    };
    let mut all = Metadata::default();
    if let Some(text) = read(METADATA) {
        all.add(&text);
    }
    let mut jars: Vec<_> =
        fs_err::read_dir(lib).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    jars.sort();
    for jar in jars {
        if let Some(text) = in_jar(&jar) {
            all.add(&text);
        }
    }
    let labels = vec![
        ("org.springframework.boot.spring-configuration-metadata.json".to_owned(), all.text()),
        (
            "org.springframework.cloud.dataflow.spring-configuration-metadata.json".to_owned(),
            all.only(&filter).text(),
        ),
    ];
    if labels.iter().map(|(_, value)| value.len()).sum::<usize>() > MOST {
        let text = "the metadata of the properties of the app is too large for image labels";
        return (Vec::new(), Some(Notice::new(text)));
    }
    (labels, None)
}

fn in_jar(path: &Path) -> Option<String> {
    let file = fs_err::File::open(path).ok()?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).ok()?;
    let mut text = String::new();
    archive.by_name(METADATA).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The three lists of such a file.
#[derive(Default)]
struct Metadata {
    groups: Vec<Value>,
    properties: Vec<Value>,
    hints: Vec<Value>,
}

impl Metadata {
    fn add(&mut self, text: &str) {
        let Ok(Value::Object(found)) = serde_json::from_str(text) else { return };
        let list = |found: &Map<String, Value>, name: &str| {
            found.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        self.groups.extend(list(&found, "groups"));
        self.properties.extend(list(&found, "properties"));
        self.hints.extend(list(&found, "hints"));
    }

    /// What is about the classes and names of a filter.
    fn only(&self, filter: &str) -> Self {
        let listed = |key: &str| -> Vec<String> {
            let lines = filter.lines().filter_map(|line| line.trim().strip_prefix(key));
            let values = lines.filter_map(|line| line.trim_start().strip_prefix('='));
            values.flat_map(|value| value.split(',')).map(|one| one.trim().to_owned()).collect()
        };
        let wanted: Vec<String> = listed("configuration-properties.classes")
            .into_iter()
            .chain(listed("configuration-properties.names"))
            .collect();
        let is_wanted = |value: &Value, key: &str| {
            value[key].as_str().is_some_and(|text| wanted.iter().any(|one| one == text))
        };
        let by_source = |list: &[Value]| -> Vec<Value> {
            let kept = list
                .iter()
                .filter(|value| is_wanted(value, "sourceType") || is_wanted(value, "name"));
            kept.cloned().collect()
        };
        let properties = by_source(&self.properties);
        let hints = self
            .hints
            .iter()
            .filter(|hint| properties.iter().any(|property| property["name"] == hint["name"]));
        Self { groups: by_source(&self.groups), hints: hints.cloned().collect(), properties }
    }

    fn text(&self) -> String {
        json!({ "groups": self.groups, "properties": self.properties, "hints": self.hints })
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{jar, write};

    #[test]
    fn only_apps_with_a_filter_get_labels() {
        let dir = tempfile::tempdir().unwrap();
        let (classes, lib) = (dir.path().join("classes"), dir.path().join("lib"));
        let own = r#"{"properties": [{"name": "a.b", "sourceType": "A"}, {"name": "c.d"}]}"#;
        write(dir.path(), "classes/META-INF/spring-configuration-metadata.json", own.as_bytes());
        let other =
            r#"{"properties": [{"name": "e.f", "sourceType": "E"}], "hints": [{"name": "e.f"}]}"#;
        write(dir.path(), "lib/x.jar", &jar(&[(METADATA, other)]));
        assert!(labels(dir.path(), &classes, &lib).0.is_empty());

        let filter = b"configuration-properties.classes=A, X\nconfiguration-properties.names=e.f\n";
        write(dir.path(), &format!("classes/{}", WANTED[0]), filter);
        let (labels, notice) = labels(dir.path(), &classes, &lib);
        assert_eq!(notice, None);
        assert!(labels[0].1.contains("c.d") && labels[0].1.contains("e.f"));
        assert_eq!(
            labels[1].1,
            r#"{"groups":[],"properties":[{"name":"a.b","sourceType":"A"},{"name":"e.f","sourceType":"E"}],"hints":[{"name":"e.f"}]}"#
        );
    }
}
