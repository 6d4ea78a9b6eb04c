//! Metadata on its way through the image's label, which is JSON.
//!
//! The way back loses types: the lifecycle reads every JSON number as a float
//! and writes `format = 2` as `format = 2.0`, and a date comes back as a string.
//! A buildpack that compares such a value with what it would write never reuses its layer.

use serde_json::Value as Json;
use toml::Value as Toml;

/// As a label holds it.
pub(crate) fn to_json(value: Toml) -> Json {
    match value {
        Toml::String(text) => text.into(),
        Toml::Integer(number) => number.into(),
        Toml::Float(number) => number.into(),
        Toml::Boolean(flag) => flag.into(),
        Toml::Datetime(time) => time.to_string().into(),
        Toml::Array(values) => values.into_iter().map(to_json).collect(),
        Toml::Table(table) => table.into_iter().map(|(key, value)| (key, to_json(value))).collect(),
    }
}

/// As a buildpack gets it back.
pub(crate) fn from_json(value: &Json) -> Option<Toml> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(flag) => Toml::Boolean(*flag),
        Json::Number(number) => Toml::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Toml::String(text.clone()),
        Json::Array(values) => Toml::Array(values.iter().filter_map(from_json).collect()),
        Json::Object(object) => Toml::Table(
            object
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), from_json(value)?)))
                .collect(),
        ),
    })
}

/// A whole `[metadata]` table.
pub(crate) fn table_from_json(value: &Json) -> toml::Table {
    match from_json(value) {
        Some(Toml::Table(table)) => table,
        _ => toml::Table::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_floats_and_dates_as_text() {
        let written: toml::Table = toml::from_str(
            r#"
            version = "22.11.0"
            format = 2
            ratio = 0.5
            built = 2024-10-29T00:00:00Z
            flags = [true, false]
            nested = { depth = 1 }
            "#,
        )
        .unwrap();
        let restored = table_from_json(&to_json(Toml::Table(written)));
        insta::assert_snapshot!(toml::to_string(&restored).unwrap(), @r#"
        built = "2024-10-29T00:00:00Z"
        flags = [true, false]
        format = 2.0
        ratio = 0.5
        version = "22.11.0"

        [nested]
        depth = 1.0
        "#);
    }
}
