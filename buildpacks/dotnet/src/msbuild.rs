//! What MSBuild makes of a project: told by its files where they leave no question, or else asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::project::{Kind, Project};
use crate::target_framework::Framework;

/// Properties that decide how a project is published.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(crate) struct Evaluated {
    pub(crate) assembly: String,
    #[serde(skip)]
    pub(crate) frameworks: Vec<Framework>,
    /// Whether the project lists frameworks, so that one has to be named.
    pub(crate) is_list: bool,
    pub(crate) self_contained: bool,
    pub(crate) trimmed: bool,
    pub(crate) aot: bool,
    pub(crate) single_file: bool,
    pub(crate) invariant: bool,
    pub(crate) is_web: bool,
    pub(crate) is_site: bool,
}

/// What MSBuild is asked for.
pub(crate) const PROPERTIES: &str = "TargetFramework,TargetFrameworks,AssemblyName,SelfContained,\
    PublishSelfContained,PublishAot,PublishSingleFile,PublishTrimmed,InvariantGlobalization,\
    UsingMicrosoftNETSdkWeb,UsingMicrosoftNETSdkBlazorWebAssembly";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Properties")]
    properties: BTreeMap<String, String>,
}

impl Evaluated {
    /// What the files say.
    pub(crate) fn of_files(project: &Project) -> Self {
        let kind = project.kind();
        Self {
            assembly: project.assembly(),
            frameworks: project.frameworks(),
            is_list: project.property("TargetFramework").is_none(),
            self_contained: project.is_true("SelfContained")
                || project.is_true("PublishSelfContained"),
            trimmed: project.is_true("PublishTrimmed"),
            // File-based apps are compiled ahead of time unless they say otherwise.
            aot: project.is_true("PublishAot")
                || (project.is_file_app && !project.is_false("PublishAot")),
            single_file: project.is_true("PublishSingleFile"),
            invariant: project.is_true("InvariantGlobalization"),
            is_web: kind == Kind::Web,
            is_site: kind == Kind::BlazorWasm,
        }
    }

    /// What MSBuild says; `None` if that cannot be read.
    pub(crate) fn of_answer(project: &Project, answer: &str) -> Option<Self> {
        // The program may print a line of its own before.
        let json = answer.get(answer.find('{')?..)?;
        let Answer { properties } = serde_json::from_str(json).ok()?;
        let text = |name: &str| properties.get(name).map_or("", |value| value.trim());
        let is_true = |name: &str| text(name).eq_ignore_ascii_case("true");
        let (one, list) = (text("TargetFramework"), text("TargetFrameworks"));
        let files = Self::of_files(project);
        Some(Self {
            assembly: match text("AssemblyName") {
                "" => files.assembly,
                name => name.to_owned(),
            },
            frameworks: Framework::list(if one.is_empty() { list } else { one }),
            is_list: one.is_empty() && !list.is_empty(),
            self_contained: is_true("SelfContained") || is_true("PublishSelfContained"),
            trimmed: is_true("PublishTrimmed"),
            aot: is_true("PublishAot"),
            single_file: is_true("PublishSingleFile"),
            invariant: is_true("InvariantGlobalization"),
            is_web: is_true("UsingMicrosoftNETSdkWeb") || files.is_web,
            is_site: is_true("UsingMicrosoftNETSdkBlazorWebAssembly"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_more_than_the_files() {
        let project = Project { path: "src/Shop.csproj".into(), ..Project::default() };
        let answer = r#"{ "Properties": { "TargetFramework": "", "TargetFrameworks": "net8.0;net10.0",
            "AssemblyName": "Store", "PublishAot": "True", "SelfContained": "false" } }"#;
        let told = Evaluated::of_answer(&project, answer).unwrap();
        assert_eq!(
            (told.assembly.as_str(), told.is_list, told.frameworks.len()),
            ("Store", true, 2)
        );
        assert!(told.aot && !told.self_contained);
        assert_eq!(Evaluated::of_answer(&project, "MSBUILD : error MSB1001"), None);
    }
}
