//! Solutions: `.sln`, `.slnx`, and `.slnf`, which names a part of one of these.

use std::collections::BTreeSet;

use kouti::{Explain, Fault};
use serde::Deserialize;

use crate::lenient_json::{self, BadJson};
use crate::project_file::PROJECTS;
use crate::source_text::{dir_of, has_extension, joined};
use crate::xml::{self, BadXml, Role};

/// Extensions of solutions.
pub(crate) const SOLUTIONS: &[&str] = &["sln", "slnx", "slnf"];

/// Projects of a solution, relative to the app.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Solution {
    /// Those that can be published, in the order of the file.
    pub(crate) projects: Vec<String>,
    /// Those of other kinds: databases, containers, front ends.
    pub(crate) others: Vec<String>,
    /// For a filter, the solution it is about.
    pub(crate) whole: Option<String>,
}

/// Why a solution cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum BadSolution {
    #[error(transparent)]
    Xml(#[from] BadXml),
    #[error(transparent)]
    Json(#[from] BadJson),
}

impl Solution {
    /// Reads the text of the file at `path`, relative to the app.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, BadSolution> {
        let (dir, paths, whole) = if has_extension(path, &["slnx"]) {
            (dir_of(path).to_owned(), in_slnx(path, text)?, None)
        } else if has_extension(path, &["slnf"]) {
            let role = lenient_json::Role::SolutionFilter;
            let filter = lenient_json::parse::<Filter>(role, path, text)?.solution;
            let whole = joined(dir_of(path), &filter.path).unwrap_or_default();
            (dir_of(&whole).to_owned(), filter.projects, Some(whole))
        } else {
            (dir_of(path).to_owned(), in_sln(text), None)
        };
        let mut solution = Self { whole, ..Self::default() };
        let mut seen = BTreeSet::new();
        for path in paths {
            // What lies outside of the app cannot be built here; the SDK names it if it is needed.
            let Some(path) = joined(&dir, &path) else { continue };
            let list = if has_extension(&path, PROJECTS) {
                &mut solution.projects
            } else {
                &mut solution.others
            };
            if seen.insert(path.clone()) {
                list.push(path);
            }
        }
        Ok(solution)
    }
}

/// Types of entries that are no files.
const FOLDER: &str = "{2150e333-8fdc-42a3-9474-1a3956d46de8}";
const WEBSITE: &str = "{e24c65dc-7377-472b-9aba-bc803b73c61a}";

/// The lines `Project("{type}") = "name", "path", "{id}"`.
fn in_sln(text: &str) -> Vec<String> {
    let project = |line: &str| {
        let behind = line.trim().strip_prefix("Project(")?;
        let mut quoted = behind.split('"').skip(1).step_by(2);
        let kind = quoted.next()?.to_ascii_lowercase();
        let path = quoted.nth(1)?;
        let is_file = kind != FOLDER && kind != WEBSITE && !path.contains("://");
        is_file.then(|| path.to_owned())
    };
    text.lines().filter_map(project).collect()
}

fn in_slnx(path: &str, text: &str) -> Result<Vec<String>, BadXml> {
    let document = xml::parse(Role::Solution, path, text, "Solution")?;
    let root = document.root_element();
    let projects = root.descendants().filter(|node| {
        let parent = node.parent_element().map(|parent| parent.tag_name().name());
        node.tag_name().name() == "Project" && matches!(parent, Some("Solution" | "Folder"))
    });
    Ok(projects.filter_map(|node| node.attribute("Path").map(str::to_owned)).collect())
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Filter {
    solution: FilterBody,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct FilterBody {
    path: String,
    #[serde(default)]
    projects: Vec<String>,
}

impl Explain for BadSolution {
    fn id(&self) -> &'static str {
        match self {
            Self::Xml(error) => error.id(),
            Self::Json(error) => error.id(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        match self {
            Self::Xml(error) => error.excerpt(),
            Self::Json(error) => error.excerpt(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Xml(error) => error.hints(),
            Self::Json(error) => error.hints(),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::{Colour, Problem};

    use super::*;

    #[test]
    fn a_solution_file_lists_projects_and_others() {
        let text = "\r\nMicrosoft Visual Studio Solution File, Format Version 12.00\r\n\
            Project(\"{2150E333-8FDC-42A3-9474-1A3956D46DE8}\") = \"src\", \"src\", \"{1}\"\r\n\
            EndProject\r\n\
            Project(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Web\", \"src\\Web\\Web.csproj\", \"{2}\"\r\n\
            Project(\"{E24C65DC-7377-472B-9ABA-BC803B73C61A}\") = \"Site\", \"http://localhost\", \"{3}\"\r\n\
            Project(\"{54A90642-561A-4BB1-A94E-469ADEE60C69}\") = \"Ui\", \"ui\\ui.esproj\", \"{4}\"\r\n\
            Project(\"{F2A71F9B-5D33-465A-A702-920D77279786}\") = \"My Job\", \"src\\My Job\\My Job.FSPROJ\", \"{5}\"\r\n";
        let found = Solution::parse("back/Shop.sln", text).unwrap();
        assert_eq!(found.projects, ["back/src/Web/Web.csproj", "back/src/My Job/My Job.FSPROJ"]);
        assert_eq!(found.others, ["back/ui/ui.esproj"]);
    }

    #[test]
    fn an_xml_solution_has_folders() {
        let text = r#"<Solution>
            <Configurations><Platform Name="x64" /></Configurations>
            <Project Path="App\App.csproj"><Build Solution="*|*" Project="false" /></Project>
            <Folder Name="/lib/"><File Path="a.csproj" /><Project Path="Lib/Lib.vbproj" /></Folder>
            <Properties><Project Path="Not/This.csproj" /></Properties>
        </Solution>"#;
        let found = Solution::parse("Shop.slnx", text).unwrap();
        assert_eq!(found.projects, ["App/App.csproj", "Lib/Lib.vbproj"]);
    }

    #[test]
    fn a_filter_is_relative_to_its_solution() {
        let text = r#"{ "solution": { "path": "..\\Shop.sln", "projects": ["Web\\Web.csproj"] } }"#;
        let found = Solution::parse("filters/web.slnf", text).unwrap();
        assert_eq!(found.projects, ["Web/Web.csproj"]);
        assert_eq!(found.whole.as_deref(), Some("Shop.sln"));
    }

    #[test]
    fn a_broken_filter_is_shown_in_place() {
        let error = Solution::parse("web.slnf", "{\n  \"solution\": {\n    \"path\": 1\n  }\n}\n");
        assert_snapshot!(Problem::from(error.unwrap_err()).page("", Colour::Off), @r#"
        error[slnf-json]: web.slnf cannot be read: invalid type: integer `1`, expected a string
         --> web.slnf:3:13
          |
        3 |     "path": 1
          |             ^ invalid type: integer `1`, expected a string

        hint: correct it at that place; comments and trailing commas are allowed
        "#);
    }
}
