//! Actions: carries a recipe out, step by step.

use kouti::{BuildContext, Launch, LayerEnv, Log, Problem, settings};
use kouti_node::failure::Step;
use kouti_node::{Packages, Scope, Toolchain, npm, runtime};

use crate::app::App;
use crate::processes;
use crate::recipe::Recipe;
use crate::settings::Settings;
use crate::start::Start;

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let app = App::read(context)?;
    let settings = Settings::read(&context.env)?;
    let recipe = Recipe::decide(&app, &settings, &context.plan, &context.catalog, &context.target)?;
    context.explain_choice(log, &recipe.node, settings::EOL_POLICY.read(&context.env)?)?;
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }

    let project = &app.project;
    let node = &recipe.node.artifact;
    let mut toolchain = Toolchain::new(context, node);
    if recipe.node_for_others {
        toolchain.install(log)?;
    }
    recipe.steps.run(context, log, project, node, &mut toolchain)?;
    let packages = Packages::installed(&project.root);
    if recipe.prune && packages.count(Scope::Development) > 0 {
        toolchain.run(log, &project.root, &npm::prune(), Step::Packages)?;
    }
    if let Some(program) = recipe.start.as_ref().and_then(Start::program)
        && !project.has_program(&program, &context.env)
    {
        log.warn(Start::program_missing(&program));
    }
    runtime::install(context, log, node, project, &toolchain)?;
    context.helper_layer(log, &["node"], &[processes::SUPERVISOR], launch_env(&recipe))?;

    let name = project.name();
    Ok(Launch {
        processes: processes::declare(&app, &recipe),
        slices: vec![project.module_globs()],
        sbom: Some(packages.document(Scope::Production, &name, &context.id)),
        build_sbom: Some(packages.document(Scope::Development, &name, &context.id)),
        ..Launch::default()
    })
}

fn launch_env(recipe: &Recipe) -> LayerEnv {
    let env = LayerEnv::new();
    if recipe.optimize_memory {
        env.default_value(kouti::Scope::Launch, "OPTIMIZE_MEMORY", "true")
    } else {
        env
    }
}
