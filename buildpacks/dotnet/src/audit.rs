//! NuGet's audit: packages with known vulnerabilities.

use std::collections::BTreeSet;

use kouti::Notice;

/// What to do about them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Audit {
    Off,
    #[default]
    Warn,
    /// From this severity on the build fails.
    Fail(&'static str),
}

impl kouti::setting::Value for Audit {
    const FORM: &'static str = "`off`, `warn`, `low`, `moderate`, `high` or `critical`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "off" => Some(Self::Off),
            "warn" => Some(Self::Warn),
            "low" => Some(Self::Fail("low")),
            "moderate" => Some(Self::Fail("moderate")),
            "high" => Some(Self::Fail("high")),
            "critical" => Some(Self::Fail("critical")),
            _ => None,
        }
    }
}

impl Audit {
    /// Properties for MSBuild.
    pub(crate) fn properties(self) -> Vec<String> {
        match self {
            Self::Warn => Vec::new(),
            Self::Off => vec!["-p:NuGetAudit=false".to_owned()],
            // A semicolon would start the next property.
            Self::Fail(level) => vec![
                "-p:NuGetAudit=true".to_owned(),
                format!("-p:NuGetAuditLevel={level}"),
                "-p:WarningsAsErrors=NU1901%3BNU1902%3BNU1903%3BNU1904".to_owned(),
            ],
        }
    }
}

/// One summary of what NuGet said about vulnerable packages in the output of a build.
pub(crate) fn notice(output: &str) -> Option<Notice> {
    let codes = ["NU1901", "NU1902", "NU1903", "NU1904"];
    let finding = |line: &str| {
        let code = codes.iter().find(|code| line.contains(&format!("warning {code}:")))?;
        let text = line.split_once(code)?.1.trim_start_matches(':').trim();
        Some(text.split(" [").next().unwrap_or(text).to_owned())
    };
    let found: BTreeSet<String> = output.lines().filter_map(finding).collect();
    if found.is_empty() {
        return None;
    }
    let list = found.into_iter().collect::<Vec<_>>().join("\n  ");
    Some(
        Notice::new(format!("packages of the app have known vulnerabilities:\n  {list}"))
            .hint("update them; BP_DOTNET_AUDIT=high makes the build fail on such packages"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_told_once() {
        let line = "/workspace/A.csproj : warning NU1903: Package 'X' 1.0.0 has a known high severity \
                    vulnerability, https://github.com/advisories/GHSA-1 [/workspace/A.csproj]";
        let notice = notice(&format!("{line}\n{line}\nwarning CS0168: x\n")).unwrap();
        assert_eq!(
            notice.text,
            "packages of the app have known vulnerabilities:\n  Package 'X' 1.0.0 has a known high \
             severity vulnerability, https://github.com/advisories/GHSA-1"
        );
        assert!(super::notice("warning CS0168: x").is_none());
    }
}
