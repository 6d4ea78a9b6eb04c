//! Decisions: facts, settings, plan and catalogue become one plain value.
//!
//! Nothing here touches a file. Two equal recipes give the same image.

use kouti::catalog::{Catalog, Choice, Target};
use kouti::{Entry, Notice, Plan, Problem};
use kouti_node::{NODE, NODE_MODULES, NodeVersion, PackageJson, Steps, UnknownScript, Wishes};
use serde::Serialize;

use crate::app::App;
use crate::frontend;
use crate::script::Script;
use crate::settings::Settings;

/// Everything that a build will do.
#[expect(clippy::struct_excessive_bools, reason = "each is a decision of its own")]
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Recipe {
    /// Which Node.js.
    pub(crate) node: Choice,
    /// How packages are installed, and which scripts run.
    pub(crate) steps: Steps,
    /// Whether what only builds need is removed afterwards.
    pub(crate) prune: bool,
    /// Why it is not, where the user may not expect that.
    pub(crate) kept_for: Option<String>,
    /// Whether package managers are left out of the image.
    pub(crate) strip_npm: bool,
    /// More process types, and what they start.
    pub(crate) processes: Vec<(String, Script)>,
    /// Whether our supervisor is the first process of the container.
    pub(crate) supervise: bool,
    /// Whether the app starts anew when its files change.
    pub(crate) reload: bool,
    /// Whether the heap is sized by the memory of the container.
    pub(crate) optimize_memory: bool,
    /// Whether Node.js keeps compiled code while a container runs.
    pub(crate) compile_cache: bool,
    /// Whether packages lose what does not run.
    pub(crate) strip: bool,
    /// Whether a web server serves what is built, and nothing else is in the image.
    pub(crate) frontend: bool,
    /// Whether a later buildpack needs Node.js in this build.
    pub(crate) node_for_others: bool,
    /// What the user should know.
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

impl Recipe {
    pub(crate) fn decide(
        app: &App,
        settings: &Settings,
        plan: &Plan,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Self, Problem> {
        let others: Vec<&Entry> =
            plan.entries(NODE).filter(|entry| entry.text("mode").is_none()).collect();
        let node = NodeVersion::choose(
            &Wishes {
                setting: settings.version.as_deref(),
                files: &app.project.version_requests,
                entries: &others,
                prefer_lts: settings.prefer_lts,
            },
            catalog,
            target,
        )?;
        let kept_for = kept_for(app, settings, plan);
        let with_dev = kept_for.is_some() || !settings.prune;
        let steps = Steps::decide(
            &app.project,
            settings.run_scripts.as_deref(),
            &settings.packages.with_dev(with_dev),
            &node.choice.artifact.version,
            catalog,
            target,
        )?;

        let mut notices = app.project.notices.clone();
        notices.extend(node.notices);
        notices.extend(steps.notices());
        let version = &node.choice.artifact.version;
        let can_cache = version.major() > 22 || version.major() == 22 && version.minor() >= 1;
        let compile_cache = settings.compile_cache && can_cache;
        if settings.compile_cache && !can_cache {
            notices.push(Notice::new(format!(
                "Node.js {version} keeps no compiled code: BP_NODE_COMPILE_CACHE needs 22.1 or later"
            )));
        }
        Ok(Self {
            node: node.choice,
            prune: settings.prune && steps.with_dev() && kept_for.is_none(),
            kept_for,
            strip_npm: settings.strip_npm,
            steps,
            processes: processes(app, settings)?,
            supervise: settings.supervise,
            reload: settings.reload,
            optimize_memory: settings.optimize_memory,
            compile_cache,
            strip: settings.strip,
            frontend: plan.0.iter().any(|entry| entry.text("mode") == Some(frontend::MODE)),
            node_for_others: others.iter().any(|entry| entry.flag("build")),
            notices,
        })
    }
}

/// Why development packages stay, though the setting for it does not say so.
fn kept_for(app: &App, settings: &Settings, plan: &Plan) -> Option<String> {
    let is_needed = plan
        .entries(NODE_MODULES)
        .any(|entry| entry.text("mode").is_none() && entry.flag("build") && !entry.flag("assets"));
    if settings.prune_is_set {
        None
    } else if is_needed {
        Some("a later buildpack builds with them".to_owned())
    } else if app.keeps_development {
        Some("project.toml says `prune_dev_dependencies = false`".to_owned())
    } else {
        settings.kept_for.clone()
    }
}

fn processes(app: &App, settings: &Settings) -> Result<Vec<(String, Script)>, UnknownScript> {
    let nothing = PackageJson::default();
    let package = app.project.package.as_ref().unwrap_or(&nothing);
    let read = |(kind, name): &(String, String)| match Script::read(package, name) {
        Some(script) => Ok((kind.clone(), script)),
        None => Err(UnknownScript::new("BP_NODE_PROCESSES", name, package)),
    };
    settings.processes.iter().map(read).collect()
}
