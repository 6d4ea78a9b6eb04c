//! One project: its file, the `Directory.Build.props` above it, and what it is for.

use std::path::Path;

use serde::Serialize;

use crate::file_app::FileApp;
use crate::project_file::ProjectFile;
use crate::properties::{self, Properties, Reading};
use crate::source_text::{decode, dir_of, joined, stem_of};
use crate::target_framework::Framework;
use crate::xml::{BadXml, Role};

/// A project of the app, or a file that is an app of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Project {
    /// The file, relative to the app, with slashes.
    pub(crate) path: String,
    /// What it says itself.
    pub(crate) file: ProjectFile,
    /// `Directory.Build.props` files, the nearest first.
    pub(crate) props: Vec<ProjectFile>,
    /// Whether it is a single `.cs` file.
    pub(crate) is_file_app: bool,
    /// Whether some `Directory.Build.targets` is above it.
    pub(crate) has_targets: bool,
    /// Project files it refers to, relative to the app.
    pub(crate) references: Vec<String>,
}

/// What a project is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Web,
    Worker,
    Console,
    /// Runs in the browser: a static site, unless a web project refers to it.
    BlazorWasm,
    Test,
    AspireHost,
    NotPublishable,
    Library,
}

impl Kind {
    /// Whether it becomes a process.
    pub(crate) fn is_runnable(self) -> bool {
        matches!(self, Self::Web | Self::Worker | Self::Console)
    }

    /// Why it is passed over.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Web | Self::Worker | Self::Console => "it can be started",
            Self::BlazorWasm => "it runs in the browser",
            Self::Test => "it holds tests",
            Self::AspireHost => "it starts other projects, during development",
            Self::NotPublishable => "it says that it is not published",
            Self::Library => "it is a library: no OutputType `Exe`, no SDK for web apps or workers",
        }
    }
}

/// Packages of test projects.
const TEST_PACKAGES: [&str; 4] = ["microsoft.net.test.sdk", "xunit.v3", "tunit", "mstest"];

/// What MSBuild has to be asked for where the files do not tell, see [`Project::tells`].
const DECIDING: [&str; 8] = [
    "TargetFramework",
    "TargetFrameworks",
    "AssemblyName",
    "SelfContained",
    "PublishSelfContained",
    "PublishTrimmed",
    "PublishAot",
    "PublishSingleFile",
];

impl Project {
    /// Reads the project at `path` below `app_dir`.
    pub(crate) fn read(app_dir: &Path, path: &str) -> Result<Self, Unreadable> {
        let text = decode(&fs_err::read(app_dir.join(path))?);
        let file = ProjectFile::parse(Role::Project, path, &text)?;
        Self::complete(app_dir, path, file, false)
    }

    /// Reads the file-based app at `path`.
    pub(crate) fn read_file_app(app_dir: &Path, path: &str) -> Result<Self, Unreadable> {
        let app = FileApp::parse(&decode(&fs_err::read(app_dir.join(path))?));
        let file = ProjectFile {
            sdk: app.sdk,
            properties: app.properties,
            packages: app.packages.into_iter().collect(),
            references: app.references,
            ..ProjectFile::default()
        };
        Self::complete(app_dir, path, file, true)
    }

    fn complete(
        app_dir: &Path,
        path: &str,
        file: ProjectFile,
        is_file_app: bool,
    ) -> Result<Self, Unreadable> {
        let dir = dir_of(path);
        let mut project = Self {
            path: path.to_owned(),
            references: file.references.iter().filter_map(|to| joined(dir, to)).collect(),
            file,
            is_file_app,
            ..Self::default()
        };
        for above in directories_above(dir) {
            let props = join(above, "Directory.Build.props");
            if app_dir.join(&props).is_file() {
                let text = decode(&fs_err::read(app_dir.join(&props))?);
                project.props.push(ProjectFile::parse(Role::Props, &props, &text)?);
            }
            let targets = app_dir.join(above).join("Directory.Build.targets");
            project.has_targets |= targets.is_file();
        }
        Ok(project)
    }

    /// Directory of the project, relative to the app.
    pub(crate) fn dir(&self) -> &str {
        dir_of(&self.path)
    }

