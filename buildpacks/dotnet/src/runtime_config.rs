//! `*.runtimeconfig.json`: which frameworks a published app runs on.

use kouti::version::Version;
use kouti::{Explain, Fault};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lenient_json::{self, BadJson, Role};
use crate::runtime_roll_forward::RollForward;

/// The framework of every app.
pub(crate) const NETCORE: &str = "Microsoft.NETCore.App";
/// That of web apps.
pub(crate) const ASPNETCORE: &str = "Microsoft.AspNetCore.App";

/// What an app says about its runtime.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RuntimeConfig {
    /// The file, relative to the app.
    pub(crate) path: String,
    /// What it needs; empty if it brings its runtime.
    pub(crate) frameworks: Vec<Framework>,
    /// What it brings.
    pub(crate) included: Vec<Framework>,
    /// `System.Globalization.Invariant`.
    pub(crate) invariant: Option<bool>,
    /// `System.Globalization.AppLocalIcu`.
    pub(crate) has_own_icu: bool,
}

/// A shared framework.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Framework {
    pub(crate) name: String,
    /// Any if it names none.
    pub(crate) version: Option<Version>,
    pub(crate) roll_forward: Option<RollForward>,
}

/// What is wrong with a `runtimeconfig.json`.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum BadRuntimeConfig {
    #[error(transparent)]
    Syntax(#[from] BadJson),
    #[error("{path} lists the framework {name} twice")]
    Twice { path: String, name: String },
    #[error("{path} asks for {name} `{value}`, which is not a version")]
    Version { path: String, name: String, value: String },
    #[error("{path} needs {name}, which exists for Windows only")]
    Windows { path: String, name: String },
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct File {
    #[serde(rename = "runtimeOptions", default)]
    options: Options,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Options {
    framework: Option<Entry>,
    frameworks: Vec<Entry>,
    included_frameworks: Vec<Entry>,
    roll_forward: Option<String>,
    config_properties: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Entry {
    name: String,
    version: Option<String>,
    roll_forward: Option<String>,
}

impl RuntimeConfig {
    /// Reads the text of the file at `path`, relative to the app.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, BadRuntimeConfig> {
        let File { options } = lenient_json::parse(Role::RuntimeConfig, path, text)?;
        let policy = options.roll_forward.as_deref().and_then(RollForward::parse);
        let entry = |entry: Entry| framework(path, entry, policy);
        let needed = options.framework.into_iter().chain(options.frameworks);
        let frameworks = needed.map(entry).collect::<Result<Vec<_>, _>>()?;
        let included = options.included_frameworks.into_iter().map(entry);
        for (n, framework) in frameworks.iter().enumerate() {
            let name = framework.name.clone();
            if frameworks[..n].iter().any(|other| other.name == name) {
                return Err(BadRuntimeConfig::Twice { path: path.to_owned(), name });
            }
            if name == "Microsoft.WindowsDesktop.App" {
                return Err(BadRuntimeConfig::Windows { path: path.to_owned(), name });
            }
        }
        let property = |name: &str| options.config_properties.get(name);
        Ok(Self {
            path: path.to_owned(),
            included: included.collect::<Result<_, _>>()?,
            frameworks,
            invariant: property("System.Globalization.Invariant").and_then(truth),
            has_own_icu: property("System.Globalization.AppLocalIcu").is_some(),
        })
    }

    /// That of an app which keeps the file within itself: it asks for the line that it was compiled for.
    pub(crate) fn within(path: &str, (major, minor): (u64, u64), is_web: bool) -> Self {
        let version = Version::parse(&format!("{major}.{minor}.0")).ok();
        let names = if is_web { &[NETCORE, ASPNETCORE][..] } else { &[NETCORE] };
        let framework = |name: &&str| Framework {
            name: (*name).to_owned(),
            version: version.clone(),
            roll_forward: None,
        };
        Self {
            path: path.to_owned(),
            frameworks: names.iter().map(framework).collect(),
            ..Self::default()
        }
    }

    /// Whether it brings its runtime.
    pub(crate) fn is_self_contained(&self) -> bool {
        self.frameworks.is_empty()
    }

    /// Whether it is a web app.
    pub(crate) fn uses_aspnet(&self) -> bool {
        self.frameworks.iter().chain(&self.included).any(|framework| framework.name == ASPNETCORE)
    }
}

fn framework(
    path: &str,
    entry: Entry,
    policy: Option<RollForward>,
) -> Result<Framework, BadRuntimeConfig> {
    let version = match entry.version.filter(|text| !text.trim().is_empty()) {
        None => None,
        Some(value) => {
            let Ok(version) = Version::parse(&value) else {
                let (path, name) = (path.to_owned(), entry.name);
                return Err(BadRuntimeConfig::Version { path, name, value });
            };
            Some(version)
        }
    };
    let own = entry.roll_forward.as_deref().and_then(RollForward::parse);
    Ok(Framework { name: entry.name, version, roll_forward: own.or(policy) })
}

/// The host takes a text for a truth value as well.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

impl Explain for BadRuntimeConfig {
    fn id(&self) -> &'static str {
        match self {
            Self::Windows { .. } => "unsupported-platform",
            _ => "malformed-runtime-config",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        match self {
            Self::Syntax(error) => error.excerpt(),
            _ => None,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Windows { .. } => {
                "desktop apps need Windows; publish the part of the app that serves or computes"
            }
            _ => "publish the app anew: `dotnet publish` writes this file",
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::{Colour, Problem};

    use super::*;

    fn parse(options: &str) -> Result<RuntimeConfig, BadRuntimeConfig> {
        RuntimeConfig::parse(
            "App.runtimeconfig.json",
            &format!("{{\"runtimeOptions\": {options}}}"),
        )
    }

    fn page(options: &str) -> String {
        Problem::from(parse(options).unwrap_err()).page("", Colour::Off)
    }

    #[test]
    fn frameworks_are_one_or_several() {
        let one =
            parse(r#"{ "framework": { "name": "Microsoft.NETCore.App", "version": "8.0.0" } }"#);
        assert_eq!(one.unwrap().frameworks[0].version, Version::parse("8.0.0").ok());
        let several = parse(
            r#"{ "rollForward": "major", "frameworks": [
                { "name": "Microsoft.NETCore.App", "version": "8.0.0" },
                { "name": "Microsoft.AspNetCore.App", "rollForward": "Disable" } ] }"#,
        )
        .unwrap();
        let policies: Vec<_> = several.frameworks.iter().map(|f| f.roll_forward).collect();
        assert_eq!(policies, [Some(RollForward::Major), Some(RollForward::Disable)]);
        assert!(several.uses_aspnet() && !several.is_self_contained());
    }

    #[test]
    fn an_app_can_bring_everything() {
        let own = parse(
            r#"{ "includedFrameworks": [{ "name": "Microsoft.AspNetCore.App", "version": "10.0.1" }],
                 "configProperties": { "System.Globalization.Invariant": "True" } }"#,
        )
        .unwrap();
        assert!(own.is_self_contained() && own.uses_aspnet());
        assert_eq!(own.invariant, Some(true));
    }

    #[test]
    fn mistakes_are_explained() {
        assert_snapshot!(page("1"), @r#"
        error[malformed-runtime-config]: App.runtimeconfig.json cannot be read: invalid type: integer `1`, expected an object
         --> App.runtimeconfig.json:1:20
          |
        1 | {"runtimeOptions": 1}
          |                    ^ invalid type: integer `1`, expected an object

        hint: publish the app anew: `dotnet publish` writes this file
        "#);
        assert_snapshot!(page(r#"{ "framework": { "name": "A", "version": "x" } }"#), @"
        error[malformed-runtime-config]: App.runtimeconfig.json asks for A `x`, which is not a version

        hint: publish the app anew: `dotnet publish` writes this file
        ");
        assert_snapshot!(page(r#"{ "framework": { "name": "A" }, "frameworks": [{ "name": "A" }] }"#), @"
        error[malformed-runtime-config]: App.runtimeconfig.json lists the framework A twice

        hint: publish the app anew: `dotnet publish` writes this file
        ");
        assert_snapshot!(page(r#"{ "framework": { "name": "Microsoft.WindowsDesktop.App" } }"#), @"
        error[unsupported-platform]: App.runtimeconfig.json needs Microsoft.WindowsDesktop.App, which exists for Windows only

        hint: desktop apps need Windows; publish the part of the app that serves or computes
        ");
    }
}
