//! `global.json`: which SDK the developers have agreed on.

use kouti::version::Version;
use kouti::{Explain, Fault};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient_json::{self, BadJson, Role};

/// What a `global.json` asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct GlobalJson {
    /// The file, relative to the app.
    pub(crate) path: String,
    /// `sdk.version`, and how far a build may move from it.
    pub(crate) wanted: Option<SdkRequest>,
    /// `sdk.rollForward` without a version, which says nothing.
    pub(crate) useless_policy: Option<Policy>,
    /// `sdk.allowPrerelease`.
    pub(crate) allow_prerelease: Option<bool>,
    /// Whether `sdk.paths` names SDKs beside the app.
    pub(crate) has_paths: bool,
    /// `sdk.errorMessage`.
    pub(crate) message: Option<String>,
    /// The file without its `sdk`, for when another SDK has to be used.
    #[serde(skip)]
    pub(crate) without_sdk: String,
}

/// A version, and what may be taken in its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SdkRequest {
    /// None if any will do.
    pub(crate) version: Option<Version>,
    pub(crate) policy: Policy,
}

/// Values of `rollForward`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Policy {
    Disable,
    Patch,
    LatestPatch,
    Feature,
    LatestFeature,
    Minor,
    LatestMinor,
    Major,
    LatestMajor,
}

impl Policy {
    pub(crate) const ALL: [(&'static str, Self); 9] = [
        ("disable", Self::Disable),
        ("patch", Self::Patch),
        ("latestPatch", Self::LatestPatch),
        ("feature", Self::Feature),
        ("latestFeature", Self::LatestFeature),
        ("minor", Self::Minor),
        ("latestMinor", Self::LatestMinor),
        ("major", Self::Major),
        ("latestMajor", Self::LatestMajor),
    ];

    /// Whatever the case: the `dotnet` program does not mind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        known.map(|(_, policy)| *policy)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, policy)| *policy == self).map_or("", |(name, _)| name)
    }
}

