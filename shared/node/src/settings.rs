//! The settings that both buildpacks read.

use kouti::catalog::{Catalog, Target};
use kouti::setting::{BadSetting, Paths, Value, Words};
use kouti::version::Version;
use kouti::{Env, Problem, Setting, settings};

use crate::project::Project;
use crate::selection::{ManagerWishes, PackageManager};
use crate::sources::{Linker, Sources};

/// Range of versions of Node.js.
pub const VERSION: Setting<Option<String>> =
    Setting::build("BP_NODE_VERSION", "", "version of Node.js, or a range as npm has them");

/// Whether long-term support counts more than being new.
pub const PREFER_LTS: Setting<bool> = Setting::build(
    "BP_NODE_PREFER_LTS",
    "false",
    "of the versions that fit, take the newest with long-term support",
);

/// Which package of the app is built.
pub const PROJECT_PATH: Setting<String> = Setting::build(
    "BP_NODE_PROJECT_PATH",
    "",
    "directory of the package to build, relative to the app",
);

/// Scripts to run; set and empty means none.
pub const RUN_SCRIPTS: Setting<Words> = Setting::build(
    "BP_NODE_RUN_SCRIPTS",
    "",
    "scripts of package.json to run, in this order; `build` if it is not set",
);

/// Directories that scripts find again as the last build left them.
pub const CACHE_DIRS: Setting<Paths> = Setting::build(
    "BP_NODE_CACHE_DIRS",
    "",
    "directories to keep from build to build, besides those of known tools, separated by colons",
);

/// Which package manager.
pub const PACKAGE_MANAGER: Setting<Option<String>> = Setting::build(
    "BP_NODE_PACKAGE_MANAGER",
    "",
    "`npm`, `yarn` or `pnpm`, with a range if you like: `pnpm@10`",
);

/// Range of versions of npm.
pub const NPM_VERSION: Setting<Option<String>> =
    Setting::build("BP_NPM_VERSION", "", "version of npm, or a range; that of Node.js by default");

/// Range of versions of Yarn.
pub const YARN_VERSION: Setting<Option<String>> =
    Setting::build("BP_YARN_VERSION", "", "version of Yarn, or a range, where the app uses Yarn");

/// Range of versions of pnpm.
pub const PNPM_VERSION: Setting<Option<String>> =
    Setting::build("BP_PNPM_VERSION", "", "version of pnpm, or a range, where the app uses pnpm");

/// A store of pnpm that comes with the app.
pub const PNPM_STORE: Setting<Option<String>> = Setting::build(
    "BP_PNPM_STORE_DIR",
    "",
    "store of pnpm that comes with the app; `.pnpm-store` by default",
);

/// Whether `node_modules` in the source counts.
pub const VENDORED: Setting<Vendored> = Setting::build(
    "BP_NODE_VENDORED",
    "auto",
    "`false` ignores a node_modules that comes with the app, `true` uses it whatever it holds",
);

/// Whether package managers may use the network.
pub const OFFLINE: Setting<bool> = Setting::build(
    "BP_NODE_OFFLINE",
    "false",
    "install packages without network, from what comes with the app",
);

/// Scripts of the workspace.
pub const ROOT_RUN_SCRIPTS: Setting<Words> = Setting::build(
    "BP_NODE_ROOT_RUN_SCRIPTS",
    "",
    "scripts of the workspace's own package.json to run before those of the package",
);

/// Whether packages of the last build may be taken over: what Heroku and Cloud Foundry call it.
pub const MODULES_CACHE: Setting<bool> = Setting::build(
    "NODE_MODULES_CACHE",
    "true",
    "take over the packages of the last build while nothing changes",
);

/// What becomes of a `node_modules` that comes with the app.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Vendored {
    /// It counts if it was made for this platform.
    #[default]
    Auto,
    /// It counts.
    Always,
    /// It is removed.
    Never,
}

impl Value for Vendored {
    const FORM: &'static str = "`auto`, `true` or `false`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            _ => Some(if bool::parse(text)? { Self::Always } else { Self::Never }),
        }
    }
}

/// What the user wants of the package manager.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackageSettings {
    /// Which one.
    pub package_manager: Option<String>,
    /// Programs, and the versions of them.
    pub versions: Vec<(&'static str, Option<String>)>,
    /// Whether there is no network.
    pub offline: bool,
    /// Scripts of the workspace to run.
    pub root_scripts: Vec<String>,
    /// Whether packages of the last build may be taken over.
    pub reuse: bool,
    /// Whether somebody needs what only builds need, though no script may run here.
    pub(crate) with_dev: bool,
    vendored: Vendored,
    pnpm_store: Option<String>,
    linker: Option<Linker>,
}

impl PackageSettings {
    /// Reads them.
    pub fn read(env: &Env) -> Result<Self, BadSetting> {
        let Words(root_scripts) = ROOT_RUN_SCRIPTS.read(env)?;
        Ok(Self {
            package_manager: PACKAGE_MANAGER.read(env)?,
            versions: vec![
                ("npm", NPM_VERSION.read(env)?),
                ("yarn", YARN_VERSION.read(env)?),
                ("pnpm", PNPM_VERSION.read(env)?),
            ],
            offline: OFFLINE.read(env)? || settings::OFFLINE.read(env)?,
            root_scripts,
            reuse: MODULES_CACHE.read(env)?,
            with_dev: false,
            vendored: VENDORED.read(env)?,
            pnpm_store: PNPM_STORE.read(env)?,
            linker: env.given("YARN_NODE_LINKER").map(Linker::of),
        })
    }

    /// The same, where somebody needs what only builds need whether a script runs or not.
    #[must_use]
    pub fn with_dev(&self, with_dev: bool) -> Self {
        Self { with_dev, ..self.clone() }
    }

    /// What decides on the package manager.
    pub(crate) fn wishes<'a>(
        &'a self,
        project: &'a Project,
        sources: &'a Sources,
    ) -> ManagerWishes<'a> {
        let setting = self.package_manager.as_deref();
        ManagerWishes { setting, versions: &self.versions, project, sources }
    }

    /// The program of the package manager, for a build plan.
    #[must_use]
    pub fn program(&self, project: &Project) -> &'static str {
        self.wishes(project, &project.sources).kind().manager().program()
    }

    /// The package manager `program`, which another buildpack asks for: as the app has it, if that is its own.
    pub fn choose(
        &self,
        program: &str,
        project: &Project,
        node: &Version,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<PackageManager, Problem> {
        let sources = self.of(&project.sources, &project.root);
        if self.program(project) == program {
            return self.wishes(project, &sources).choose(node, catalog, target);
        }
        let named = Self { package_manager: Some(program.to_owned()), ..self.clone() };
        named.wishes(project, &sources).choose(node, catalog, target)
    }

    /// What the app brings along, as far as the user lets it count.
    #[must_use]
    pub fn of(&self, sources: &Sources, root: &std::path::Path) -> Sources {
        let mut sources = sources.clone();
        sources.modules = sources.modules
            && match self.vendored {
                Vendored::Auto => sources.foreign_module.is_none(),
                Vendored::Always => true,
                Vendored::Never => false,
            };
        if let Some(store) = &self.pnpm_store {
            sources.pnpm_store = Some(root.join(store));
        }
        if let Some(linker) = self.linker {
            sources.linker = linker;
        }
        sources
    }
}
