//! The image: where each app lies, what it runs on, and how it starts.

use std::path::Path;

use kouti::sbom::Document;
use kouti::{
    BuildContext, Entry, Launch, Layer, LayerEnv, Log, Notice, Problem, Process, Scope, Uses,
};
use serde::Serialize;

use crate::debugger;
use crate::entry_point::EntryPoint;
use crate::icu;
use crate::placement::{let_group_write, make_executable};
use crate::processes::Arrangement;
use crate::published::{Published, Role};
use crate::recipe::provides;
use crate::restored::Restored;
use crate::runtime;
use crate::runtime_config::RuntimeConfig;
use crate::runtime_version::{ASPNET, RUNTIME, Runtimes, Wishes};
use crate::sdk::Sdk;
use crate::settings::{Choice, Settings};
use crate::site;
use crate::slices;
use crate::{bill, runtime_version};

/// What the image is made from.
pub(crate) struct Parts<'a> {
    pub(crate) context: &'a BuildContext,
    pub(crate) settings: &'a Settings,
    /// In their final places, in the order of the arrangement.
    pub(crate) apps: &'a [Published],
    pub(crate) arrangement: &'a Arrangement,
    /// What has compiled them in this build, if it had to.
    pub(crate) sdk: Option<&'a Sdk>,
    pub(crate) restored: &'a Restored,
    /// Packages of front ends; `None` where nothing is built from source.
    pub(crate) front_ends: Option<Vec<Document>>,
}

