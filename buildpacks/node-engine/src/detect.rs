//! The build plan: what others may require, and what the user requires through us.

use kouti::{Alternative, Context, Detection, Entry, Problem};
use kouti_node::{NODE, NODE_MODULES, NPM, Project, Scripts};

use crate::settings::Settings;

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    let settings = Settings::read(&context.env)?;
    // Only then is a file of the app looked at: most apps behind this buildpack have none for us.
    let wants_assets = settings.names_scripts() && has_scripts(context, &settings)?;
    let mut alternatives = if wants_assets { assets() } else { Vec::new() };
    alternatives.extend(offers());
    Ok(Detection::Pass(alternatives))
}

/// Whether there is a package whose scripts the user names. A name that it does not have is an
/// error, as it is in an app of Node.js.
fn has_scripts(context: &Context, settings: &Settings) -> Result<bool, Problem> {
    let project = Project::read(&context.app_dir, &settings.project_path)?;
    let Some(package) = &project.package else { return Ok(false) };
    Scripts::choose(package, settings.run_scripts.as_deref())?;
    Ok(true)
}

/// Sets of package managers besides the one that Node.js brings: whoever requires one of them
/// must find an alternative that provides exactly what is required.
const MANAGERS: [&[&str]; 5] = [&[], &[NPM], &["yarn"], &["pnpm"], &[NPM, "yarn"]];

/// The user's own wish needs nobody else: it is provided and required here.
fn assets() -> Vec<Alternative> {
    let own = Alternative::new()
        .provides(NODE)
        .provides(NODE_MODULES)
        .requires(Entry::new(NODE).with("build", true))
        .requires(Entry::new(NODE_MODULES).with("build", true).with("assets", true));
    MANAGERS.iter().map(|names| with(own.clone(), names)).collect()
}

fn offers() -> Vec<Alternative> {
    let bases: [&[&str]; 3] = [&[NODE, NODE_MODULES], &[NODE], &[NODE_MODULES]];
    let offer = |base: &[&str], names: &[&str]| with(with(Alternative::new(), base), names);
    bases.iter().flat_map(|base| MANAGERS.iter().map(move |names| offer(base, names))).collect()
}

fn with(alternative: Alternative, names: &[&str]) -> Alternative {
    names.iter().fold(alternative, |alternative, name| alternative.provides(*name))
}
