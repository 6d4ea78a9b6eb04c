//! What is run to make an app of its source: its packages are installed, its scripts run,
//! and what only these needed is removed.

use kouti::catalog::{Artifact, Catalog, Target};
use kouti::version::Version;
use kouti::{BuildContext, Log, Notice, Problem};
use serde::Serialize;

use crate::failure::Step;
use crate::framework_cache::FrameworkCaches;
use crate::generated::Generated;
use crate::manager::{IgnoredScripts, Kind, Mode, Order, Prune};
use crate::modules::{Install, Reuse, remove_trees};
use crate::packages::{Packages, Scope};
use crate::project::Project;
use crate::scripts::{Scripts, UnknownScript};
use crate::selection::PackageManager;
use crate::settings::PackageSettings;
use crate::sources::Sources;
use crate::toolchain::Toolchain;

/// Which commands a build runs, decided before the first of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Steps {
    /// What installs packages and runs scripts.
    pub manager: PackageManager,
    /// How packages are installed; nothing without a `package.json`.
    pub install: Option<Install>,
    /// Which scripts run.
    pub scripts: Scripts,
    /// How packages are removed that only the scripts needed.
    pub prune: Prune,
    /// Whether there is no network.
    pub offline: bool,
    /// What the app brings along, as far as it counts.
    #[serde(skip)]
    pub sources: Sources,
}

impl Steps {
    /// What `project` needs; `run_scripts` is `BP_NODE_RUN_SCRIPTS` where it is set.
    pub fn decide(
        project: &Project,
        run_scripts: Option<&[String]>,
        settings: &PackageSettings,
        node: &Version,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Self, Problem> {
        let sources = settings.of(&project.sources, &project.root);
        let Some(package) = &project.package else { return Ok(Self { sources, ..Self::none() }) };
        let manager = settings.wishes(project, &sources).choose(node, catalog, target)?;
        let mut scripts = Scripts::choose(package, run_scripts)?;
        scripts.root = root_scripts(project, &settings.root_scripts)?;
        let lockfiles = manager.kind.manager().lockfiles();
        let has_lockfile = project.lockfiles.iter().any(|file| lockfiles.contains(file));
        let mut steps =
            Self { manager, scripts, offline: settings.offline, sources, ..Self::none() };
        let manager = steps.manager.kind.manager();
        let mode = manager.mode(has_lockfile, &steps.sources);
        let install_script = project.install_scripts.first();
        let install = Install {
            mode,
            commands: Vec::new(),
            with_dev: settings.with_dev
                || !steps.scripts.is_empty()
                // A script that runs on install may be written for development dependencies.
                || install_script.is_some()
                || !manager.can_omit_dev(),
            reuse: match (mode, install_script) {
                _ if !settings.reuse => Reuse::Off,
                (_, Some(script)) => Reuse::InstallScript(script.clone()),
                (Mode::Vendored, _) if manager.only_compiles_vendored() => Reuse::Allowed,
                _ if !has_lockfile => Reuse::NoLockfile,
                _ => Reuse::Allowed,
            },
        };
        steps.install = Some(install);
        let commands = manager.install(&steps.order(project));
        steps.prune = manager.prune(&steps.order(project));
        if let Some(install) = &mut steps.install {
            install.commands = commands;
        }
        Ok(steps)
    }

    /// Nothing to do, as without a `package.json`.
    #[must_use]
    pub fn none() -> Self {
        Self {
            manager: PackageManager::bundled(),
            install: None,
            scripts: Scripts::default(),
            prune: Prune::Impossible("there is nothing to remove"),
            offline: false,
            sources: Sources::default(),
        }
    }

    /// What decides on the commands.
    #[must_use]
    pub fn order(&self, project: &Project) -> Order<'_> {
        let install = self.install.as_ref();
        Order {
            mode: install.map_or(Mode::Floating, |install| install.mode),
            with_dev: self.with_dev(),
            offline: self.offline,
            version: self.manager.version.as_ref(),
            sources: &self.sources,
            workspace: !project.members.is_empty(),
            install_scripts: !project.install_scripts.is_empty(),
        }
    }

    /// Whether a command may compile something.
    #[must_use]
    pub fn may_compile(&self) -> bool {
        self.install.is_some() && self.manager.kind.manager().may_compile(&self.sources)
    }

    /// Whether packages are installed that only builds need.
    #[must_use]
    pub fn with_dev(&self) -> bool {
        self.install.as_ref().is_some_and(|install| install.with_dev)
    }

