//! What is different from one package manager to the next.
//!
//! Each implements [`Manager`] in a file of its own; nothing outside `manager/` asks which
//! one it is. A further one is one more file, and a line in [`Kind`].

mod npm;
mod pnpm;
mod yarn_berry;
mod yarn_classic;

use std::path::PathBuf;

use kouti::version::Version;
use kouti::{Env, LayerEnv};
use serde::Serialize;

use crate::lockfile::Lockfile;
use crate::packages::Packages;
use crate::project::Project;
use crate::sources::Sources;

/// The words of a command, its program first.
pub type Command = Vec<&'static str>;

/// Which package manager.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// npm.
    Npm,
    /// Yarn 1.
    YarnClassic,
    /// Yarn 2 and later.
    YarnBerry,
    /// pnpm.
    Pnpm,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Npm, Self::YarnClassic, Self::YarnBerry, Self::Pnpm];

    /// What it does.
    #[must_use]
    pub fn manager(self) -> &'static dyn Manager {
        match self {
            Self::Npm => &npm::Npm,
            Self::YarnClassic => &yarn_classic::YarnClassic,
            Self::YarnBerry => &yarn_berry::YarnBerry,
            Self::Pnpm => &pnpm::Pnpm,
        }
    }
}

/// How packages are installed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Exactly what the lockfile says.
    Locked,
    /// What `package.json` allows today.
    Floating,
    /// `node_modules` came with the app: only what has to be made for this platform is made.
    Vendored,
}

/// What decides on the commands of one build.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// From what.
    pub mode: Mode,
    /// Whether what only builds need is installed as well.
    pub with_dev: bool,
    /// Whether there is no network.
    pub offline: bool,
    /// The version of the package manager, where it is known.
    pub version: Option<&'a Version>,
    /// What the app brings along.
    pub sources: &'a Sources,
    /// Whether there are several packages.
    pub workspace: bool,
    /// Whether packages of the app have scripts that an install runs.
    pub install_scripts: bool,
}

/// How packages that only builds need are removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prune {
    /// By this command.
    Run(Command),
    /// By this one, which installs all others anew.
    Anew(Command),
    /// Not at all, for this reason.
    Impossible(&'static str),
}

/// Where the commands of a build find things.
#[derive(Clone, Debug)]
pub struct Places {
    /// The layer in which the package manager keeps its downloads.
    pub cache: PathBuf,
    /// Node.js with its headers.
    pub node: PathBuf,
}

/// Scripts of packages that an install has left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IgnoredScripts {
    /// Whose.
    pub packages: Vec<String>,
    /// Why.
    pub reason: &'static str,
    /// What to do if a package does not work without.
    pub remedy: &'static str,
}

/// A package manager.
pub trait Manager: Sync {
    /// Its program, which is how `packageManager` and our settings name it too.
    fn program(&self) -> &'static str;

    /// How a person names it.
    fn title(&self) -> &'static str;

    /// The id of its artifacts in the catalogue.
    fn artifact(&self) -> &'static str;

    /// The package that holds it in the registry.
    fn registry_package(&self, version: &Version, arch: &str) -> String;

    /// Its programs and their files in that package, the main one first.
    fn programs(&self, version: &Version) -> Vec<(&'static str, &'static str)>;

    /// The files that pin its packages.
    fn lockfiles(&self) -> &'static [Lockfile];

    /// The file of the app that names registries and says who asks there.
    fn settings_file(&self) -> &'static str {
        ".npmrc"
    }

    /// From what it installs.
    fn mode(&self, has_lockfile: bool, sources: &Sources) -> Mode {
        let _ = sources;
        if has_lockfile { Mode::Locked } else { Mode::Floating }
    }

    /// Whether an install can leave out what only builds need.
    fn can_omit_dev(&self) -> bool {
        true
    }

    /// The commands that install.
    fn install(&self, order: &Order<'_>) -> Vec<Command>;

    /// The command that removes what only builds need.
    fn prune(&self, order: &Order<'_>) -> Prune;

    /// The command that runs a script of `package.json`.
    fn run<'a>(&self, script: &'a str) -> [&'a str; 3] {
        [self.program(), "run", script]
    }

    /// What stands before the words of an installed program to run it in the root.
    fn exec(&self) -> &'static [&'static str];

    /// How a script is started where `PATH` does not lead to the programs of packages.
    fn start<'a>(&self, name: &'a str, sources: &Sources) -> Option<[&'a str; 3]> {
        let _ = (name, sources);
        None
    }

    /// The layer in which it keeps downloads.
    fn cache(&self) -> &'static str;

    /// Sets its variables for the commands of a build; `user` has the last word.
    fn environment(&self, env: &mut Env, places: &Places, order: &Order<'_>);

    /// Adds what it needs when the app runs.
    fn launch_environment(&self, env: LayerEnv, project: &Project, sources: &Sources) -> LayerEnv {
        let _ = (project, sources);
        env
    }

    /// What an install makes, relative to the root.
    fn trees(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        let _ = sources;
        project.module_trees()
    }

    /// The paths of the same in the image, which get a layer of their own.
    fn globs(&self, project: &Project, sources: &Sources) -> Vec<String> {
        let _ = sources;
        project.module_globs()
    }

    /// Files it leaves beside the packages that differ from build to build, or that nobody needs
    /// when the app runs; relative to the root.
    fn leftovers(&self, project: &Project, sources: &Sources) -> Vec<PathBuf> {
        let _ = (project, sources);
        Vec::new()
    }

    /// Removes what the command that removes packages has left of them.
    fn finish_prune(&self, project: &Project, sources: &Sources) -> std::io::Result<()> {
        let _ = (project, sources);
        Ok(())
    }

    /// Whether an install on top of packages that came with the app makes nothing that a lockfile
    /// would have to pin.
    fn only_compiles_vendored(&self) -> bool {
        true
    }

    /// Whether an install may compile something, for which it needs the headers of Node.js.
    fn may_compile(&self, sources: &Sources) -> bool {
        let _ = sources;
        true
    }

    /// What an install has not run.
    fn ignored_scripts(&self, project: &Project) -> std::io::Result<IgnoredScripts> {
        let _ = project;
        Ok(IgnoredScripts::default())
    }

    /// What it has installed.
    fn packages(&self, project: &Project, sources: &Sources) -> std::io::Result<Packages> {
        let _ = sources;
        Packages::walk(project)
    }
}