    /// What can be said about a property, of the project itself or of a props file above it.
    pub(crate) fn reading(&self, name: &str) -> Reading {
        let above = self.props.iter().map(|props| &props.properties);
        let files: Vec<&Properties> = std::iter::once(&self.file.properties).chain(above).collect();
        let is_own = |reference: &str| reference.eq_ignore_ascii_case("MSBuildProjectName");
        match properties::read(&files, name) {
            // The one reference that people do use in names.
            Reading::Unknown if self.raw_is_reference(name, is_own) => {
                Reading::Value(stem_of(&self.path).to_owned())
            }
            reading => reading,
        }
    }

    fn raw_is_reference(&self, name: &str, is: impl Fn(&str) -> bool) -> bool {
        let raw = self.file.properties.written(name);
        let reference = raw.and_then(|raw| raw.strip_prefix("$(")?.strip_suffix(')'));
        reference.is_some_and(is)
    }

    /// The value of a property, where it can be told and is not empty.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        match self.reading(name) {
            Reading::Value(value) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.property(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn is_false(&self, name: &str) -> bool {
        self.property(name).is_some_and(|value| value.eq_ignore_ascii_case("false"))
    }

    /// Name of what the compiler makes, `Shop` of `Shop.dll`.
    pub(crate) fn assembly(&self) -> String {
        self.property("AssemblyName").unwrap_or_else(|| stem_of(&self.path).to_owned())
    }

    /// What it is compiled for: all entries of `TargetFrameworks`, or the one `TargetFramework`.
    pub(crate) fn frameworks(&self) -> Vec<Framework> {
        if let Some(one) = self.property("TargetFramework") {
            return vec![Framework::parse(&one)];
        }
        if let Some(several) = self.property("TargetFrameworks") {
            return Framework::list(&several);
        }
        Vec::new()
    }

    /// Whether the files leave no question about what decides a build to MSBuild.
    pub(crate) fn tells(&self) -> bool {
        let is_open = |name: &&str| {
            self.reading(name) == Reading::Unknown
                || self.all_files().any(|file| file.properties.is_conditional(name))
        };
        !self.has_targets
            && !self.all_files().any(|file| file.imports)
            && !self.frameworks().is_empty()
            && !DECIDING.iter().any(is_open)
    }

    fn all_files(&self) -> impl Iterator<Item = &ProjectFile> {
        std::iter::once(&self.file).chain(&self.props)
    }

    fn sdk_is(&self, name: &str) -> bool {
        self.file.sdk.as_deref().is_some_and(|sdk| sdk.eq_ignore_ascii_case(name))
    }

    /// What the project is for.
    pub(crate) fn kind(&self) -> Kind {
        let output = self.property("OutputType").unwrap_or_default();
        let is_exe = output.eq_ignore_ascii_case("exe") || output.eq_ignore_ascii_case("winexe");
        if self.is_true("IsTestProject")
            || self.sdk_is("MSTest.Sdk")
            || TEST_PACKAGES.iter().any(|package| self.file.packages.contains(*package))
        {
            Kind::Test
        } else if self.sdk_is("Aspire.AppHost.Sdk") || self.is_true("IsAspireHost") {
            Kind::AspireHost
        } else if self.is_false("IsPublishable")
            || self.sdk_is("Microsoft.Build.NoTargets")
            || self.sdk_is("Microsoft.Build.Traversal")
        {
            Kind::NotPublishable
        } else if self.sdk_is("Microsoft.NET.Sdk.BlazorWebAssembly") {
            Kind::BlazorWasm
        } else if (self.sdk_is("Microsoft.NET.Sdk.Web") && !output.eq_ignore_ascii_case("library"))
            || (is_exe && self.file.frameworks.contains("microsoft.aspnetcore.app"))
        {
            Kind::Web
        } else if self.sdk_is("Microsoft.NET.Sdk.Worker") {
            Kind::Worker
        } else if is_exe || (self.is_file_app && output.is_empty()) {
            Kind::Console
        } else {
            Kind::Library
        }
    }
}

/// `src/Api`, `src` and the app itself, whose path is empty.
pub(crate) fn directories_above(dir: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(dir), |dir| (!dir.is_empty()).then(|| dir_of(dir)))
}