    /// What the user should know about them.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let mut notices = self.manager.notices.clone();
        let Some(install) = &self.install else { return notices };
        if install.reuse == Reuse::NoLockfile && install.mode == Mode::Floating {
            notices.push(floating(self.manager.kind));
        }
        match &self.sources.foreign_module {
            Some(package) if !self.sources.modules => notices.push(
                Notice::new(format!(
                    "node_modules came with the app, but was made on another system ({package}): \
                     it is not used"
                ))
                .hint("leave node_modules out of what you upload"),
            ),
            _ if install.mode == Mode::Vendored => notices.push(
                Notice::new("node_modules came with the app: it is used as it is").hint(
                    "to install packages instead, leave it out or set BP_NODE_VENDORED=false",
                ),
            ),
            _ => {}
        }
        notices
    }

    /// Carries them out, up to the last script.
    pub fn run(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        node: &Artifact,
        caches: &FrameworkCaches,
        toolchain: &mut Toolchain<'_>,
    ) -> Result<(), Problem> {
        for script in &self.scripts.before_install {
            toolchain.run_script(log, &project.dir, script)?;
        }
        if let Some(install) = &self.install {
            let key = install.key(context, project, node, &self.manager)?;
            install.run(context, log, project, toolchain, &key)?;
            let ignored = self.manager.kind.manager().ignored_scripts(project)?;
            if !ignored.packages.is_empty() {
                log.warn(scripts_ignored(&self.manager, &ignored));
            }
            let missing = project.missing_packages()?;
            if !missing.is_empty() {
                log.warn(packages_missing(&missing));
            }
        }
        if toolchain.runs_scripts() {
            caches.restore(context, log, project, node)?;
            for script in &self.scripts.root {
                toolchain.run_script(log, &project.root, script)?;
            }
            for script in &self.scripts.build {
                self.run_script(log, project, script, toolchain)?;
            }
            caches.save(context, log, project, node)?;
        }
        let unbuilt = project.unbuilt_packages()?;
        if !unbuilt.is_empty() {
            log.warn(packages_unbuilt(&unbuilt));
        }
        Ok(())
    }

    /// Runs a script of the package, after those of the packages that it needs where a tool knows
    /// them.
    fn run_script(
        &self,
        log: &mut Log,
        project: &Project,
        script: &str,
        toolchain: &mut Toolchain<'_>,
    ) -> Result<(), Problem> {
        let Some(monorepo) = &project.monorepo else {
            return toolchain.run_script(log, &project.dir, script);
        };
        let tool = monorepo.run(script);
        let mut words = self.manager.kind.manager().exec().to_vec();
        words.extend(tool.iter().map(String::as_str));
        toolchain.run(log, &project.root, &words, Step::Script(script))
    }

    /// What is installed now.
    pub fn packages(&self, project: &Project) -> std::io::Result<Packages> {
        self.manager.kind.manager().packages(project, &self.sources)
    }

    /// Removes what only builds need, if `packages` has anything of the kind.
    pub fn prune(
        &self,
        log: &mut Log,
        project: &Project,
        packages: &Packages,
        toolchain: &mut Toolchain<'_>,
    ) -> Result<(), Problem> {
        if packages.count(Scope::Development) == 0 {
            return Ok(());
        }
        match &self.prune {
            Prune::Run(words) => {
                toolchain.run(log, &project.root, words, Step::Packages)?;
                Ok(self.manager.kind.manager().finish_prune(project, &self.sources)?)
            }
            Prune::Anew(words) => {
                let generated = Generated::put_aside(project)?;
                toolchain.run(log, &project.root, words, Step::Packages)?;
                Ok(generated.put_back()?)
            }
            Prune::Impossible(reason) => {
                let notice = Notice::new("packages that only builds need stay in the image");
                log.warn(notice.hint(*reason));
                Ok(())
            }
        }
    }

    /// Removes all packages, where only what was made of them is wanted.
    pub fn remove_packages(&self, project: &Project) -> std::io::Result<()> {
        let trees = self.manager.kind.manager().trees(project, &self.sources);
        remove_trees(&project.root, &trees)
    }

    /// Removes what differs from build to build, or served the install only.
    pub fn clean_up(&self, project: &Project) -> std::io::Result<()> {
        if self.install.is_none() {
            return Ok(());
        }
        project.remove_leftovers(self.manager.kind.manager(), &self.sources)
    }

    /// The paths that get an image layer of their own.
    #[must_use]
    pub fn globs(&self, project: &Project) -> Vec<String> {
        self.manager.kind.manager().globs(project, &self.sources)
    }
}

fn root_scripts(project: &Project, names: &[String]) -> Result<Vec<String>, UnknownScript> {
    let package = project.root_package.clone().unwrap_or_default();
    match names.iter().find(|name| package.script(name).is_none()) {
        None => Ok(names.to_vec()),
        Some(name) => Err(UnknownScript::new("BP_NODE_ROOT_RUN_SCRIPTS", name, &package)),
    }
}

fn scripts_ignored(manager: &PackageManager, ignored: &IgnoredScripts) -> Notice {
    Notice::new(format!(
        "{} has not run the install scripts of {}: {}",
        manager.title(),
        ignored.packages.join(", "),
        ignored.reason
    ))
    .hint(format!("if a package does not work without, {}", ignored.remedy))
}

fn packages_missing(dirs: &[String]) -> Notice {
    Notice::new(format!(
        "packages of the app are linked to that are not there: {}",
        dirs.join(", ")
    ))
    .hint(
        "upload them too: something such as .gitignore, .dockerignore or project.toml may leave \
         them out",
    )
}

fn packages_unbuilt(dirs: &[String]) -> Notice {
    Notice::new(format!(
        "packages that this one needs have a script `build` that has not run, and their `main` is \
         not there: {}",
        dirs.join(", ")
    ))
    .hint(
        "name a script of the package.json above them that builds them in \
         BP_NODE_ROOT_RUN_SCRIPTS, or let Turborepo or Nx build what a package needs",
    )
}

fn floating(kind: Kind) -> Notice {
    let lockfile = kind.manager().lockfiles().last();
    let (command, file) = lockfile.map_or(("", ""), |file| (file.written_by(), file.file_name()));
    Notice::new(
        "there is no lockfile: every build installs the newest packages that package.json allows",
    )
    .hint(format!("run `{command}` and commit {file}"))
}