/// What is wrong with a `global.json`.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum BadGlobalJson {
    #[error(transparent)]
    Syntax(#[from] BadJson),
    #[error("{path} asks for the SDK `{value}`, which is not a whole version of an SDK")]
    Version { path: String, value: String },
    #[error("{path} has the rollForward `{value}`, which does not exist")]
    RollForward { path: String, value: String },
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct File {
    #[serde(default)]
    sdk: Option<Sdk>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Sdk {
    version: Option<String>,
    roll_forward: Option<String>,
    allow_prerelease: Option<bool>,
    paths: Option<Vec<Value>>,
    error_message: Option<String>,
}

impl GlobalJson {
    /// Reads the text of the file at `path`, relative to the app.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, BadGlobalJson> {
        let file: File = lenient_json::parse(Role::GlobalJson, path, text)?;
        let mut rest: Map<String, Value> = lenient_json::parse(Role::GlobalJson, path, text)?;
        rest.remove("sdk");
        let Some(sdk) = file.sdk else {
            return Ok(Self { path: path.to_owned(), ..Self::default() });
        };
        let version = sdk.version.map(|value| read_version(path, value)).transpose()?;
        let policy = sdk.roll_forward.map(|value| read_policy(path, value)).transpose()?;
        let (wanted, useless_policy) = match (version, policy) {
            (None, None) => (None, None),
            (None, Some(Policy::LatestMajor)) => {
                (Some(SdkRequest { version: None, policy: Policy::LatestMajor }), None)
            }
            (None, Some(other)) => (None, Some(other)),
            (version, policy) => {
                (Some(SdkRequest { version, policy: policy.unwrap_or(Policy::Patch) }), None)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            wanted,
            useless_policy,
            allow_prerelease: sdk.allow_prerelease,
            has_paths: sdk.paths.is_some(),
            message: sdk.error_message,
            without_sdk: Value::Object(rest).to_string(),
        })
    }
}

fn read_version(path: &str, value: String) -> Result<Version, BadGlobalJson> {
    let is_whole = || {
        let numbers = value.split('-').next().unwrap_or_default();
        numbers.split('.').count() == 3 && value.starts_with(|c: char| c.is_ascii_digit())
    };
    match Version::parse(&value) {
        Ok(version) if is_whole() => Ok(version),
        _ => Err(BadGlobalJson::Version { path: path.to_owned(), value }),
    }
}

fn read_policy(path: &str, value: String) -> Result<Policy, BadGlobalJson> {
    Policy::parse(&value).ok_or_else(|| BadGlobalJson::RollForward { path: path.to_owned(), value })
}

impl Explain for BadGlobalJson {
    fn id(&self) -> &'static str {
        match self {
            Self::Syntax(error) => error.id(),
            Self::Version { .. } => "global-json-version",
            Self::RollForward { .. } => "global-json-roll-forward",
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
        match self {
            Self::Syntax(error) => error.hints(),
            Self::Version { .. } => vec![
                "write all three numbers, such as 10.0.100, and let `rollForward` do the rest"
                    .to_owned(),
            ],
            Self::RollForward { .. } => {
                let names: Vec<_> = Policy::ALL.iter().map(|(name, _)| *name).collect();
                vec![format!("write one of {}", names.join(", "))]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::{Colour, Problem};

    use super::*;

    fn parse(text: &str) -> GlobalJson {
        GlobalJson::parse("global.json", text).unwrap()
    }

    fn page(text: &str) -> String {
        let error = GlobalJson::parse("src/global.json", text).unwrap_err();
        Problem::from(error).page("", Colour::Off)
    }

    #[test]
    fn a_version_alone_means_patch() {
        let file = parse(r#"{ "sdk": { "version": "8.0.204" } } trailing"#);
        let wanted = file.wanted.unwrap();
        assert_eq!(wanted.version, Version::parse("8.0.204").ok());
        assert_eq!(wanted.policy, Policy::Patch);
    }

    #[test]
    fn the_policy_is_told_whatever_its_case() {
        let file = parse(r#"{ "sdk": { "version": "8.0.204", "rollForward": "LATESTfeature" } }"#);
        assert_eq!(file.wanted.unwrap().policy, Policy::LatestFeature);
        for (name, policy) in Policy::ALL {
            assert_eq!(Policy::parse(name), Some(policy));
        }
    }

    #[test]
    fn a_policy_without_a_version_says_something_only_if_anything_will_do() {
        let file = parse(r#"{ "sdk": { "rollForward": "latestMajor" } }"#);
        assert_eq!(file.wanted.unwrap().version, None);
        let file = parse(r#"{ "sdk": { "rollForward": "patch" } }"#);
        assert_eq!((file.wanted, file.useless_policy), (None, Some(Policy::Patch)));
    }

    #[test]
    fn other_parts_stay() {
        let file = parse(
            "// SDK\n{ \"msbuild-sdks\": { \"A\": \"1.0.0\" }, \"sdk\": { \"version\": \"8.0.100\", \
             \"paths\": [\"x\"], \"allowPrerelease\": false, \"errorMessage\": \"run setup\", }, }",
        );
        assert_eq!(file.without_sdk, r#"{"msbuild-sdks":{"A":"1.0.0"}}"#);
        assert!(file.has_paths);
        assert_eq!(file.allow_prerelease, Some(false));
        assert_eq!(file.message.as_deref(), Some("run setup"));
        assert_eq!(parse("{ \"msbuild-sdks\": {} }").wanted, None);
        assert_eq!(parse("{ \"sdk\": null }").wanted, None);
    }

    #[test]
    fn mistakes_are_explained() {
        assert_snapshot!(page("{\n  \"sdk\": { \"version\": 8 }\n}\n"), @r#"
        error[global-json-syntax]: src/global.json cannot be read: invalid type: integer `8`, expected a string
         --> src/global.json:2:23
          |
        2 |   "sdk": { "version": 8 }
          |                       ^ invalid type: integer `8`, expected a string

        hint: correct it at that place; comments and trailing commas are allowed
        "#);
        assert_snapshot!(page(r#"{ "sdk": { "version": "8.0" } }"#), @"
        error[global-json-version]: src/global.json asks for the SDK `8.0`, which is not a whole version of an SDK

        hint: write all three numbers, such as 10.0.100, and let `rollForward` do the rest
        ");
        assert_snapshot!(page(r#"{ "sdk": { "version": "8.0.100", "rollForward": "newest" } }"#), @"
        error[global-json-roll-forward]: src/global.json has the rollForward `newest`, which does not exist

        hint: write one of disable, patch, latestPatch, feature, latestFeature, minor, latestMinor, major, latestMajor
        ");
    }
}
