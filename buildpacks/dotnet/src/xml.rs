//! XML as MSBuild reads it, and the place of what is wrong in it.

use kouti::{Explain, Fault, Span, excerpt};
use roxmltree::Document;

/// What an XML file is to the build.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Project,
    Props,
    Solution,
}

/// A file that is not XML, or not the XML it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path} cannot be read: {reason}")]
pub(crate) struct BadXml {
    pub(crate) role: Role,
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) excerpt: String,
}

/// Parses `text`, whose root has to be called `root`.
pub(crate) fn parse<'a>(
    role: Role,
    path: &str,
    text: &'a str,
    root: &str,
) -> Result<Document<'a>, BadXml> {
    let bad = |reason: String, row: u32, column: u32| {
        let span = Span::at(text, row as usize, column as usize);
        let excerpt = excerpt(path, text, &span, &reason);
        BadXml { role, path: path.to_owned(), reason, excerpt }
    };
    let document = Document::parse(text).map_err(|error| {
        let place = error.pos();
        let said = error.to_string();
        let reason = said.strip_suffix(&format!(" at {place}")).unwrap_or(&said);
        bad(reason.to_owned(), place.row, place.col)
    })?;
    let element = document.root_element();
    if element.tag_name().name() != root {
        let place = document.text_pos_at(element.range().start);
        let found = element.tag_name().name();
        return Err(bad(format!("it is a <{found}>, not a <{root}>"), place.row, place.col));
    }
    Ok(document)
}

impl Explain for BadXml {
    fn id(&self) -> &'static str {
        match self.role {
            Role::Project => "project-xml",
            Role::Props => "props-xml",
            Role::Solution => "slnx-xml",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        Some(self.excerpt.clone())
    }

    fn hints(&self) -> Vec<String> {
        let tool = match self.role {
            Role::Project | Role::Props => "dotnet build",
            Role::Solution => "dotnet sln list",
        };
        vec![format!("correct it at that place; `{tool}` must be able to read it too")]
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti::Problem;

    use super::*;

    fn page(role: Role, path: &str, text: &str, root: &str) -> String {
        let error = parse(role, path, text, root).unwrap_err();
        Problem::from(error).page("", kouti::Colour::Off)
    }

    #[test]
    fn a_broken_project_is_shown_in_place() {
        let text = "<Project>\n  <PropertyGroup>\n    <A>1</B>\n  </PropertyGroup>\n</Project>\n";
        assert_snapshot!(page(Role::Project, "src/A.csproj", text, "Project"), @"
        error[project-xml]: src/A.csproj cannot be read: expected 'A' tag, not 'B'
         --> src/A.csproj:3:9
          |
        3 |     <A>1</B>
          |         ^ expected 'A' tag, not 'B'

        hint: correct it at that place; `dotnet build` must be able to read it too
        ");
        assert_snapshot!(page(Role::Props, "Directory.Build.props", "", "Project"), @"
        error[props-xml]: Directory.Build.props cannot be read: the document does not have a root node
         --> Directory.Build.props:1:1
          |
        1 |
          | ^ the document does not have a root node

        hint: correct it at that place; `dotnet build` must be able to read it too
        ");
    }

    #[test]
    fn another_kind_of_file_is_told() {
        assert_snapshot!(page(Role::Solution, "Shop.slnx", "<Project />", "Solution"), @"
        error[slnx-xml]: Shop.slnx cannot be read: it is a <Project>, not a <Solution>
         --> Shop.slnx:1:1
          |
        1 | <Project />
          | ^ it is a <Project>, not a <Solution>

        hint: correct it at that place; `dotnet sln list` must be able to read it too
        ");
    }
}
