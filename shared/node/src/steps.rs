//! What is run to make an app of its source: its packages are installed, then its
//! scripts run.

use kouti::catalog::Artifact;
use kouti::{BuildContext, Log, Notice, Problem};
use serde::Serialize;

use crate::failure::Step;
use crate::modules::{Install, Reuse};
use crate::npm::Mode;
use crate::project::Project;
use crate::scripts::Scripts;
use crate::toolchain::Toolchain;

/// Which commands a build runs, decided before the first of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Steps {
    /// How packages are installed; nothing without a `package.json`.
    pub install: Option<Install>,
    /// Which scripts run.
    pub scripts: Scripts,
}

impl Steps {
    /// What `project` needs; `run_scripts` is `BP_NODE_RUN_SCRIPTS` where it is set.
    pub fn decide(project: &Project, run_scripts: Option<&[String]>) -> Result<Self, Problem> {
        let Some(package) = &project.package else {
            return Ok(Self { install: None, scripts: Scripts::default() });
        };
        let scripts = Scripts::choose(package, run_scripts)?;
        Ok(Self { install: Some(install(project, &scripts)), scripts })
    }

    /// Whether packages are installed that only builds need.
    #[must_use]
    pub fn with_dev(&self) -> bool {
        self.install.as_ref().is_some_and(|install| install.with_dev)
    }

    /// What the user should know about them.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.install.as_ref().and_then(floating).into_iter().collect()
    }

    /// Carries them out.
    pub fn run(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        node: &Artifact,
        toolchain: &mut Toolchain<'_>,
    ) -> Result<(), Problem> {
        let run = |log: &mut Log, toolchain: &mut Toolchain<'_>, names: &[String]| {
            names.iter().try_for_each(|name| {
                toolchain.run(log, &project.dir, &["npm", "run", name], Step::Script(name))
            })
        };
        run(log, toolchain, &self.scripts.before_install)?;
        if let Some(install) = &self.install {
            let key = install.key(context, project, node)?;
            install.run(context, log, project, toolchain, &key)?;
        }
        run(log, toolchain, &self.scripts.build)
    }
}

fn install(project: &Project, scripts: &Scripts) -> Install {
    let mode = Mode::of(project.sources);
    let script = project.install_scripts.first();
    let reuse = match (mode, script) {
        (Mode::Rebuild, _) => Reuse::Vendored,
        (_, Some(script)) => Reuse::InstallScript(script.clone()),
        _ if !project.sources.lockfile => Reuse::NoLockfile,
        _ => Reuse::Allowed,
    };
    // A script that runs on install may be written for development dependencies.
    let with_dev = !scripts.is_empty() || script.is_some();
    Install { mode, with_dev, reuse }
}

fn floating(install: &Install) -> Option<Notice> {
    (install.reuse == Reuse::NoLockfile).then(|| {
        Notice::new(
            "there is no lockfile: every build installs the newest packages that \
             package.json allows",
        )
        .hint("run `npm install` and commit package-lock.json")
    })
}
