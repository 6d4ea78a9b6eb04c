//! pnpm.

use std::path::PathBuf;

use kouti::version::Version;
use kouti::{Env, LayerEnv, Scope};
use serde_json::Value;

use super::{Command, IgnoredScripts, Manager, Mode, Order, Places, Prune};
use crate::lockfile::Lockfile;
use crate::project::Project;
use crate::sources::Sources;

pub(super) struct Pnpm;

impl Manager for Pnpm {
    fn program(&self) -> &'static str {
        "pnpm"
    }

    fn title(&self) -> &'static str {
        "pnpm"
    }

    fn artifact(&self) -> &'static str {
        "pnpm"
    }

    /// From 12 on it is a native program.
    fn registry_package(&self, version: &Version, arch: &str) -> String {
        match (version.major(), arch) {
            (..12, _) => "pnpm".to_owned(),
            (_, "arm64") => "@pnpm/exe.linux-arm64".to_owned(),
            _ => "@pnpm/exe.linux-x64".to_owned(),
        }
    }

    fn programs(&self, version: &Version) -> Vec<(&'static str, &'static str)> {
        match version.major() {
            ..6 => vec![("pnpm", "bin/pnpm.js"), ("pnpx", "bin/pnpx.js")],
            6..=10 => vec![("pnpm", "bin/pnpm.cjs"), ("pnpx", "bin/pnpx.cjs")],
            11 => vec![("pnpm", "bin/pnpm.mjs"), ("pnpx", "bin/pnpx.mjs")],
            _ => vec![("pnpm", "pnpm")],
        }
    }

    fn lockfiles(&self) -> &'static [Lockfile] {
        &[Lockfile::Pnpm]
    }

    fn install(&self, order: &Order<'_>) -> Vec<Command> {
        let frozen = match order.mode {
            Mode::Floating => "--no-frozen-lockfile",
            Mode::Locked | Mode::Vendored => "--frozen-lockfile",
        };
        // Said explicitly: some versions look at NODE_ENV, others do not.
        let dev = if order.with_dev { "--prod=false" } else { "--prod" };
        vec![vec!["pnpm", "install", frozen, dev, network(order)]]
    }

    fn prune(&self, order: &Order<'_>) -> Prune {
        if !order.workspace {
            let knows_option = order.version.is_none_or(|version| {
                (version.major(), version.minor(), version.patch()) > (8, 15, 6)
            });
            return match (knows_option, order.install_scripts) {
                (true, _) => Prune::Run(vec!["pnpm", "prune", "--prod", "--ignore-scripts"]),
                (false, false) => Prune::Run(vec!["pnpm", "prune", "--prod"]),
                (false, true) => Prune::Impossible(
                    "this pnpm would run the scripts of package.json again, without their tools: \
                     move to pnpm 8.15.7 or later",
                ),
            };
        }
        if order.install_scripts {
            return Prune::Impossible(
                "in a workspace pnpm installs anew for that, and scripts such as `prepare` would \
                 run without their tools",
            );
        }
        // `pnpm prune` knows nothing of the other packages of a workspace.
        Prune::Anew(vec!["pnpm", "install", "--frozen-lockfile", "--prod", network(order)])
    }

    fn exec(&self) -> &'static [&'static str] {
        &["pnpm", "exec"]
    }

    fn cache(&self) -> &'static str {
        "pnpm-store"
    }

    fn environment(&self, env: &mut Env, places: &Places, order: &Order<'_>) {
        let store = order.sources.pnpm_store.as_ref().unwrap_or(&places.cache);
        for (name, value) in SETTINGS {
            set_default(env, order.version, name, value);
        }
        set_default(env, order.version, "store_dir", &store.to_string_lossy());
        env.set_default("npm_config_nodedir", &places.node);
    }

    /// What starts the app must not install anything, nor fetch another pnpm.
    fn launch_environment(&self, env: LayerEnv, _: &Project, _: &Sources) -> LayerEnv {
        env.default_value(Scope::Launch, "npm_config_manage_package_manager_versions", "false")
            .default_value(Scope::Launch, "npm_config_verify_deps_before_run", "false")
            .default_value(Scope::Launch, "pnpm_config_pm_on_fail", "ignore")
            .default_value(Scope::Launch, "pnpm_config_verify_deps_before_run", "false")
    }

    fn ignored_scripts(&self, project: &Project) -> std::io::Result<IgnoredScripts> {
        let state = project.root.join("node_modules/.modules.yaml");
        if !state.is_file() {
            return Ok(IgnoredScripts::default());
        }
        // Its name says YAML, and it is JSON.
        let state: Value = serde_json::from_slice(&fs_err::read(state)?).unwrap_or_default();
        let ignored = state["ignoredBuilds"].as_array().into_iter().flatten();
        Ok(IgnoredScripts {
            packages: ignored.filter_map(Value::as_str).map(str::to_owned).collect(),
            reason: "nothing allows them",
            remedy: "run `pnpm approve-builds` and commit what it writes",
        })
    }

    /// Files with times in them.
    fn leftovers(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        let trees = project.module_trees();
        let files =
            [".modules.yaml", ".pnpm-workspace-state.json", ".pnpm-workspace-state-v1.json"];
        let mut leftovers: Vec<_> =
            trees.iter().flat_map(|tree| files.map(|file| tree.join(file))).collect();
        leftovers.extend(project.below_root(sources.pnpm_store.as_deref()));
        leftovers
    }
}

/// Settings that a build needs whatever the app says.
const SETTINGS: &[(&str, &str)] = &[
    // The store is on another volume than the app.
    ("package_import_method", "clone-or-copy"),
    // It must neither install when a script starts, nor fetch another version of itself.
    ("verify_deps_before_run", "false"),
    ("manage_package_manager_versions", "false"),
    ("pm_on_fail", "ignore"),
    // Packages that nothing needs any more would otherwise stay for a week.
    ("modules_cache_max_age", "0"),
    // Nobody can answer a question.
    ("confirm_modules_purge", "false"),
    ("update_notifier", "false"),
];

/// Versions up to 10 read npm's variables, later ones have their own.
fn set_default(env: &mut Env, version: Option<&Version>, name: &str, value: &str) {
    let prefix = match version {
        Some(version) if version.major() <= 10 => "npm_config",
        _ => "pnpm_config",
    };
    env.set_default(format!("{prefix}_{name}"), value);
}

fn network(order: &Order<'_>) -> &'static str {
    if order.offline || order.sources.pnpm_store.is_some() {
        "--offline"
    } else {
        "--prefer-offline"
    }
}
