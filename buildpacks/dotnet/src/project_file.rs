//! `*.csproj`, `*.fsproj`, `*.vbproj` and `Directory.Build.props`, read without MSBuild.

use std::collections::BTreeSet;

use roxmltree::Node;

use crate::properties::Properties;
use crate::xml::{self, BadXml, Role};

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProjectFile {
    /// `Microsoft.NET.Sdk.Web`: the first one, without its version.
    pub(crate) sdk: Option<String>,
    pub(crate) properties: Properties,
    /// Names of `PackageReference`s, lower-case.
    pub(crate) packages: BTreeSet<String>,
    /// Names of `FrameworkReference`s, lower-case.
    pub(crate) frameworks: BTreeSet<String>,
    /// Paths of `ProjectReference`s as they are written.
    pub(crate) references: Vec<String>,
    /// What its targets run.
    pub(crate) commands: Vec<String>,
    /// Whether it takes in files that are not read here.
    pub(crate) imports: bool,
}

/// Extensions of projects that are published.
pub(crate) const PROJECTS: &[&str] = &["csproj", "fsproj", "vbproj"];

impl ProjectFile {
    /// Reads the text of the file at `path`.
    pub(crate) fn parse(role: Role, path: &str, text: &str) -> Result<Self, BadXml> {
        let document = xml::parse(role, path, text, "Project")?;
        let root = document.root_element();
        let mut file = Self { sdk: sdk(root), ..Self::default() };
        // Not by recursion, and no element looks at all that are above it: whoever writes a file
        // may nest it as deeply as he likes.
        let mut waiting = vec![(root, Place::default())];
        while let Some((node, place)) = waiting.pop() {
            file.element(node, place);
            let below = place.below(node);
            let children = node.children().filter(Node::is_element).rev();
            waiting.extend(children.map(|child| (child, below)));
        }
        Ok(file)
    }

    fn element(&mut self, node: Node<'_, '_>, place: Place) {
        let include = || node.attribute("Include").map(str::trim).filter(|text| !text.is_empty());
        let lower = || include().map(str::to_ascii_lowercase);
        match node.tag_name().name() {
            "PackageReference" if !place.in_target => self.packages.extend(lower()),
            "FrameworkReference" => self.frameworks.extend(lower()),
            "ProjectReference" => self.references.extend(include().map(str::to_owned)),
            "Exec" => self.commands.extend(node.attribute("Command").map(str::to_owned)),
            "Import" if node.attribute("Sdk").is_none() => self.imports = true,
            _ => {}
        }
        if place.in_group && !place.in_target {
            let value = node.text().unwrap_or_default();
            let is_conditional = place.below(node).is_conditional;
            self.properties.add(node.tag_name().name(), value, is_conditional);
        }
    }
}

/// What the elements above one mean for it.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Directly in a `PropertyGroup`.
    in_group: bool,
    /// It has an effect only when a target runs.
    in_target: bool,
    is_conditional: bool,
}

impl Place {
    fn below(self, node: Node<'_, '_>) -> Self {
        let name = node.tag_name().name();
        Self {
            in_group: name == "PropertyGroup",
            in_target: self.in_target || name == "Target",
            is_conditional: self.is_conditional
                || node.has_attribute("Condition")
                || name == "Choose",
        }
    }
}

/// The attribute of the root, a child `Sdk`, or the SDK that an import names.
fn sdk(root: Node<'_, '_>) -> Option<String> {
    let child = |tag: &str, attribute: &str| {
        let mut children = root.children().filter(|node| node.tag_name().name() == tag);
        children.find_map(|node| node.attribute(attribute).map(str::to_owned))
    };
    let text = root
        .attribute("Sdk")
        .map(str::to_owned)
        .or_else(|| child("Sdk", "Name"))
        .or_else(|| child("Import", "Sdk"))?;
    let first = text.split(';').next().unwrap_or_default();
    let name = first.split('/').next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::{Reading, read};

    fn parse(text: &str) -> ProjectFile {
        ProjectFile::parse(Role::Project, "A.csproj", text).unwrap()
    }

    #[test]
    fn everything_of_interest_is_read() {
        let file = parse(
            r#"<?xml version="1.0" encoding="utf-8"?>
            <Project Sdk="Microsoft.NET.Sdk.Web/10.0.100; Other.Sdk" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
              <!-- <TargetFramework>net1.0</TargetFramework> -->
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <PropertyGroup Condition="'$(Configuration)' == 'Debug'"><A>1</A></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Serilog" Version="4.0.0" />
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
                <ProjectReference Include="..\Lib\Lib.csproj" />
              </ItemGroup>
              <Target Name="Npm">
                <PropertyGroup><TargetFramework>net2.0</TargetFramework></PropertyGroup>
                <Exec Command="npm ci" />
              </Target>
            </Project>"#,
        );
        assert_eq!(file.sdk.as_deref(), Some("Microsoft.NET.Sdk.Web"));
        let value = read(&[&file.properties], "TargetFramework");
        assert_eq!(value, Reading::Value("net10.0".into()));
        assert!(file.properties.is_conditional("a"));
        assert!(file.packages.contains("serilog"));
        assert!(file.frameworks.contains("microsoft.aspnetcore.app"));
        assert_eq!(file.references, [r"..\Lib\Lib.csproj"]);
        assert_eq!(file.commands, ["npm ci"]);
        assert!(!file.imports);
    }

    #[test]
    fn a_file_may_be_nested_deeply() {
        let (depth, name) = (50_000, "PropertyGroup");
        let text = format!(
            "<Project>{}<A>1</A>{}</Project>",
            format!("<{name}>").repeat(depth),
            format!("</{name}>").repeat(depth)
        );
        // Either the parser refuses it, or everything is read.
        if let Ok(file) = ProjectFile::parse(Role::Project, "A.csproj", &text) {
            assert_eq!(read(&[&file.properties], "A"), Reading::Value("1".into()));
        }
    }

    #[test]
    fn an_sdk_can_be_named_in_three_ways() {
        for text in [
            r#"<Project Sdk="S" />"#,
            r#"<Project><Sdk Name="S" Version="1" /><Sdk Name="T" /></Project>"#,
            r#"<Project><Import Project="Sdk.props" Sdk="S" /></Project>"#,
        ] {
            assert_eq!(parse(text).sdk.as_deref(), Some("S"), "{text}");
        }
        assert_eq!(parse("<Project />").sdk, None);
    }
}
