//! Actions: carries a recipe out, step by step.

use std::collections::BTreeMap;

use kouti::{
    BuildContext, Env, Launch, Layer, LayerEnv, Log, Notice, Problem, Uses, find_on_path, settings,
};
use kouti_node::{FrameworkCaches, Project, Scope, Steps, Toolchain, names_web_root, runtime};

use crate::app::{App, StartFiles};
use crate::package_managers::InImage;
use crate::recipe::Recipe;
use crate::script::Script;
use crate::settings::Settings;
use crate::start::Start;
use crate::{framework, frontend, next, processes, security, web_root};

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let settings = Settings::read(&context.env)?;
    let app = App::read(context, &settings)?;
    let recipe = Recipe::decide(&app, &settings, &context.plan, &context.catalog, &context.target)?;
    context.explain_choice(log, &recipe.node, settings::EOL_POLICY.read(&context.env)?)?;
    let steps = &recipe.steps;
    steps.manager.explain(context, log)?;
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }

    if settings.build_python && !has_python(&context.env) {
        log.warn(no_python());
    }

    let project = &app.project;
    let node = &recipe.node.artifact;
    let mut toolchain = Toolchain::new(context, node, steps, project);
    if recipe.node_for_others {
        toolchain = toolchain.with_headers();
        toolchain.install(log)?;
    }
    let caches = FrameworkCaches::of(project, &settings.cache_dirs);
    steps.run(context, log, project, node, &caches, &mut toolchain)?;
    if recipe.frontend {
        caches.remove()?;
        return build_frontend(context, log, project, steps);
    }
    let start = Chosen::after_scripts(log, &app, &settings, &recipe, &context.env)?;
    let packages = steps.packages(project)?;
    if recipe.prune {
        steps.prune(log, project, &packages, &mut toolchain)?;
    } else if let Some(reason) = &recipe.kept_for
        && packages.count(Scope::Development) > 0
    {
        log.step(&format!("Keeping packages that only builds need: {reason}"));
    }
    steps.clean_up(project)?;
    if recipe.strip {
        project.strip_modules()?;
    }
    let written = caches.take_out(settings.keep_cache)?;
    start.check_after(log, project, steps, &context.env);
    let managers = start.managers;
    runtime::install(context, log, node, project, &toolchain, managers.npm)?;
    let (sources, manager_dir) = (&steps.sources, toolchain.manager_dir());
    steps.manager.install_for_launch(
        context,
        log,
        project,
        sources,
        node,
        manager_dir,
        managers.own,
    )?;
    let env = launch_env(&recipe, &start, &written);
    context.helper_layer(log, &["node"], &[processes::SUPERVISOR], env)?;

    let name = project.name();
    let production = packages.document(Scope::Production, &name, &context.id);
    for notice in security::remarks(project, &production, settings.security)? {
        log.warn(notice);
    }
    Ok(Launch {
        processes: processes::declare(project, &recipe, start.web.as_ref(), &context.env),
        slices: vec![steps.globs(project), outputs(project)],
        sbom: Some(production),
        build_sbom: Some(packages.document(Scope::Development, &name, &context.id)),
        ..Launch::default()
    })
}

fn has_python(env: &Env) -> bool {
    find_on_path("python3".as_ref(), env.get_os("PATH").unwrap_or_default()).is_some()
}

fn no_python() -> Notice {
    Notice::new(
        "BP_NPM_INCLUDE_BUILD_PYTHON is set, and neither a buildpack nor the builder has Python",
    )
    .hint("modules that are compiled need it: use a builder that has it")
}

/// What builds make gets an image layer of its own: it changes more often than packages, and
/// less often than nothing.
fn outputs(project: &Project) -> Vec<String> {
    let dirs = [".next/static", ".output", "build", "dist", "out"];
    dirs.iter().map(|dir| project.shown(&project.dir.join(dir))).collect()
}

