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
        for node in root.descendants().filter(Node::is_element) {
            file.element(node);
        }
        Ok(file)
    }

    fn element(&mut self, node: Node<'_, '_>) {
        let include = || node.attribute("Include").map(str::trim).filter(|text| !text.is_empty());
        let lower = || include().map(str::to_ascii_lowercase);
        match node.tag_name().name() {
            "PackageReference" | "PackageVersion" if is_dynamic(node) => {}
            "PackageReference" => self.packages.extend(lower()),
            "FrameworkReference" => self.frameworks.extend(lower()),
            "ProjectReference" => self.references.extend(include().map(str::to_owned)),
            "Exec" => self.commands.extend(node.attribute("Command").map(str::to_owned)),
            "Import" if node.attribute("Sdk").is_none() => self.imports = true,
            _ => {}
        }
        let is_property =
            node.parent_element().is_some_and(|parent| parent.tag_name().name() == "PropertyGroup");
        if is_property && !is_dynamic(node) {
            let value = node.text().unwrap_or_default();
            self.properties.add(node.tag_name().name(), value, is_conditional(node));
        }
    }
}

/// Whether it is in a target, and so has an effect only when that runs.
fn is_dynamic(node: Node<'_, '_>) -> bool {
    node.ancestors().any(|above| above.tag_name().name() == "Target")
}

fn is_conditional(node: Node<'_, '_>) -> bool {
    node.ancestors()
        .any(|above| above.has_attribute("Condition") || above.tag_name().name() == "Choose")
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
