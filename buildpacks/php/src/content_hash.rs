//! The hash by which a lock knows whether it was made from a `composer.json`.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use serde_json::{Map, Value};

/// The fields that count.
const FIELDS: [&str; 11] = [
    "conflict",
    "extra",
    "minimum-stability",
    "name",
    "prefer-stable",
    "provide",
    "replace",
    "repositories",
    "require",
    "require-dev",
    "version",
];

/// Computes what Composer writes as `content-hash`.
pub(crate) fn content_hash(fields: &Map<String, Value>) -> String {
    let mut relevant = Map::new();
    for field in FIELDS {
        if let Some(value) = fields.get(field).filter(|value| !value.is_null()) {
            relevant.insert(field.to_owned(), value.clone());
        }
    }
    if let Some(platform) = fields.get("config").and_then(|config| config.get("platform")) {
        let config = Map::from_iter([("platform".to_owned(), platform.clone())]);
        relevant.insert("config".to_owned(), Value::Object(config));
    }
    relevant.sort_keys();
    let mut text = String::new();
    encode(&Value::Object(relevant), &mut text);
    let mut hash = String::new();
    for byte in Md5::digest(text) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

/// As PHP's `json_encode` writes what its `json_decode` has read into arrays.
fn encode(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => quoted(string, text),
        Value::Array(all) => list(all.iter(), text),
        // An array whose keys are 0, 1, 2 … is a list, and so is an empty one.
        Value::Object(fields)
            if fields.keys().enumerate().all(|(n, key)| *key == n.to_string()) =>
        {
            list(fields.values(), text);
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                quoted(key, text);
                text.push(':');
                encode(value, text);
            }
            text.push('}');
        }
    }
}

fn list<'a>(all: impl Iterator<Item = &'a Value>, text: &mut String) {
    text.push('[');
    for (index, value) in all.enumerate() {
        if index > 0 {
            text.push(',');
        }
        encode(value, text);
    }
    text.push(']');
}

fn quoted(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '/' => text.push_str("\\/"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' '..='~' => text.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(json: &str) -> String {
        content_hash(serde_json::from_str::<Value>(json).unwrap().as_object().unwrap())
    }

    fn encoded(json: &str) -> String {
        let mut text = String::new();
        encode(&serde_json::from_str(json).unwrap(), &mut text);
        text
    }

    #[test]
    fn values_are_written_as_php_writes_them() {
        assert_eq!(
            encoded(r#"{"a/b": "ü😀\u0001", "e": {}}"#),
            r#"{"a\/b":"\u00fc\ud83d\ude00\u0001","e":[]}"#
        );
        assert_eq!(encoded(r#"{"0": 1, "1": true}"#), "[1,true]");
    }

    #[test]
    fn composer_has_written_the_same_into_the_lock_of_the_sample() {
        let json = include_str!("../../../samples/php/composer.json");
        let lock: Value =
            serde_json::from_str(include_str!("../../../samples/php/composer.lock")).unwrap();
        assert_eq!(lock["content-hash"], hash(json));
    }

    #[test]
    fn only_what_changes_the_packages_counts() {
        let bare = hash(r#"{"require": {"php": "^8.2"}}"#);
        assert_eq!(hash(r#"{"require": {"php": "^8.2"}, "scripts": {"x": "y"}}"#), bare);
        assert_ne!(hash(r#"{"require": {"php": "^8.3"}}"#), bare);
    }
}
