//! Yarn 1.

use std::path::PathBuf;

use kouti::Env;
use kouti::version::Version;

use super::{Command, Manager, Mode, Order, Places, Prune};
use crate::lockfile::Lockfile;
use crate::project::Project;
use crate::sources::Sources;

pub(super) struct YarnClassic;

impl Manager for YarnClassic {
    fn program(&self) -> &'static str {
        "yarn"
    }

    fn title(&self) -> &'static str {
        "Yarn"
    }

    fn artifact(&self) -> &'static str {
        "yarn"
    }

    fn registry_package(&self, _: &Version, _: &str) -> String {
        "yarn".to_owned()
    }

    fn programs(&self, _: &Version) -> Vec<(&'static str, &'static str)> {
        vec![("yarn", "bin/yarn.js"), ("yarnpkg", "bin/yarn.js")]
    }

    fn lockfiles(&self) -> &'static [Lockfile] {
        &[Lockfile::Yarn]
    }

    /// A normal install on top of what came with the app is the only way in which this Yarn
    /// compiles native modules again.
    fn mode(&self, has_lockfile: bool, sources: &Sources) -> Mode {
        match (sources.modules, has_lockfile) {
            (true, _) => Mode::Vendored,
            (false, true) => Mode::Locked,
            (false, false) => Mode::Floating,
        }
    }

    fn install(&self, order: &Order<'_>) -> Vec<Command> {
        let dev = if order.with_dev { "--production=false" } else { "--production=true" };
        let mut command = vec!["yarn", "install", "--ignore-engines", dev];
        match order.mode {
            Mode::Locked => command.push("--frozen-lockfile"),
            Mode::Floating => command.push("--no-lockfile"),
            // Whether there is a lockfile, it knows by itself.
            Mode::Vendored => command.push("--pure-lockfile"),
        }
        if order.offline || order.sources.offline_mirror.is_some() {
            command.push("--offline");
        }
        vec![command]
    }

    /// It has no command for that; scripts would miss the tools that are being removed.
    fn prune(&self, order: &Order<'_>) -> Prune {
        let mut command =
            vec!["yarn", "install", "--ignore-engines", "--production=true", "--ignore-scripts"];
        match order.mode {
            Mode::Floating => command.push("--no-lockfile"),
            Mode::Locked | Mode::Vendored => command.push("--frozen-lockfile"),
        }
        command.push(if order.offline || order.sources.offline_mirror.is_some() {
            "--offline"
        } else {
            "--prefer-offline"
        });
        Prune::Run(command)
    }

    fn exec(&self) -> &'static [&'static str] {
        &["yarn", "run"]
    }

    fn only_compiles_vendored(&self) -> bool {
        false
    }

    fn cache(&self) -> &'static str {
        "yarn-cache"
    }

    fn environment(&self, env: &mut Env, places: &Places, order: &Order<'_>) {
        env.set_default("YARN_CACHE_FOLDER", &places.cache);
        // It would refuse to run where `packageManager` names another Yarn.
        env.set_default("SKIP_YARN_COREPACK_CHECK", "1");
        env.set_default("npm_config_nodedir", &places.node);
        if let Some(mirror) = &order.sources.offline_mirror {
            env.set_default("YARN_YARN_OFFLINE_MIRROR", mirror);
        }
    }

    fn leftovers(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        project.below_root(sources.offline_mirror.as_deref())
    }
}
