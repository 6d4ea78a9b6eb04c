//! Why an app cannot be told apart from its files, and what the user can do.

use std::fmt::Write as _;

use kouti::{Explain, Fault, Problem};

use crate::project::Unreadable;
use crate::solution::BadSolution;

/// A project that is passed over, and the reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PassedOver {
    pub(crate) path: String,
    pub(crate) reason: &'static str,
}

/// What keeps the buildpack from knowing what to build.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("BP_DOTNET_PROJECT_PATH is `{value}`, {reason}")]
    ProjectPath { value: String, reason: &'static str, nearby: Vec<String> },
    #[error("{dir} has several projects, of which not exactly one can be started: {}", list(files))]
    MultipleProjects { dir: String, files: Vec<String> },
    #[error("several .NET apps could be built: {}", list(files))]
    SeveralBelow { files: Vec<String> },
    #[error("{dir} has several solutions: {}", list(files))]
    MultipleSolutions { dir: String, files: Vec<String> },
    #[error("{setting} is `{value}`, which is not the name of a solution")]
    SolutionExtension { setting: &'static str, value: String },
    #[error("{setting} is `{value}`, which does not exist")]
    SolutionNotFound { setting: &'static str, value: String, nearby: Vec<String> },
    #[error("BP_DOTNET_ENTRYPOINT is `{value}`, and the app has no file of that name")]
    Entrypoint { value: String },
    #[error("{path} lists no project that can be published")]
    EmptySolution { path: String },
    #[error("nothing here can be started{}", reasons(projects))]
    NoRunnableProject { projects: Vec<PassedOver> },
    #[error("{by} refers to {path}, which does not exist")]
    ProjectNotFound { by: String, path: String },
    #[error(transparent)]
    Solution(#[from] BadSolution),
    #[error(transparent)]
    Project(#[from] Unreadable),
}

fn list(files: &[String]) -> String {
    files.join(", ")
}

fn reasons(projects: &[PassedOver]) -> String {
    projects.iter().fold(String::new(), |mut text, project| {
        let _ = write!(text, "\n  {}: {}", project.path, project.reason);
        text
    })
}

impl Trouble {
    /// As one line, for a detection that leaves the app to others.
    pub(crate) fn remark(&self) -> String {
        std::iter::once(self.to_string()).chain(self.hints()).collect::<Vec<_>>().join("; ")
    }

    /// Whether a setting of the user is wrong: that is told while the platform still looks for
    /// buildpacks, because afterwards no buildpack may be left to tell it.
    pub(crate) fn is_in_a_setting(&self) -> bool {
        matches!(
            self,
            Self::ProjectPath { .. }
                | Self::SolutionExtension { .. }
                | Self::SolutionNotFound { .. }
                | Self::Entrypoint { .. }
        )
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Project(error.into())
    }
}

/// Not an [`Explain`], because a failed file operation explains itself.
impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Project(error) => error.into(),
            Trouble::Solution(error) => error.into(),
            other => {
                let hints = other.hints();
                let problem = Self::new(other.id(), Fault::App, other.to_string());
                hints.into_iter().fold(problem, Self::hint)
            }
        }
    }
}

impl Trouble {
    fn id(&self) -> &'static str {
        match self {
            Self::ProjectPath { .. } => "project-path-not-found",
            Self::MultipleProjects { .. } | Self::SeveralBelow { .. } => "multiple-projects",
            Self::MultipleSolutions { .. } => "multiple-solutions",
            Self::SolutionExtension { .. } => "solution-extension",
            Self::SolutionNotFound { .. } => "solution-not-found",
            Self::Entrypoint { .. } => "entrypoint-not-found",
            Self::EmptySolution { .. } => "empty-solution",
            Self::NoRunnableProject { .. } => "no-runnable-project",
            Self::ProjectNotFound { .. } => "project-not-found",
            Self::Solution(error) => error.id(),
            Self::Project(_) => "project-xml",
        }
    }

    fn hints(&self) -> Vec<String> {
        let nearby = |nearby: &[String]| match nearby {
            [] => "there is no such file anywhere in the app".to_owned(),
            files => format!("there is {}", files.join(", ")),
        };
        match self {
            Self::ProjectPath { nearby: files, .. } => vec![
                "name a project, a solution, a .cs file, or a directory that has one".to_owned(),
                nearby(files),
            ],
            Self::MultipleProjects { files, .. } | Self::SeveralBelow { files } => vec![format!(
                "name the one to build: BP_DOTNET_PROJECT_PATH={}, or several, separated by commas",
                files.first().map_or("", String::as_str)
            )],
            Self::MultipleSolutions { files, .. } => vec![format!(
                "name the one to build: BP_DOTNET_SOLUTION_FILE={}",
                files.first().map_or("", String::as_str)
            )],
            Self::SolutionExtension { .. } => {
                vec!["a solution ends with .sln, .slnx or .slnf".to_owned()]
            }
            Self::SolutionNotFound { nearby: files, .. } => {
                vec!["write its path relative to the app".to_owned(), nearby(files)]
            }
            Self::Entrypoint { .. } => {
                vec!["write the path of an executable file or DLL, relative to the app".to_owned()]
            }
            Self::EmptySolution { .. } => vec![
                "add projects to it, `dotnet sln add`, or remove it".to_owned(),
                "or name a project: BP_DOTNET_PROJECT_PATH".to_owned(),
            ],
            Self::NoRunnableProject { .. } => vec![
                "set `<OutputType>Exe</OutputType>` in the project that is to be started"
                    .to_owned(),
                "or name one with BP_DOTNET_PROJECT_PATH: it is published whatever it is"
                    .to_owned(),
            ],
            Self::ProjectNotFound { .. } => vec![
                "build from the root of the repository, with BP_DOTNET_PROJECT_PATH for the part"
                    .to_owned(),
                "look into .dockerignore, .cfignore and project.toml: they may leave it out"
                    .to_owned(),
            ],
            Self::Solution(error) => error.hints(),
            Self::Project(_) => Vec::new(),
        }
    }
}
