//! File-based apps: one `.cs` file, with directives in place of a project.

use crate::properties::Properties;

/// What the directives at the top of a file say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FileApp {
    /// `#:sdk`: the first one, without its version.
    pub(crate) sdk: Option<String>,
    /// `#:property`.
    pub(crate) properties: Properties,
    /// `#:package`, lower-case names.
    pub(crate) packages: Vec<String>,
    /// `#:project` as written.
    pub(crate) references: Vec<String>,
    /// Whether the file says itself that it is an app, by a directive or `#!`.
    pub(crate) is_marked: bool,
}

impl FileApp {
    pub(crate) fn parse(text: &str) -> Self {
        let mut app = Self { is_marked: text.starts_with("#!"), ..Self::default() };
        let mut in_comment = false;
        for line in text.lines().map(str::trim) {
            if in_comment {
                in_comment = !line.contains("*/");
            } else if let Some(directive) = line.strip_prefix("#:") {
                app.is_marked = true;
                app.directive(directive.trim());
            } else if line.starts_with("/*") {
                in_comment = !line.contains("*/");
            } else if !(line.is_empty() || line.starts_with("//") || line.starts_with("#!")) {
                // Directives stand before any code.
                break;
            }
        }
        app
    }

    fn directive(&mut self, text: &str) {
        let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let name = |text: &str| text.split('@').next().unwrap_or_default().trim().to_owned();
        match kind {
            "sdk" if self.sdk.is_none() => self.sdk = Some(name(rest)),
            "property" => {
                if let Some((name, value)) = rest.split_once('=') {
                    self.properties.add(name.trim(), value, false);
                }
            }
            "package" => self.packages.push(name(rest).to_ascii_lowercase()),
            "project" => self.references.push(rest.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::{Reading, read};

    #[test]
    fn directives_stand_before_the_code() {
        let app = FileApp::parse(
            "#!/usr/bin/env dotnet\n// hello\n/* a\n#:sdk No\n*/\n#:sdk Microsoft.NET.Sdk.Web@10.0\n\
             #:sdk Other\n#:property  PublishAot = false \n#:package Serilog@4\n\
             #:project ../Lib/Lib.csproj\n\nusing System;\n#:property AssemblyName=late\n",
        );
        assert!(app.is_marked);
        assert_eq!(app.sdk.as_deref(), Some("Microsoft.NET.Sdk.Web"));
        assert_eq!(read(&[&app.properties], "publishaot"), Reading::Value("false".into()));
        assert_eq!(read(&[&app.properties], "AssemblyName"), Reading::Unset);
        assert_eq!(app.packages, ["serilog"]);
        assert_eq!(app.references, ["../Lib/Lib.csproj"]);
    }

    #[test]
    fn plain_code_is_not_marked() {
        assert!(!FileApp::parse("// #:sdk x\nSystem.Console.WriteLine();\n").is_marked);
    }
}