/// `name` in the directory `dir`, both relative to the app.
pub(crate) fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

/// A project file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Xml(#[from] BadXml),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<Unreadable> for kouti::Problem {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Xml(error) => error.into(),
            Unreadable::Io(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(text: &str) -> Project {
        Project {
            path: "src/Shop.csproj".into(),
            file: ProjectFile::parse(Role::Project, "Shop.csproj", text).unwrap(),
            ..Project::default()
        }
    }

    #[test]
    fn every_project_has_a_kind() {
        let web =
            |inner: &str| format!(r#"<Project Sdk="Microsoft.NET.Sdk.Web">{inner}</Project>"#);
        let sdk = |name: &str, inner: &str| format!(r#"<Project Sdk="{name}">{inner}</Project>"#);
        let set = |name: &str, value: &str| {
            format!("<PropertyGroup><{name}>{value}</{name}></PropertyGroup>")
        };
        let item =
            |tag: &str, name: &str| format!(r#"<ItemGroup><{tag} Include="{name}" /></ItemGroup>"#);
        let plain = "Microsoft.NET.Sdk";
        let exe = set("OutputType", "exe");
        for (text, kind) in [
            (web(""), Kind::Web),
            (web(&set("OutputType", "Library")), Kind::Library),
            (web(&set("IsTestProject", "true")), Kind::Test),
            (web(&item("PackageReference", "TUnit")), Kind::Test),
            (web(&set("IsAspireHost", "True")), Kind::AspireHost),
            (web(&set("IsPublishable", "false")), Kind::NotPublishable),
            (sdk(plain, ""), Kind::Library),
            (sdk(plain, &exe), Kind::Console),
            (sdk(plain, &set("OutputType", "WinExe")), Kind::Console),
            (
                sdk(
                    plain,
                    &(exe.clone() + &item("FrameworkReference", "Microsoft.AspNetCore.App")),
                ),
                Kind::Web,
            ),
            (sdk("Microsoft.NET.Sdk.Razor", ""), Kind::Library),
            (sdk("Microsoft.NET.Sdk.Razor", &exe), Kind::Console),
            (sdk("Microsoft.NET.Sdk.Worker", ""), Kind::Worker),
            (sdk("Microsoft.NET.Sdk.BlazorWebAssembly", ""), Kind::BlazorWasm),
            (sdk("MSTest.Sdk/3.6.0", ""), Kind::Test),
            (sdk("Aspire.AppHost.Sdk", &exe), Kind::AspireHost),
            (sdk("Microsoft.Build.Traversal", ""), Kind::NotPublishable),
            (sdk("Unknown.Sdk", &exe), Kind::Console),
        ] {
            assert_eq!(project(&text).kind(), kind, "{text}");
        }
    }

    #[test]
    fn names_come_from_the_project_or_its_file() {
        let named = |value: &str| {
            format!(
                "<Project><PropertyGroup><AssemblyName>{value}</AssemblyName></PropertyGroup></Project>"
            )
        };
        assert_eq!(project(&named("My.Shop")).assembly(), "My.Shop");
        assert_eq!(project(&named(" ")).assembly(), "Shop");
        assert_eq!(project(&named("$(MSBuildProjectName)")).assembly(), "Shop");
        assert_eq!(project("<Project />").assembly(), "Shop");
    }

    #[test]
    fn msbuild_is_asked_only_where_the_files_do_not_tell() {
        let framework = "<TargetFramework>net10.0</TargetFramework>";
        let with = |inner: &str| {
            project(&format!(
                "<Project><PropertyGroup>{framework}{inner}</PropertyGroup></Project>"
            ))
        };
        assert!(with("").tells());
        assert!(!with("<SelfContained Condition=\"'$(A)' == ''\">true</SelfContained>").tells());
        assert!(!with("<AssemblyName>$(Unknown)</AssemblyName>").tells());
        assert!(!project("<Project />").tells());
        assert!(!project(&format!("<Project><Import Project=\"a.props\" /><PropertyGroup>{framework}</PropertyGroup></Project>")).tells());
    }
}
