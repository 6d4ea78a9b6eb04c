//! Facts: the tool for monorepos that runs the scripts of a package, because it knows which other
//! packages have to be built before.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::project::Project;

/// A tool that runs scripts of packages in their order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monorepo {
    /// Turborepo, for the package of this name and all that it depends on.
    Turborepo(String),
    /// Nx, for the project of this name.
    Nx(String),
}

impl Monorepo {
    /// The tool that the workspace above the package has set up and installs.
    pub(crate) fn of(project: &Project) -> Option<Self> {
        if !project.is_workspace_member() {
            return None;
        }
        let is_set_up = |file: &str, package: &str| {
            let packages = [&project.root_package, &project.package];
            project.root.join(file).is_file()
                && packages.into_iter().flatten().any(|found| found.depends_on(package))
        };
        let name = || project.package.as_ref().and_then(|package| package.name.clone());
        if is_set_up("turbo.json", "turbo") {
            return name().map(Self::Turborepo);
        }
        if is_set_up("nx.json", "nx") {
            return nx_name(&project.dir).or_else(name).map(Self::Nx);
        }
        None
    }

    /// What runs a script, behind the words with which a package manager runs an installed program.
    #[must_use]
    pub fn run(&self, script: &str) -> Vec<String> {
        match self {
            // Variables of the build are the user's wish, even if turbo.json does not list them.
            Self::Turborepo(package) => {
                ["turbo", "run", script, &format!("--filter={package}..."), "--env-mode=loose"]
                    .map(str::to_owned)
                    .to_vec()
            }
            Self::Nx(project) => {
                ["nx", "run", &format!("{project}:{script}")].map(str::to_owned).to_vec()
            }
        }
    }
}

/// `name` of `project.json`, by which Nx knows a project. A file that Nx cannot read is its affair.
fn nx_name(dir: &Path) -> Option<String> {
    let text = fs_err::read(dir.join("project.json")).ok()?;
    let project: Value = serde_json::from_slice(&text).ok()?;
    project["name"].as_str().map(str::to_owned)
}
