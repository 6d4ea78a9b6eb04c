//! Decisions: the plan, the settings, the app's files and the catalogue become one plain value.

use kouti::catalog::{Catalog, Choice, Target};
use kouti::version::Version;
use kouti::{Entry, Explain, Fault, Notice, Plan, Problem};
use kouti_node::{NODE, NODE_MODULES, NPM, NodeVersion, PackageManager, Project, Steps, Wishes};
use serde::Serialize;

use crate::settings::Settings;

/// Everything that a build will do.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Recipe {
    /// Which Node.js.
    pub(crate) node: Choice,
    /// Whether later buildpacks use it.
    pub(crate) build: bool,
    /// Whether the app uses it.
    pub(crate) launch: bool,
    /// Another package manager than npm, for those who run it themselves.
    pub(crate) manager: Option<PackageManager>,
    /// Whether the app runs that one too.
    pub(crate) launch_manager: bool,
    /// What makes the assets; nothing where nobody wants them.
    pub(crate) assets: Option<Steps>,
    /// What becomes of the packages with which they were made.
    pub(crate) modules: Modules,
    /// What the user should know.
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

/// What becomes of `node_modules`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Modules {
    /// Only what was made of them is wanted.
    Removed,
    /// Somebody needs them in this build, or the app does.
    Kept,
}

impl Recipe {
    pub(crate) fn decide(
        project: &Project,
        settings: &Settings,
        plan: &Plan,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Self, Problem> {
        let entries: Vec<&Entry> = plan.entries(NODE).collect();
        let node = NodeVersion::choose(
            &Wishes {
                setting: settings.version.as_deref(),
                files: &project.version_requests,
                entries: &entries,
                prefer_lts: settings.prefer_lts,
            },
            catalog,
            target,
        )?;
        let mut notices = project.notices.clone();
        notices.extend(node.notices);

        let asked = OTHERS.into_iter().find(|name| plan.entries(name).next().is_some());
        let is_asked = |flag| asked.is_some_and(|name| plan.any(name, flag));
        let is_wanted =
            |flag| [NODE, NPM].iter().any(|name| plan.any(name, flag)) || is_asked(flag);
        let modules = modules(plan);
        let version = &node.choice.artifact.version;
        let manager = asked
            .map(|name| settings.packages.choose(name, project, version, catalog, target))
            .transpose()?;
        let assets = if plan.any(NODE_MODULES, "build") {
            Some(assets(project, settings, version, catalog, target)?)
        } else {
            None
        };
        notices.extend(assets.iter().flat_map(Steps::notices));
        let launches_modules = plan.any(NODE_MODULES, "launch");
        if assets.is_some() && modules == Modules::Kept && !launches_modules {
            notices.push(Notice::new(
                "node_modules stays in the image: a later buildpack needs it in this build, and \
                 does not say that the app can do without",
            ));
        }
        Ok(Self {
            node: node.choice,
            build: is_wanted("build"),
            launch: is_wanted("launch") || launches_modules,
            launch_manager: is_asked("launch"),
            manager,
            assets,
            modules,
            notices,
        })
    }
}

/// Package managers that do not come with Node.js. No alternative offers both.
const OTHERS: [&str; 2] = ["yarn", "pnpm"];

/// Removed only if everybody who requires them says so.
fn modules(plan: &Plan) -> Modules {
    if plan.entries(NODE_MODULES).all(|entry| entry.flag("assets")) {
        Modules::Removed
    } else {
        Modules::Kept
    }
}

fn assets(
    project: &Project,
    settings: &Settings,
    node: &Version,
    catalog: &Catalog,
    target: &Target,
) -> Result<Steps, Problem> {
    if project.package.is_none() {
        return Err(NoPackage { dir: project.shown(&project.dir) }.into());
    }
    let scripts = settings.run_scripts.as_deref();
    // Whoever asked for packages in a build may build with them itself.
    Steps::decide(project, scripts, &settings.packages.with_dev(true), node, catalog, target)
}

/// Packages are wanted, and nothing says which.
#[derive(Debug, thiserror::Error)]
#[error(
    "another buildpack wants the packages of this app installed, and {} has no package.json",
    if dir.is_empty() { "it" } else { dir }
)]
struct NoPackage {
    dir: String,
}

impl Explain for NoPackage {
    fn id(&self) -> &'static str {
        "no-package-json"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["set BP_NODE_PROJECT_PATH to the directory with the package.json".to_owned()]
    }
}