impl Parts<'_> {
    pub(crate) fn assemble(&self, log: &mut Log) -> Result<Launch, Problem> {
        let Self { context, settings, apps, .. } = self;
        for notice in &self.arrangement.notices {
            log.warn(notice.clone());
        }
        let runtimes = self.runtimes(log)?;
        if !runtimes.versions.is_empty() {
            let sdk_dir = self.sdk.map(|sdk| sdk.dir.as_path());
            runtime::install(context, log, &runtimes.versions, sdk_dir)?;
        }
        self.icu(log, &runtimes)?;
        if settings.debug {
            debugger::install(context, log)?;
        }
        self.launch_env(log, &runtimes)?;
        if settings.live_reload {
            let_group_write(&context.app_dir)?;
        }
        let build_sbom = self
            .front_ends
            .clone()
            .map(|front_ends| bill::of_build(&context.id, apps, self.restored, front_ends));
        Ok(Launch {
            processes: self.processes()?,
            slices: if settings.slicing { slices::of(&context.app_dir, apps) } else { Vec::new() },
            sbom: Some(bill::of_apps(&context.id, apps, self.restored)),
            build_sbom,
            ..Launch::default()
        })
    }

    /// Chooses the runtimes and shows why.
    fn runtimes(&self, log: &mut Log) -> Result<Runtimes, Problem> {
        let context = self.context;
        let configs: Vec<RuntimeConfig> =
            self.apps.iter().filter_map(|app| app.config.clone()).collect();
        let names = [ASPNET, RUNTIME];
        let entries: Vec<&Entry> =
            names.iter().flat_map(|name| context.plan.entries(name)).collect();
        let runtimes = Wishes {
            settings: self.settings,
            configs: &configs,
            entries: &entries,
            catalog: &context.catalog,
            target: &context.target,
            today: context.today,
        }
        .choose()?;
        if self.settings.framework_version.is_some() && self.front_ends.is_none() {
            log.warn(runtime_version::deprecated());
        }
        if runtimes.versions.is_empty() {
            log.step("No runtime: the app brings what it needs");
            return Ok(runtimes);
        }
        log.step("Choosing the runtime");
        log.table(&runtimes.reasons);
        for notice in &runtimes.notices {
            log.warn(notice.clone());
        }
        for runtime in &runtimes.versions {
            let policy = self.settings.eol_policy;
            let artifact = &runtime.artifact;
            let notice =
                policy.apply(artifact, &context.catalog, &context.target, context.today)?;
            if let Some(notice) = notice {
                log.warn(notice);
            }
        }
        Ok(runtimes)
    }

    fn icu(&self, log: &mut Log, runtimes: &Runtimes) -> Result<(), Problem> {
        let is_needed = match self.settings.icu {
            Choice::Yes => true,
            Choice::No => false,
            // The debugger is a program of .NET too.
            Choice::Auto => {
                self.settings.debug
                    || (!self.is_invariant() && self.apps.iter().any(Published::needs_icu))
            }
        };
        let all = &runtimes.versions;
        let is_there =
            !all.is_empty() && all.iter().all(|runtime| icu::is_bundled_with(&runtime.artifact));
        if !is_needed || is_there {
            return Ok(());
        }
        let built = self.sdk.and_then(|sdk| sdk.icu.as_ref());
        if !icu::for_launch(self.context, log, built)? {
            let target = &self.context.target;
            log.warn(
                Notice::new(format!(
                    "this buildpack has no ICU for {} {}: the run image must have it",
                    target.distro_name, target.distro_version
                ))
                .hint("an app without cultures can set `InvariantGlobalization` in its project"),
            );
        }
        Ok(())
    }

    /// Whether the user wants no cultures, whatever the apps say.
    fn is_invariant(&self) -> bool {
        let value = self.context.env.given(INVARIANT).unwrap_or_default();
        value == "1" || value.eq_ignore_ascii_case("true")
    }

    fn launch_env(&self, log: &mut Log, runtimes: &Runtimes) -> Result<(), Problem> {
        let launch = Scope::Launch;
        let mut env = LayerEnv::new().default_value(launch, "DOTNET_RUNNING_IN_CONTAINER", "true");
        if let Some(policy) = runtimes.roll_forward {
            env = env.default_value(launch, "DOTNET_ROLL_FORWARD", policy.name());
        }
        if self.is_invariant() && self.settings.icu != Choice::Yes {
            env = env.default_value(launch, INVARIANT, "1");
        }
        if self.settings.debug {
            for name in ["ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT"] {
                env = env.default_value(launch, name, "Development");
            }
        }
        let site = self.apps.iter().find(|app| app.role == Role::Site);
        if let Some(site) = site {
            let root = site.dir.join("wwwroot");
            env = env.default_value(launch, site::ROOT, root.to_string_lossy());
        }
        set_env(self.context, log, env)?;
        let mut helpers = Vec::new();
        helpers.extend(self.apps.iter().any(Published::uses_aspnet).then_some("port"));
        helpers.extend(site.map(|_| "site"));
        if !helpers.is_empty() {
            self.context.helper_layer(log, &helpers, &[], LayerEnv::new())?;
        }
        Ok(())
    }

    fn processes(&self) -> Result<Vec<Process>, Problem> {
        let reloads = self.settings.live_reload && provides(&self.context.plan, "watchexec");
        let mut processes = Vec::new();
        for (app, place) in self.apps.iter().zip(&self.arrangement.places) {
            let command = command(app)?;
            for kind in &place.types {
                let mut process = Process::new(kind, command.clone());
                if app.dir != self.context.app_dir && app.role != Role::Site {
                    process = process.working_dir(&app.dir);
                }
                if self.arrangement.default.as_ref() == Some(kind) {
                    process = process.default();
                }
                if reloads {
                    let [mut watched, plain] = process.reloading(&app.dir);
                    watched.kind = format!("reload-{kind}");
                    processes.extend([watched, Process { kind: kind.clone(), ..plain }]);
                } else {
                    processes.push(process);
                }
            }
        }
        Ok(processes)
    }
}

const INVARIANT: &str = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";

#[derive(Serialize)]
struct Key {
    format: u32,
}

fn set_env(context: &BuildContext, log: &mut Log, env: LayerEnv) -> Result<(), Problem> {
    let title = "launch environment".to_owned();
    let key = Key { format: 1 };
    let layer = Layer { name: "launch-env", title, uses: Uses::LAUNCH, key, env, sbom: None };
    context.layers.ensure(log, &layer, |_, _| Ok(()))?;
    Ok(())
}

fn command(app: &Published) -> Result<Vec<String>, Problem> {
    let path = |file: &str| app.dir.join(file);
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    Ok(match &app.role {
        Role::Web(entry) | Role::Other(entry) => match entry {
            EntryPoint::Executable { file, lacks_mode } => {
                if *lacks_mode {
                    make_executable(&path(file))?;
                }
                vec![shown(&path(file))]
            }
            EntryPoint::Assembly { file } => vec!["dotnet".to_owned(), shown(&path(file))],
        },
        Role::Site => site::command(),
        Role::Library => Vec::new(),
    })
}
