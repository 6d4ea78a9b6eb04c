//! Decision: which of its target frameworks a project is published for.

use kouti::{Explain, Fault};
use serde::Serialize;

use crate::project::{Kind, Project};
use crate::target_framework::{Core, Framework};

/// What a project is published for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FrameworkChoice {
    /// `net10.0`.
    pub(crate) moniker: String,
    /// `10.0`.
    pub(crate) line: (u64, u64),
    /// Whether there are others, so that the SDK has to be told.
    pub(crate) is_one_of_several: bool,
}

/// A project that cannot be published here.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum BadFramework {
    #[error("{project} targets {framework}, which does not run on Linux")]
    Platform { project: String, framework: String },
    #[error("{project} targets {framework}, which nothing runs here: only libraries have it")]
    NotRunnable { project: String, framework: String },
    #[error("BP_DOTNET_TARGET_FRAMEWORK is `{wanted}`, but {project} targets {}", .listed.join(", "))]
    NotListed { project: String, wanted: String, listed: Vec<String> },
}

impl FrameworkChoice {
    /// `None` where only MSBuild can tell.
    pub(crate) fn decide(
        project: &Project,
        wanted: Option<&str>,
    ) -> Result<Option<Self>, BadFramework> {
        let frameworks = project.frameworks();
        let is_list = project.property("TargetFramework").is_none();
        Self::among(project, &frameworks, is_list, wanted)
    }

    /// The same for a list that MSBuild has told.
    pub(crate) fn among(
        project: &Project,
        frameworks: &[Framework],
        is_list: bool,
        wanted: Option<&str>,
    ) -> Result<Option<Self>, BadFramework> {
        if frameworks.is_empty() {
            return Ok(None);
        }
        let chosen = match wanted.filter(|_| is_list) {
            Some(wanted) => frameworks
                .iter()
                .find(|framework| framework.to_string().eq_ignore_ascii_case(wanted))
                .ok_or_else(|| BadFramework::NotListed {
                    project: project.path.clone(),
                    wanted: wanted.to_owned(),
                    listed: frameworks.iter().map(ToString::to_string).collect(),
                })?,
            None => best(frameworks),
        };
        match chosen {
            Framework::Core(core) => {
                check_platform(project, core)?;
                Ok(Some(Self {
                    moniker: core.text().to_owned(),
                    line: (core.major, core.minor),
                    is_one_of_several: is_list && frameworks.len() > 1,
                }))
            }
            // A library is published for whoever loads it.
            Framework::Other(_) if project.kind() == Kind::Library => Ok(None),
            Framework::Other(other) => Err(BadFramework::NotRunnable {
                project: project.path.clone(),
                framework: other.clone(),
            }),
        }
    }
}

/// The highest that runs anywhere, or else the highest of all.
fn best(frameworks: &[Framework]) -> &Framework {
    let anywhere =
        |framework: &&Framework| matches!(framework, Framework::Core(Core { platform: None, .. }));
    let core = |framework: &&Framework| matches!(framework, Framework::Core(_));
    let of = |fits: &dyn Fn(&&Framework) -> bool| frameworks.iter().filter(|f| fits(f)).max();
    of(&anywhere).or_else(|| of(&core)).unwrap_or(&frameworks[0])
}

fn check_platform(project: &Project, core: &Core) -> Result<(), BadFramework> {
    let is_fine = match core.platform.as_deref() {
        None => true,
        Some("windows") => project.is_true("EnableWindowsTargeting"),
        Some("browser") => project.kind() == Kind::BlazorWasm,
        Some(_) => false,
    };
    if is_fine {
        return Ok(());
    }
    let framework = core.text().to_owned();
    Err(BadFramework::Platform { project: project.path.clone(), framework })
}

impl Explain for BadFramework {
    fn id(&self) -> &'static str {
        match self {
            Self::Platform { .. } => "unsupported-platform",
            Self::NotRunnable { .. } => "not-runnable-framework",
            Self::NotListed { .. } => "target-framework-not-listed",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::Platform { .. } => &[
                "target a framework without a platform, such as `net10.0`, for what runs on Linux",
                "code that only compiles for Windows can set `EnableWindowsTargeting`",
            ],
            Self::NotRunnable { .. } => {
                &["target .NET, such as `net10.0`: .NET Framework runs on Windows only, and .NET \
                 Standard nowhere by itself"]
            }
            Self::NotListed { .. } => &["name one of these, or unset it for the highest"],
        };
        hints.iter().map(ToString::to_string).collect()
    }
}