/// A web server serves what the scripts have made: of Node.js and its packages, nothing is left.
fn build_frontend(
    context: &BuildContext,
    log: &mut Log,
    project: &Project,
    steps: &Steps,
) -> Result<Launch, Problem> {
    let names = frontend::written_in(&context.env);
    if !names.is_empty() {
        log.step(&format!("The pages may hold the values of {}", names.join(", ")));
        log.detail("they are those of this build: setting them when the image runs has no effect");
    }
    let packages = steps.packages(project)?;
    steps.remove_packages(project)?;
    steps.clean_up(project)?;
    // A variable would count more than what the app itself says.
    if let Some(root) = web_root::find(project)
        && !names_web_root(&context.app_dir)?
    {
        let layer = Layer {
            name: "web-root",
            title: format!("BP_WEB_SERVER_ROOT={root} for the web server"),
            uses: Uses::BUILD,
            key: BTreeMap::from([("root", root.clone())]),
            env: LayerEnv::new().default_value(kouti::Scope::Build, "BP_WEB_SERVER_ROOT", root),
            sbom: None,
        };
        context.layers.ensure(log, &layer, |_, _| Ok(()))?;
    }
    let name = project.name();
    Ok(Launch {
        // What is in the pages has no file of its own that a scanner could find.
        sbom: Some(packages.document(Scope::Production, &name, &context.id)),
        build_sbom: Some(packages.document(Scope::Development, &name, &context.id)),
        ..Launch::default()
    })
}

/// How the app is started, as far as that is known only when everything is built.
struct Chosen {
    web: Option<Start>,
    /// Which package managers are in the image.
    managers: InImage,
    /// The program of `web`, if it was there while all packages were.
    program: Option<(String, bool)>,
    /// Whether Next.js has made a server that stands alone.
    has_standalone: bool,
}

impl Chosen {
    fn after_scripts(
        log: &mut Log,
        app: &App,
        settings: &Settings,
        recipe: &Recipe,
        env: &Env,
    ) -> Result<Self, Problem> {
        let (project, steps) = (&app.project, &recipe.steps);
        // Scripts may have made what is started.
        let files = StartFiles::read(project, settings);
        let web = Start::choose(project, &files, settings)?;
        if let Some(notice) = web.as_ref().and_then(Start::remark) {
            log.warn(notice);
        }
        if web.is_none() && !app.procfile.has_web && !app.procfile.needs_node {
            log.warn(Start::missing());
        }
        if let Some(Start::Script(Script { name, stands_for: Some(other), .. })) = &web {
            log.step(&format!("The script `{name}` only runs `{other}`, which is started instead"));
        }
        let standalone = framework::standalone(project);
        if let Some(server) = &standalone {
            let copied = next::complete(project, server)?;
            if !copied.is_empty() {
                log.step(&format!("Copying {} beside {server}", copied.join(" and ")));
            }
        }
        let web = web.map(|start| start.where_found(project, steps, env));
        let managers = InImage::decide(recipe, web.as_ref())?;
        let program = web.as_ref().and_then(Start::program).map(|program| {
            let is_there = project.has_program(&program, &managers.programs(steps), env);
            (program, is_there)
        });
        Ok(Self { web, managers, program, has_standalone: standalone.is_some() })
    }

    /// Warns about a program that is not there, now that only what runs is left.
    fn check_after(&self, log: &mut Log, project: &Project, steps: &Steps, env: &Env) {
        if let Some((program, was_there)) = &self.program
            && !project.has_program(program, &self.managers.programs(steps), env)
        {
            log.warn(Start::program_missing(program, *was_there));
        }
    }
}

fn launch_env(recipe: &Recipe, start: &Chosen, written: &[&str]) -> LayerEnv {
    let launch = kouti::Scope::Launch;
    let mut env = LayerEnv::new();
    if recipe.optimize_memory {
        env = env.default_value(launch, "OPTIMIZE_MEMORY", "true");
    }
    if recipe.compile_cache {
        env = env.default_value(launch, "NODE_COMPILE_CACHE", "/tmp/node_compile_cache");
    }
    if !written.is_empty() {
        env = env.default_value(launch, "KOUTI_NODE_CACHES", written.join(":"));
    }
    if start.has_standalone {
        env = env.default_value(launch, "KOUTI_NODE_HOSTNAME", "0.0.0.0");
    }
    if start.web.as_ref().is_some_and(Start::is_astro) {
        // It would listen where only this container can reach it.
        env = env.default_value(launch, "HOST", "0.0.0.0");
    }
    env
}
