//! Bindings as Cloud Foundry hands them over: JSON in `VCAP_SERVICES`, or in a file
//! named by `VCAP_SERVICES_FILE_PATH`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Binding, Entry, Secret, UnusableBindings};

pub(super) fn read(env: &BTreeMap<String, String>) -> Result<Vec<Binding>, UnusableBindings> {
    let given = |name: &str| env.get(name).filter(|value| !value.trim().is_empty());
    if let Some(json) = given("VCAP_SERVICES") {
        parse(json, "VCAP_SERVICES")
    } else if let Some(path) = given("VCAP_SERVICES_FILE_PATH") {
        let path = PathBuf::from(path);
        let json =
            fs_err::read_to_string(&path).map_err(|error| UnusableBindings::VcapFile { error })?;
        parse(&json, &path.display().to_string())
    } else {
        Ok(Vec::new())
    }
}

/// Never quotes the text in an error: it is full of credentials.
fn parse(json: &str, origin: &str) -> Result<Vec<Binding>, UnusableBindings> {
    let shape = || UnusableBindings::VcapShape { origin: origin.to_owned() };
    let services: Value =
        serde_json::from_str(json).map_err(|error| UnusableBindings::VcapSyntax {
            origin: origin.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
    let mut bindings = Vec::new();
    for (offering, instances) in services.as_object().ok_or_else(shape)? {
        for instance in instances.as_array().ok_or_else(shape)? {
            bindings.push(binding(offering, instance.as_object().ok_or_else(shape)?));
        }
    }
    Ok(bindings)
}

fn binding(offering: &str, instance: &Map<String, Value>) -> Binding {
    let text = |keys: &[&str]| {
        let texts = keys.iter().filter_map(|key| instance.get(*key)?.as_str());
        texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut entries: BTreeMap<_, _> = instance
        .get("credentials")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        // A broker says `null` where there is nothing.
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), entry(value)))
        .collect();

    let label = text(&["label"]).unwrap_or_else(|| offering.to_owned());
    // Users cannot choose the label of a service they define themselves, so its
    // credentials may say what it is.
    let (kind, provider) = if label == "user-provided" {
        (own(&mut entries, "type"), own(&mut entries, "provider"))
    } else {
        (None, None)
    };
    Binding {
        name: text(&["name", "binding_name", "instance_name"]).unwrap_or_else(|| label.clone()),
        kind: kind.unwrap_or(label),
        provider: Some(provider.unwrap_or_else(|| offering.to_owned())),
        tags: instance
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect(),
        entries,
    }
}

fn own(entries: &mut BTreeMap<String, Entry>, key: &str) -> Option<String> {
    let text = entries.get(key)?.value.text().filter(|text| !text.is_empty())?.to_owned();
    entries.remove(key);
    Some(text)
}

fn entry(value: &Value) -> Entry {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Entry { value: Secret(text.into_bytes()), file: None }
}
