//! Actions: carries the decisions out, step by step.

use kouti::setting::Phase;
use kouti::{BuildContext, Launch, LayerEnv, Log, Notice, Problem, Scope, settings as shared};

use crate::app::App;
use crate::compile_recipe::{Compile, Program};
use crate::contents::Contents;
use crate::java_version::Shelf;
use crate::jvm::Java;
use crate::packaged::{self, Packaged};
use crate::processes::{self, Start};
use crate::recipe::Recipe;
use crate::training::{self, Wish};
use crate::{agents, compile, live_reload, sbom, settings, shape, slices, spring};

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let app = App::read(context)?;
    let shelf = Shelf { catalog: &context.catalog, target: &context.target };
    let recipe = Recipe::decide(&app, &context.env, &context.plan, shelf)?;
    log.debug(&format!("recipe: {}", serde_json::to_string(&recipe).unwrap_or_default()));
    explain(context, log, &recipe)?;

    let jdk = recipe.jdk.as_ref().map(|choice| &choice.artifact);
    let mut java = Java::new(context, jdk)?;
    if context.plan.entries("jdk").any(|entry| entry.text("mode").is_none() && entry.flag("build"))
    {
        java.jdk(log)?;
    }
    if let Some(recipe) = &recipe.compile {
        let version = jdk.map(|jdk| jdk.version.to_string()).unwrap_or_default();
        compile::run(context, log, recipe, &mut java, &version)?;
    }
    let major = recipe.runtime.as_ref().map_or(25, |java| java.artifact().version.major());
    let is_app = app.seen.shape.is_some();
    let packaged = if is_app { Some(package(context, log, &recipe, major)?) } else { None };

    let wish = Wish::read(&context.env)?;
    let boot = packaged.as_ref().and_then(|packaged| packaged.spring_boot.clone());
    let (wish, notice) = match &boot {
        Some(boot) => wish.of(boot),
        None => (Wish::default(), None),
    };
    if let Some(notice) = notice {
        log.warn(notice);
    }
    let for_build = wish.extract || context.plan.any("jre", "build");
    let runtime = match &recipe.runtime {
        Some(runtime) => Some(java.runtime(log, runtime, for_build)?),
        None => None,
    };
    let Some(mut packaged) = packaged else { return Ok(Launch::default()) };
    let agents = agents::install(context, log, wish.loads_agents(major))?;
    if let Some(boot) = boot.filter(|_| wish.extract) {
        let home = runtime.map(|runtime| runtime.dir);
        let home = home.or_else(|| context.env.given("JAVA_HOME").map(Into::into));
        let home = home.unwrap_or_default();
        // What Spring has prepared lies elsewhere afterwards.
        let aot = wish.train && spring::is_prepared(context)?;
        let options = training::Options::read(&context.env, major, aot, agents.jars)?;
        let mut extracted =
            training::extract(context, log, &boot, packaged.bindings.as_deref(), &home)?;
        if wish.train {
            training::train(context, log, &mut extracted, &home, &options)?;
        }
        packaged = packaged.extracted(context, &extracted);
    }
    finish(context, log, packaged, agents.env)
}

fn package(
    context: &BuildContext,
    log: &mut Log,
    recipe: &Recipe,
    java: u64,
) -> Result<Packaged, Problem> {
    let seen = shape::of_built(&context.app_dir, &context.env)?;
    packaged::prepare(context, log, seen, recipe.compile.as_ref(), java)
}

/// The helper, processes, and what the image says about itself.
fn finish(
    context: &BuildContext,
    log: &mut Log,
    mut packaged: Packaged,
    agents: LayerEnv,
) -> Result<Launch, Problem> {
    let live_reload = shared::LIVE_RELOAD_ENABLED.read(&context.env)?
        && live_reload::prepare(&context.app_dir, &packaged, log)?;
    let contents = packaged.contents.take().unwrap_or_else(|| Contents::read(&context.app_dir));
    let env = launch_env(context, &packaged, contents.classes(), agents);
    let document = (!context.sboms.are_disabled())
        .then(|| sbom::document(&context.app_dir, contents, &context.id));
    context.helper_layer(log, &["java"], &[], env)?;
    let start = Start { kind: packaged.kind, command: packaged.command, live_reload };
    Ok(Launch {
        processes: processes::declare(&start),
        labels: packaged.labels,
        slices: slices::globs(&packaged.slices),
        sbom: document,
        ..Launch::default()
    })
}

/// What the start of the app is told.
fn launch_env(
    context: &BuildContext,
    packaged: &Packaged,
    classes: u64,
    agents: LayerEnv,
) -> LayerEnv {
    let mut env = packaged
        .env
        .clone()
        .and(agents)
        .default_value(Scope::Launch, "BPI_APPLICATION_PATH", context.app_dir.display().to_string())
        .default_value(Scope::Launch, "BPI_APP_CLASS_COUNT", classes.to_string());
    if let Some(class_path) = &packaged.class_path {
        env = env.prepend(Scope::Launch, "CLASSPATH", class_path, ":");
    }
    if let Some(framework) = packaged.framework {
        env = env.default_value(Scope::Launch, "BPI_JAVA_FRAMEWORK", framework);
    }
    if let Some(threads) = packaged.threads {
        env = env.default_value(Scope::Launch, "BPI_JVM_THREAD_COUNT", threads.to_string());
    }
    env
}

/// Everything that was decided, before anything happens.
fn explain(context: &BuildContext, log: &mut Log, recipe: &Recipe) -> Result<(), Problem> {
    let policy = shared::EOL_POLICY.read(&context.env)?;
    let java = recipe.runtime.as_ref().map(|runtime| runtime.choice().clone());
    if let Some(choice) = java.or_else(|| recipe.jdk.clone()) {
        context.explain_choice(log, &choice, policy)?;
    }
    if let Some(Compile { tool, program, .. }) = &recipe.compile {
        match program {
            Program::Own(choice) => context.explain_choice(log, choice, policy)?,
            Program::Wrapper => {
                let script = tool.wrapper().unwrap_or_default();
                log.step(&format!("Choosing {}: {script} of the app", tool.title()));
            }
            Program::OnPath => {
                log.step(&format!("Choosing {}: the one of the build image", tool.title()));
            }
        }
    }
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }
    let launch = settings::ALL.iter().filter(|setting| setting.phase == Phase::Launch);
    for setting in launch.filter(|setting| context.env.given(setting.name).is_some()) {
        log.warn(
            Notice::new(format!("{} has no effect in the build", setting.name))
                .hint(format!("BPE_DEFAULT_{} puts it into the image", setting.name)),
        );
    }
    Ok(())
}
