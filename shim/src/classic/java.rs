//! The Java buildpack's `JBP_CONFIG_*`: YAML, sometimes in the brackets of an old list syntax. What an operator has set
//! for all apps, `JBP_DEFAULT_*`, has less weight.

use kouti_launch::Env;
use kouti_report::Problem;
use serde_json::{Map, Value};

use super::{Classic, unreadable};

/// The value at a path of keys, under our name.
const SETTINGS: [(&str, &[&str], &str); 8] = [
    ("OPEN_JDK_JRE", &["jre", "version"], "BP_JVM_VERSION"),
    ("OPEN_JDK_JRE", &["memory_calculator", "stack_threads"], "BPL_JVM_THREAD_COUNT"),
    ("OPEN_JDK_JRE", &["memory_calculator", "class_count"], "BPL_JVM_LOADED_CLASS_COUNT"),
    ("OPEN_JDK_JRE", &["memory_calculator", "headroom"], "BPL_JVM_HEAD_ROOM"),
    ("TOMCAT", &["tomcat", "version"], "BP_TOMCAT_VERSION"),
    ("TOMCAT", &["tomcat", "context_path"], "BP_TOMCAT_CONTEXT_PATH"),
    ("TOMCAT", &["access_logging_support", "access_logging"], "BPL_TOMCAT_ACCESS_LOGGING_ENABLED"),
    ("JAVA_MAIN", &["java_main_class"], "BP_JAVA_MAIN_CLASS"),
];

/// Options that the app gets at its start, besides `JAVA_OPTS` unless they replace it.
pub(super) const OPTIONS: &str = "JAVA_OPTS";

pub(super) fn read(env: &Env, classic: &mut Classic) -> Result<(), Problem> {
    for prefix in ["JBP_DEFAULT_", "JBP_CONFIG_"] {
        for (name, text) in env.as_map() {
            let Some(component) = name.strip_prefix(prefix) else { continue };
            if text.trim().is_empty() {
                continue;
            }
            component_of(name, component, text, env, classic)?;
        }
    }
    Ok(())
}

fn component_of(
    name: &str,
    component: &str,
    text: &str,
    env: &Env,
    classic: &mut Classic,
) -> Result<(), Problem> {
    let mut leaves = Vec::new();
    flatten(&map(name, text)?, &mut Vec::new(), &mut leaves);
    for (path, value) in leaves {
        let known = SETTINGS.iter().find(|(known, keys, _)| *known == component && path == *keys);
        let origin = format!("{name}: {}", path.join("."));
        match known {
            Some((_, _, ours)) if ours.ends_with("_ENABLED") => {
                classic.add(ours, (value == "enabled" || value == "true").to_string(), origin);
            }
            Some((_, _, ours)) if ours.ends_with("_VERSION") => {
                classic.add(ours, version(&value), origin);
            }
            Some((_, _, ours)) => classic.add(ours, value, origin),
            None if component == OPTIONS && path == ["java_opts"] => {
                let own = env.given(OPTIONS).unwrap_or_default();
                classic.add(OPTIONS, format!("{value} {own}").trim().to_owned(), origin);
            }
            // The user's own are always taken.
            None if component == OPTIONS && path == ["from_environment"] => {}
            None => classic.unknown.push(origin),
        }
    }
    Ok(())
}

fn map(name: &str, text: &str) -> Result<Map<String, Value>, Problem> {
    let wrong = |reason: &str| {
        unreadable(name, &format!("{reason}; it is YAML such as `{{ jre: {{ version: 21.+ }} }}`"))
    };
    let value: Value = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map_or(1, |place| place.column());
        wrong(&format!("something is wrong at column {place}"))
    })?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Array(items) => {
            let mut all = Map::new();
            for item in items {
                let Value::Object(map) = item else {
                    return Err(wrong("an entry of the list has no key"));
                };
                all.extend(map);
            }
            Ok(all)
        }
        _ => Err(wrong("it has no key")),
    }
}

/// All values that are none of maps, as text with the keys that lead to them. A list is a text with blanks.
fn flatten(
    map: &Map<String, Value>,
    path: &mut Vec<String>,
    leaves: &mut Vec<(Vec<String>, String)>,
) {
    for (key, value) in map {
        path.push(key.clone());
        match value {
            Value::Object(inner) => flatten(inner, path, leaves),
            Value::Array(items) => {
                let words: Vec<_> = items.iter().map(text).collect();
                leaves.push((path.clone(), words.join(" ")));
            }
            value => leaves.push((path.clone(), text(value))),
        }
        path.pop();
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `17.+` and `17.0.+` are prefixes; before Java 9 the major version was the second number.
fn version(text: &str) -> String {
    let text = text.trim_end_matches('+').trim_end_matches(['.', '_']);
    let text = text.strip_prefix("1.").filter(|rest| rest.starts_with('8')).unwrap_or(text);
    match text.split_once("8.0") {
        Some(("", _)) => "8".to_owned(),
        _ => text.to_owned(),
    }
}
