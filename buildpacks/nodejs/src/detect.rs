//! Whether the app is ours, and the build plan.

use kouti::{Alternative, Context, Detection, Entry, Problem};
use kouti_node::{NODE, NODE_MODULES, NPM};

use crate::app::App;
use crate::framework;
use crate::frontend::{self, Service};
use crate::settings::{Frontend, Settings, WebServer};
use crate::start::Start;

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    let settings = Settings::read(&context.env)?;
    let app = App::read(context, &settings)?;
    let mut plans = match Service::of(&app, &settings)? {
        Service::App => app_plans(&app, &settings)?,
        Service::WebServer => vec![frontend_plan(&app, &settings, true)],
        Service::WhoeverAsks => vec![frontend_plan(&app, &settings, false)],
        Service::AsItIs => {
            return Detection::skip(
                "a web server is to serve the files, and no script is to build them \
                 (BP_NODE_RUN_SCRIPTS); BP_WEB_SERVER=none makes it an app of Node.js",
            );
        }
    };
    if plans.is_empty() {
        Start::choose_member(&app.project, &settings)?;
        return Detection::skip(
            "no start script, no server.js, app.js, main.js or index.js, and no Procfile that \
             runs Node.js",
        );
    }
    if settings.build_python {
        // Where no buildpack has Python, the builder itself may.
        let with =
            |plan: &Alternative| plan.clone().requires(Entry::new("cpython").with("build", true));
        plans = plans.iter().map(with).chain(plans.clone()).collect();
    }
    Ok(Detection::Pass(plans))
}

fn app_plans(app: &App, settings: &Settings) -> Result<Vec<Alternative>, Problem> {
    let mut plans = if is_app(app, settings)? { alternatives(app, settings) } else { Vec::new() };
    let may_be_frontend =
        settings.frontend != Frontend::No && settings.web_server != WebServer::None;
    if may_be_frontend && !frontend::scripts(app, settings)?.is_empty() {
        plans.push(frontend_plan(app, settings, false));
    }
    Ok(plans)
}

/// A `package.json` alone does not make an app: repositories of other languages
/// have one for their linters.
fn is_app(app: &App, settings: &Settings) -> Result<bool, Problem> {
    if settings.launchpoint.is_some() && !settings.verify_launchpoint {
        return Ok(true);
    }
    let package = app.project.package.as_ref();
    let has_framework = package.is_some_and(framework::makes_server)
        && !frontend::scripts(app, settings)?.is_empty();
    Ok(Start::choose(&app.project, &app.start_files, settings)?.is_some()
        || app.procfile.needs_node
        || has_framework
        || settings.run_scripts.as_ref().is_some_and(|scripts| !scripts.is_empty()))
}

fn own(name: &str, mode: &str) -> Entry {
    Entry::new(name).with("mode", mode)
}

/// Everything is for the build only. Where it is not certain that somebody wants what is built,
/// `node_modules` is only offered: then the plan holds if a later buildpack requires it, and a
/// repository of another language that has a build script is none of ours.
fn frontend_plan(app: &App, settings: &Settings, is_certain: bool) -> Alternative {
    let mut plan = Alternative::new();
    for name in names(app, settings) {
        plan = plan.provides(name);
        if is_certain || name != NODE_MODULES {
            plan = plan.requires(own(name, frontend::MODE).with("build", true));
        }
    }
    let versions = version_entries(app, settings, frontend::MODE);
    versions.into_iter().fold(plan, Alternative::requires)
}

/// What an app with a `package.json` provides and requires.
fn names(app: &App, settings: &Settings) -> Vec<&'static str> {
    // npm comes with Node.js, whoever installs.
    let mut names = vec![NODE, NPM, NODE_MODULES];
    names.extend(Some(settings.packages.program(&app.project)).filter(|name| *name != NPM));
    names
}

/// What we provide we require ourselves, because nobody else may. Other buildpacks may
/// want the package manager too, and each pair of names has to be offered separately.
fn alternatives(app: &App, settings: &Settings) -> Vec<Alternative> {
    let own = |name: &str| own(name, "app").with("launch", true);
    let mut node = vec![own(NODE)];
    if settings.reload {
        node.push(Entry::watchexec());
    }
    node.extend(version_entries(app, settings, "app"));

    let mut alternative = Alternative::new().provides(NODE);
    for entry in node {
        alternative = alternative.requires(entry);
    }
    if app.project.package.is_none() {
        return vec![alternative.clone(), alternative.provides(NPM)];
    }
    for name in names(app, settings).into_iter().filter(|name| *name != NODE) {
        alternative = alternative.provides(name).requires(own(name));
    }
    vec![alternative]
}

/// One entry for each request, so that whoever provides Node.js in our place sees them.
fn version_entries(app: &App, settings: &Settings, mode: &str) -> Vec<Entry> {
    let setting = settings.version.iter().map(|text| ("BP_NODE_VERSION", text.as_str()));
    let files = app.project.version_requests.iter();
    let files = files.map(|request| (request.origin.as_str(), request.text.as_str()));
    setting
        .chain(files)
        .map(|(origin, text)| own(NODE, mode).with("version", text).with("version-source", origin))
        .collect()
}
