//! Whether the app is ours, and the build plan.

use kouti::{Alternative, Context, Detection, Entry, Problem};
use kouti_node::{NODE, Scripts};

use crate::app::App;
use crate::framework;
use crate::settings::Settings;
use crate::start::Start;

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    let settings = Settings::read(&context.env)?;
    let app = App::read(context, &settings)?;
    if !is_app(&app, &settings)? {
        return Detection::skip(
            "no start script, no server.js, app.js, main.js or index.js, and no Procfile that \
             runs Node.js",
        );
    }
    Ok(Detection::Pass(alternatives(&app, &settings)))
}

/// A `package.json` alone does not make an app: repositories of other languages
/// have one for their linters.
fn is_app(app: &App, settings: &Settings) -> Result<bool, Problem> {
    if settings.launchpoint.is_some() && !settings.verify_launchpoint {
        return Ok(true);
    }
    let has_framework = match &app.project.package {
        Some(package) => {
            framework::makes_server(package)
                && !Scripts::choose(package, settings.run_scripts.as_deref())?.is_empty()
        }
        None => false,
    };
    Ok(Start::choose(&app.project, &app.start_files, settings)?.is_some()
        || app.procfile.needs_node
        || has_framework
        || settings.run_scripts.as_ref().is_some_and(|scripts| !scripts.is_empty()))
}

/// What we provide we require ourselves, because nobody else may. Other buildpacks may
/// want the package manager too, and each pair of names has to be offered separately.
fn alternatives(app: &App, settings: &Settings) -> Vec<Alternative> {
    let own = |name: &str| Entry::new(name).with("mode", "app").with("launch", true);
    let mut node = vec![own(NODE)];
    if settings.reload {
        node.push(Entry::watchexec());
    }
    node.extend(version_entries(app, settings));

    let mut alternative = Alternative::new().provides(NODE);
    for entry in node {
        alternative = alternative.requires(entry);
    }
    if app.project.package.is_none() {
        return vec![alternative.clone(), alternative.provides("npm")];
    }
    for name in ["npm", "node_modules"] {
        alternative = alternative.provides(name).requires(own(name));
    }
    vec![alternative]
}

/// One entry for each request, so that whoever provides Node.js in our place sees them.
fn version_entries(app: &App, settings: &Settings) -> Vec<Entry> {
    let setting = settings.version.iter().map(|text| ("BP_NODE_VERSION", text.as_str()));
    let files = app.project.version_requests.iter();
    let files = files.map(|request| (request.origin.as_str(), request.text.as_str()));
    setting
        .chain(files)
        .map(|(origin, text)| {
            Entry::new(NODE)
                .with("mode", "app")
                .with("version", text)
                .with("version-source", origin)
        })
        .collect()
}
