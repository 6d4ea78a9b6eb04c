//! Actions: carries a recipe out, step by step.

use kouti::{BuildContext, Launch, Log, Problem, settings};
use kouti_node::{FrameworkCaches, Project, Scope, Steps, Toolchain, runtime};

use crate::recipe::{Modules, Recipe};
use crate::settings::Settings;

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let settings = Settings::read(&context.env)?;
    let project = Project::read(&context.app_dir, &settings.project_path)?;
    let recipe =
        Recipe::decide(&project, &settings, &context.plan, &context.catalog, &context.target)?;
    context.explain_choice(log, &recipe.node, settings::EOL_POLICY.read(&context.env)?)?;
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }

    let node = &recipe.node.artifact;
    // Whoever asks for a package manager runs it itself.
    let steps = match (&recipe.assets, &recipe.manager) {
        (Some(assets), _) => assets.clone(),
        (None, Some(manager)) => Steps { manager: manager.clone(), ..Steps::none() },
        (None, None) => Steps::none(),
    };
    steps.manager.explain(context, log)?;
    let mut toolchain = Toolchain::new(context, node, &steps, &project);
    if recipe.build {
        toolchain = toolchain.with_headers();
        toolchain.install(log)?;
    }
    let mut launch = Launch::default();
    if recipe.assets.is_some() {
        let caches = FrameworkCaches::of(&project, &settings.cache_dirs);
        steps.run(context, log, &project, node, &caches, &mut toolchain)?;
        let packages = steps.packages(&project)?;
        let name = project.name();
        // What ends up in the assets has no file of its own in the image that a scanner could find.
        launch.sbom = Some(packages.document(Scope::Production, &name, &context.id));
        launch.build_sbom = Some(packages.document(Scope::Development, &name, &context.id));
        match recipe.modules {
            Modules::Removed => steps.remove_packages(&project)?,
            Modules::Kept => launch.slices.push(steps.globs(&project)),
        }
        steps.clean_up(&project)?;
        caches.remove()?;
    }
    if recipe.launch {
        runtime::install(context, log, node, &project, &toolchain, true)?;
    }
    if recipe.launch_manager {
        let (sources, built) = (&steps.sources, toolchain.manager_dir());
        steps.manager.install_for_launch(context, log, &project, sources, node, built, true)?;
    }
    Ok(launch)
}
