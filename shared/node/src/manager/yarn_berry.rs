//! Yarn 2 and later.

use std::io;
use std::path::{Path, PathBuf};

use kouti::version::Version;
use kouti::{Env, LayerEnv, Scope};

use super::{Command, Manager, Order, Places, Prune};
use crate::lockfile::Lockfile;
use crate::packages::Packages;
use crate::project::Project;
use crate::sources::{Linker, Sources};

pub(super) struct YarnBerry;

/// Made by an install that has no `node_modules`.
const PNP_FILES: [&str; 3] = [".pnp.cjs", ".pnp.data.json", ".pnp.loader.mjs"];

/// Where it unpacks the packages that cannot stay in their archives.
const UNPLUGGED: &str = ".yarn/unplugged";

/// Where it keeps the archives from which the app runs.
const ARCHIVES: &str = ".yarn/cache";

impl Manager for YarnBerry {
    fn program(&self) -> &'static str {
        "yarn"
    }

    fn title(&self) -> &'static str {
        "Yarn"
    }

    fn artifact(&self) -> &'static str {
        "berry"
    }

    /// Of Yarn 2, only the package of Yarn 1 has the last version.
    fn registry_package(&self, version: &Version, _: &str) -> String {
        if version.major() < 3 { "yarn".to_owned() } else { "@yarnpkg/cli-dist".to_owned() }
    }

    fn programs(&self, _: &Version) -> Vec<(&'static str, &'static str)> {
        vec![("yarn", "bin/yarn.js"), ("yarnpkg", "bin/yarn.js")]
    }

    fn lockfiles(&self) -> &'static [Lockfile] {
        &[Lockfile::Yarn]
    }

    fn settings_file(&self) -> &'static str {
        ".yarnrc.yml"
    }

    fn install(&self, order: &Order<'_>) -> Vec<Command> {
        let mut command = vec!["yarn", "install", "--immutable", "--inline-builds"];
        if order.sources.zero_install.is_some() {
            command.push("--immutable-cache");
        }
        vec![command]
    }

    /// Only another command can, and that one would not insist on the lockfile.
    fn can_omit_dev(&self) -> bool {
        false
    }

    fn prune(&self, order: &Order<'_>) -> Prune {
        if order.sources.zero_install.is_some() && order.sources.linker == Linker::PlugAndPlay {
            return Prune::Impossible(
                "the archives of all packages came with the app: to have them installed here, and \
                 some of them removed, leave `.yarn/cache` out of what you upload",
            );
        }
        let is_built_in = order.version.is_none_or(|version| version.major() >= 4);
        if is_built_in || order.sources.workspace_tools {
            Prune::Run(vec!["yarn", "workspaces", "focus", "--all", "--production"])
        } else {
            Prune::Impossible(
                "Yarn 2 and 3 can only do that with the plugin `workspace-tools`: \
                 add it with `yarn plugin import workspace-tools`, or move to Yarn 4",
            )
        }
    }

    fn exec(&self) -> &'static [&'static str] {
        &["yarn", "run"]
    }

    fn start<'a>(&self, name: &'a str, sources: &Sources) -> Option<[&'a str; 3]> {
        (sources.linker == Linker::PlugAndPlay).then(|| self.run(name))
    }

    fn cache(&self) -> &'static str {
        "yarn-cache"
    }

    fn environment(&self, env: &mut Env, places: &Places, order: &Order<'_>) {
        let sources = order.sources;
        let is_ours = sources.yarn_path.is_none();
        if is_ours {
            env.set_default("YARN_IGNORE_PATH", "1");
        }
        env.set_default("YARN_ENABLE_TELEMETRY", "0");
        env.set_default("YARN_ENABLE_PROGRESS_BARS", "false");
        env.set_default("YARN_GLOBAL_FOLDER", &places.cache);
        // Without `node_modules` the app runs from the archives, so they have to be in it.
        let in_app = sources.zero_install.is_some() || sources.linker == Linker::PlugAndPlay;
        env.set_default("YARN_ENABLE_GLOBAL_CACHE", if in_app { "false" } else { "true" });
        if in_app && sources.zero_install.is_none() {
            env.set_default("YARN_CACHE_FOLDER", format!("./{ARCHIVES}"));
            env.set_default("YARN_ENABLE_MIRROR", "true");
        }
        env.set_default("npm_config_nodedir", &places.node);
        if order.offline {
            env.set_default("YARN_ENABLE_NETWORK", "false");
        }
    }

    /// Without `node_modules`, Node.js has to be told where packages are.
    fn launch_environment(&self, env: LayerEnv, project: &Project, sources: &Sources) -> LayerEnv {
        if sources.linker != Linker::PlugAndPlay {
            return env;
        }
        let root = project.root.display();
        let loader = if project.root.join(".pnp.loader.mjs").is_file() {
            format!(" --experimental-loader file://{root}/.pnp.loader.mjs")
        } else {
            String::new()
        };
        let options = format!("--require {root}/.pnp.cjs{loader}");
        env.append(Scope::Launch, "NODE_OPTIONS", options, " ")
    }

    fn trees(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        if sources.linker != Linker::PlugAndPlay {
            return project.module_trees();
        }
        let mut trees: Vec<&str> = PNP_FILES.to_vec();
        trees.push(UNPLUGGED);
        if sources.zero_install.is_none() {
            trees.push(ARCHIVES);
        }
        let there = trees.into_iter().filter(|tree| project.root.join(tree).exists());
        there.map(PathBuf::from).collect()
    }

    fn globs(&self, project: &Project, sources: &Sources) -> Vec<String> {
        if sources.linker != Linker::PlugAndPlay {
            return project.module_globs();
        }
        let archives = sources.zero_install.as_deref().unwrap_or(Path::new(ARCHIVES));
        [archives, Path::new(UNPLUGGED)].map(|path| project.shown(&project.root.join(path))).into()
    }

    fn leftovers(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        let mut leftovers = vec![PathBuf::from(".yarn/install-state.gz")];
        if sources.linker != Linker::PlugAndPlay {
            leftovers.extend(project.below_root(sources.zero_install.as_deref()));
        }
        leftovers
    }

    /// The command only takes them out of `.pnp.cjs`.
    fn finish_prune(&self, project: &Project, sources: &Sources) -> io::Result<()> {
        if sources.linker != Linker::PlugAndPlay || sources.zero_install.is_some() {
            return Ok(());
        }
        let mut known = String::new();
        for file in PNP_FILES.map(|file| project.root.join(file)) {
            if file.is_file() {
                known.push_str(&fs_err::read_to_string(file)?);
            }
        }
        let archives = project.root.join(ARCHIVES);
        if known.is_empty() || !archives.is_dir() {
            return Ok(());
        }
        for entry in fs_err::read_dir(archives)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_archive = Path::new(&name).extension().is_some_and(|end| end == "zip");
            if is_archive && !known.contains(&name) {
                fs_err::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn packages(&self, project: &Project, sources: &Sources) -> io::Result<Packages> {
        if sources.linker == Linker::PlugAndPlay {
            Packages::plug_and_play(project)
        } else {
            Packages::walk(project)
        }
    }
}
