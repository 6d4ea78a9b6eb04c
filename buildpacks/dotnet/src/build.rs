//! Actions: carries a build out, step by step.

use kouti::{BuildContext, Explain, Fault, Launch, LayerEnv, Log, Problem};

use crate::app::{App, Content};
use crate::compile::{Job, read_outputs};
use crate::entry_point::main_app;
use crate::image::Parts;
use crate::kept;
use crate::node::front_ends;
use crate::placement::{STAGE, move_into, remove_source};
use crate::processes::Arrangement;
use crate::project::Kind;
use crate::provider;
use crate::publish_flags::PublishFlags;
use crate::published::{Published, Role};
use crate::recipe::{Recipe, provides};
use crate::restored::Restored;
use crate::sdk::{Order, Sdk};
use crate::settings::Settings;
use crate::source::Source;
use crate::trouble::Trouble;
use crate::{at_launch, audit};

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let settings = Settings::read(&context.env)?;
    let app = match App::read(&context.app_dir, &settings) {
        Ok(Some(app)) => app,
        Ok(None) | Err(Trouble::SeveralBelow { .. }) => {
            provider::build(context, log, &settings)?;
            return Ok(Launch::default());
        }
        Err(trouble) => return Err(trouble.into()),
    };
    match &app.content {
        Content::Prebuilt { dir, executable } => {
            prebuilt(context, log, &settings, dir, executable.as_deref())
        }
        Content::Source(source) => from_source(context, log, &settings, &app, source),
    }
}

fn from_source(
    context: &BuildContext,
    log: &mut Log,
    settings: &Settings,
    app: &App,
    source: &Source,
) -> Result<Launch, Problem> {
    log.step(&format!("Building {}", source.file));
    for project in &source.passed_over {
        log.detail(&format!("{} is passed over: {}", project.path, project.reason));
    }
    let recipe =
        Recipe::decide(app, source, settings, &context.plan, &context.catalog, &context.target)?;
    log.debug(&format!("{recipe:?}"));
    context.explain_choice(log, &recipe.sdk, settings.eol_policy)?;
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }
    let has_site = source.projects.iter().any(|project| project.kind() == Kind::BlazorWasm);
    if has_site && !provides(&context.plan, "nginx") {
        return Err(BlazorNeedsServer.into());
    }
    if settings.builds_at_launch() {
        return built_at_launch(context, log, settings, app, source, &recipe);
    }
    let flags = PublishFlags::parse(&settings.publish_flags, &context.env)?;
    let job = Job { context, app, source, settings, recipe: &recipe, flags: &flags };
    let built = kept::build(job, log)?;
    if let Some(notice) = audit::notice(&built.restored.findings) {
        log.warn(notice);
    }
    let mut apps = read_outputs(job, &built.publishes)?;
    let front_ends = front_ends(app, source, &context.id);
    let arrangement = arrange(&mut apps, settings);
    place(context, settings, &mut apps, &arrangement)?;
    let parts = Parts {
        context,
        settings,
        apps: &apps,
        arrangement: &arrangement,
        sdk: built.sdk.as_ref(),
        restored: &built.restored,
        front_ends: Some(front_ends),
    };
    parts.assemble(log)
}

/// Process types for everything that can be started; libraries come last and have none.
fn arrange(apps: &mut [Published], settings: &Settings) -> Arrangement {
    apps.sort_by_key(|app| app.role == Role::Library);
    let startable: Vec<(&str, bool)> = apps
        .iter()
        .filter(|app| app.role != Role::Library)
        .map(|app| (app.name.as_str(), matches!(app.role, Role::Web(_) | Role::Site)))
        .collect();
    Arrangement::of(&startable, settings.default_process.as_deref())
}

/// Output takes the place of the source, or lies beside it.
fn place(
    context: &BuildContext,
    settings: &Settings,
    apps: &mut [Published],
    arrangement: &Arrangement,
) -> Result<(), Problem> {
    let app_dir = &context.app_dir;
    let root = if settings.keep_source {
        app_dir.join("bin/publish")
    } else {
        remove_source(app_dir, &settings.keep_files)?;
        app_dir.clone()
    };
    let is_alone = apps.len() == 1;
    for (n, app) in apps.iter_mut().enumerate() {
        let dir = match arrangement.places.get(n) {
            Some(place) if !place.dir.is_empty() => root.join(&place.dir),
            Some(_) => root.clone(),
            None if is_alone => root.clone(),
            None => root.join(&app.name),
        };
        move_into(&app.dir, &dir)?;
        app.dir = dir;
        if let Some(config) = &mut app.config {
            let below = app.dir.strip_prefix(app_dir).unwrap_or(&app.dir);
            config.path = below.join(&config.path).to_string_lossy().into_owned();
        }
    }
    fs_err::remove_dir_all(app_dir.join(STAGE))?;
    Ok(())
}

fn prebuilt(
    context: &BuildContext,
    log: &mut Log,
    settings: &Settings,
    dir: &str,
    executable: Option<&str>,
) -> Result<Launch, Problem> {
    let dir = context.app_dir.join(dir);
    let name = match executable.or(settings.entrypoint.as_deref()) {
        Some(name) => name.to_owned(),
        None => main_app(&dir)??,
    };
    log.step(&format!("Taking {name} as it was published"));
    let stem = name.strip_suffix(".dll").unwrap_or(&name);
    let mut app = Published::read(&dir, stem)?;
    let entry = app.find_entry(&context.target.arch)?;
    app.role = if app.uses_aspnet() { Role::Web(entry) } else { Role::Other(entry) };
    // It knows its name, but not what it is part of.
    stem.rsplit('/').next().unwrap_or(stem).clone_into(&mut app.name);
    let mut apps = [app];
    let arrangement = arrange(&mut apps, settings);
    let parts = Parts {
        context,
        settings,
        apps: &apps,
        arrangement: &arrangement,
        sdk: None,
        restored: &Restored::default(),
        front_ends: None,
    };
    parts.assemble(log)
}

fn built_at_launch(
    context: &BuildContext,
    log: &mut Log,
    settings: &Settings,
    app: &App,
    source: &Source,
    recipe: &Recipe,
) -> Result<Launch, Problem> {
    let order = Order {
        artifact: &recipe.sdk.artifact,
        workloads: &settings.workloads,
        launch: true,
        icu: recipe.icu_for_build,
        dir: &app.root,
    };
    let sdk = Sdk::install(context, log, &order)?;
    if recipe.icu_for_build {
        crate::icu::for_launch(context, log, sdk.icu.as_ref())?;
    }
    let processes = at_launch::declare(context, log, settings, app, source)?;
    if source.projects.iter().any(|project| project.kind() == Kind::Web) {
        context.helper_layer(log, &["port"], &[], LayerEnv::new())?;
    }
    Ok(Launch { processes, ..Launch::default() })
}

/// A site that runs in the browser, in a builder without a web server.
#[derive(Debug, thiserror::Error)]
#[error(
    "the app is a static site of Blazor WebAssembly, and no buildpack of this builder provides nginx"
)]
struct BlazorNeedsServer;

impl Explain for BlazorNeedsServer {
    fn id(&self) -> &'static str {
        "blazor-needs-server"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "use a builder with `kouti/nginx` before this buildpack".to_owned(),
            "or host the site from an ASP.NET Core project that refers to it".to_owned(),
        ]
    }
}
