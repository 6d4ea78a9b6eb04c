//! Actions: source becomes output, step by step.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kouti::{BuildContext, Level, Log, Problem, bytes, settings as shared, size_of};

use crate::app::App;
use crate::assets::{Assets, shared_places};
use crate::failure;
use crate::framework_choice::FrameworkChoice;
use crate::msbuild::{Evaluated, PROPERTIES};
use crate::nuget;
use crate::placement::STAGE;
use crate::project::Project;
use crate::publish::{Circumstances, Publish};
use crate::publish_flags::PublishFlags;
use crate::published::{Published, Role};
use crate::recipe::Recipe;
use crate::restored::Restored;
use crate::runtime_config::RuntimeConfig;
use crate::sdk::{Order, Sdk};
use crate::settings::Settings;
use crate::source::Source;

/// What a build of source has made, besides the output in the stage.
pub(crate) struct Compiled {
    pub(crate) publishes: Vec<Publish>,
    pub(crate) restored: Restored,
    pub(crate) sdk: Sdk,
}

/// What is built, and how.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) context: &'a BuildContext,
    pub(crate) app: &'a App,
    pub(crate) source: &'a Source,
    pub(crate) settings: &'a Settings,
    pub(crate) recipe: &'a Recipe,
    pub(crate) flags: &'a PublishFlags,
}

/// What the steps work with.
struct Build<'a> {
    job: Job<'a>,
    sdk: Sdk,
    dir: PathBuf,
}

/// Publishes every project of the source into the stage.
pub(crate) fn compile(job: Job<'_>, log: &mut Log) -> Result<Compiled, Problem> {
    let Job { context, app, source, settings, recipe, flags } = job;
    let order = Order {
        artifact: &recipe.sdk.artifact,
        workloads: &settings.workloads,
        launch: false,
        icu: recipe.icu_for_build,
        dir: &app.root,
    };
    let sdk = Sdk::install(context, log, &order)?;
    let build = Build { job, sdk, dir: app.command_dir() };
    // Whatever happens, the file is as it was afterwards.
    let _aside = Aside::of(app, recipe)?;

    build.restore_tools(log)?;
    let publishes = build.decide(log)?;
    if !flags.has(&["--no-restore", "--no-build"]) {
        build.remove_leftovers(log)?;
    }
    let mut findings = String::new();
    for (n, publish) in publishes.iter().enumerate() {
        build.publish(log, publish, n, &mut findings)?;
    }
    let runfiles = build.sdk.runfiles();
    let of = |project| Assets::of(&app.root, &runfiles, project);
    let assets: Vec<Assets> = source.all().filter_map(of).collect();
    let restored = Restored::of(&assets, source.all().count(), &build.sdk.packages, findings);
    build.prune_packages(log, &assets)?;
    Ok(Compiled { publishes, restored, sdk: build.sdk })
}

/// Reads what was published, in the order of the projects.
pub(crate) fn read_outputs(job: Job<'_>, publishes: &[Publish]) -> Result<Vec<Published>, Problem> {
    let read = |(n, publish)| read_output(job, &job.app.root.join(STAGE).join(output(n)), publish);
    publishes.iter().enumerate().map(read).collect()
}

/// Directory of the output of one project, in the stage.
fn output(n: usize) -> String {
    n.to_string()
}

fn read_output(job: Job<'_>, output: &Path, publish: &Publish) -> Result<Published, Problem> {
    let name = job.settings.entrypoint.as_ref().filter(|_| job.source.projects.len() == 1);
    let name = name.map_or(publish.assembly.as_str(), String::as_str);
    let stem = name.strip_suffix(".dll").unwrap_or(name);
    let mut app = Published::read(output, stem)?;
    app.invariant = publish.invariant;
    app.is_fused = publish.is_fused;
    if app.config.is_none() && publish.is_fused && !publish.self_contained {
        let config = |line| RuntimeConfig::within(&publish.project, line, publish.is_web);
        app.config = publish.line.map(config);
    }
    app.role = if publish.is_site {
        Role::Site
    } else {
        match app.find_entry(&job.context.target.arch) {
            Ok(entry) if publish.is_web || app.uses_aspnet() => Role::Web(entry),
            Ok(entry) => Role::Other(entry),
            Err(_) if job.app.has_procfile => Role::Library,
            Err(error) => return Err(error.into()),
        }
    };
    Ok(app)
}

impl Build<'_> {
    fn restore_tools(&self, log: &mut Log) -> Result<(), Problem> {
        let Job { context, app, settings, .. } = self.job;
        let Some(manifest) = app.tool_manifest.as_ref().filter(|_| settings.restore_tools) else {
            return Ok(());
        };
        let manifest = app.root.join(manifest).to_string_lossy().into_owned();
        let args = ["tool", "restore", "--tool-manifest", &manifest];
        let command = self.sdk.command(context, &self.dir, &args);
        command.run(log).map_err(|failed| {
            Problem::from(failed).hint("BP_DOTNET_RESTORE_TOOLS=false builds without these tools")
        })
    }

    fn decide(&self, log: &mut Log) -> Result<Vec<Publish>, Problem> {
        let Job { context, source, settings, recipe, flags, .. } = self.job;
        let level = shared::LOG_LEVEL.read(&context.env)?;
        let around = Circumstances {
            settings,
            flags,
            arch: &context.target.arch,
            has_compiler: self.sdk.finds("clang") || self.sdk.finds("gcc"),
            is_verbose: level == Level::Debug,
        };
        let wanted = settings.target_framework.as_deref();
        let mut publishes = Vec::new();
        for project in &source.projects {
            let told = if recipe.questions.contains(&project.path) {
                self.ask(log, project)
            } else {
                Evaluated::of_files(project)
            };
            let framework =
                FrameworkChoice::among(project, &told.frameworks, told.is_list, wanted)?;
            publishes.push(Publish::decide(project, &told, framework.as_ref(), around)?);
        }
        Ok(publishes)
    }

    /// What MSBuild makes of a project; what its files say where it gives no answer.
    fn ask(&self, log: &mut Log, project: &Project) -> Evaluated {
        let Job { context, app, settings, .. } = self.job;
        let file = app.root.join(&project.path).to_string_lossy().into_owned();
        let question = format!("-getProperty:{PROPERTIES}");
        let configuration = format!("-p:Configuration={}", settings.configuration());
        let args = ["msbuild", &file, &question, &configuration];
        let answer = self.sdk.command(context, &self.dir, &args).output().ok();
        let told = answer.and_then(|answer| Evaluated::of_answer(project, &answer));
        told.unwrap_or_else(|| {
            log.debug(&format!("MSBuild cannot tell about {}: its text has to do", project.path));
            Evaluated::of_files(project)
        })
    }

    /// Removes what a build on another machine has left: it names paths of that machine.
    fn remove_leftovers(&self, log: &mut Log) -> Result<(), Problem> {
        for project in self.job.source.all().filter(|project| !project.is_file_app) {
            let dir = self.job.app.root.join(project.dir());
            let bin = dir.join("bin");
            let is_made = |dir: &Path| dir.join("Debug").is_dir() || dir.join("Release").is_dir();
            let mut leftovers = vec![dir.join("obj")];
            leftovers.extend(is_made(&bin).then_some(bin));
            if project.is_true("UseArtifactsOutput") {
                leftovers.extend(shared_places(project).map(|place| self.job.app.root.join(place)));
            }
            for dir in leftovers.into_iter().filter(|dir| dir.is_dir()) {
                log.debug(&format!("removing {}", dir.display()));
                fs_err::remove_dir_all(dir)?;
            }
        }
        Ok(())
    }

    fn publish(
        &self,
        log: &mut Log,
        publish: &Publish,
        n: usize,
        findings: &mut String,
    ) -> Result<(), Problem> {
        let root = &self.job.app.root;
        let file = root.join(&publish.project).to_string_lossy().into_owned();
        let output = root.join(STAGE).join(output(n));
        let shown = output.to_string_lossy().into_owned();
        let mut args = vec!["publish", &file];
        args.extend(publish.args.iter().map(String::as_str));
        args.extend(["--output", &shown]);
        let command = self.sdk.command(self.job.context, &self.dir, &args);
        command
            .run_reading(log, |line| {
                if line.contains("NU190") {
                    findings.push_str(line);
                    findings.push('\n');
                }
            })
            .map_err(|failed| failure::explain(failed, &publish.project))?;
        let is_empty =
            fs_err::read_dir(&output).map_or(true, |mut entries| entries.next().is_none());
        if is_empty {
            let summary = format!("`{}` has made nothing", command.shown());
            return Err(Problem::new("nothing-published", kouti::Fault::App, summary)
                .hint("see that the project can be published: `dotnet publish` on your machine"));
        }
        Ok(())
    }

    /// Keeps the cache from growing with every version that a package ever had.
    fn prune_packages(&self, log: &mut Log, restored: &[Assets]) -> Result<(), Problem> {
        let own = self.job.context.layers.path("nuget");
        if self.sdk.packages != own || size_of(&own) <= PACKAGES_BYTES {
            return Ok(());
        }
        if restored.len() < self.job.source.all().count() {
            // Nobody knows what is used, so now and then everything goes.
            if nuget::grows_too_long(&own)? {
                log.step("Emptying nuget: it only grew for many builds");
                self.job.context.layers.discard("nuget")?;
            }
            return Ok(());
        }
        let used: BTreeSet<String> = restored.iter().flat_map(Assets::directories).collect();
        let freed = nuget::prune(&own, &used)?;
        if freed > 0 {
            log.step(&format!("Removing {} of packages that are no longer used", bytes(freed)));
        }
        Ok(())
    }
}

/// Size from which on packages are looked through.
const PACKAGES_BYTES: u64 = 1 << 30;

/// A `global.json` without its `sdk`, for as long as commands run.
struct Aside {
    path: PathBuf,
    original: Vec<u8>,
}

impl Aside {
    fn of(app: &App, recipe: &Recipe) -> Result<Option<Self>, Problem> {
        let Some(Ok(file)) = &app.global_json else { return Ok(None) };
        if !recipe.sets_global_json_aside {
            return Ok(None);
        }
        let path = app.root.join(&file.path);
        let original = fs_err::read(&path)?;
        fs_err::write(&path, &file.without_sdk)?;
        Ok(Some(Self { path, original }))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // The source is removed next; where it stays, the file is only worse for lack of its `sdk`.
        let _ = fs_err::write(&self.path, &self.original);
    }
}
