//! Decisions before anything is installed: facts, settings, plan and catalogue become one plain value.
//!
//! Nothing here touches a file. What the image gets is decided once the output is there, in `image`.

use kouti::catalog::{Catalog, Choice, Target};
use kouti::{Entry, Notice, Plan, Problem};
use serde::Serialize;

use crate::app::App;
use crate::detect::{APPLICATION, TOOLS};
use crate::framework_choice::FrameworkChoice;
use crate::global_json::GlobalJson;
use crate::icu;
use crate::project::Project;
use crate::sdk_version::{SDK, SdkVersion, Wishes};
use crate::settings::Settings;
use crate::source::Source;

/// Everything that is known before the SDK is there.
#[derive(Debug, Serialize)]
pub(crate) struct Recipe {
    /// Which SDK.
    pub(crate) sdk: Choice,
    /// Whether `global.json` would keep that SDK from running.
    pub(crate) sets_global_json_aside: bool,
    /// Whether commands need ICU that the SDK does not bring.
    pub(crate) icu_for_build: bool,
    /// Which projects MSBuild has to be asked about.
    pub(crate) questions: Vec<String>,
    /// What the user should know.
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

impl Recipe {
    pub(crate) fn decide(
        app: &App,
        source: &Source,
        settings: &Settings,
        plan: &Plan,
        catalog: &Catalog,
        target: &Target,
    ) -> Result<Self, Problem> {
        let global_json = match &app.global_json {
            Some(Ok(file)) => Some(file),
            Some(Err(error)) => return Err(error.clone().into()),
            None => None,
        };
        let others: Vec<&Entry> =
            plan.entries(SDK).filter(|entry| entry.text("mode").is_none()).collect();
        let line = highest_line(source, settings)?;
        let SdkVersion { choice, sets_global_json_aside, notices } = Wishes {
            settings,
            global_json,
            line: line.as_ref().map(|(line, project)| (*line, project.as_str())),
            entries: &others,
            catalog,
            target,
        }
        .choose()?;
        let mut all = notices;
        all.extend(aside(global_json.filter(|_| sets_global_json_aside)));
        all.extend(missing(source));
        all.extend(drawing(source));
        all.extend(unmet_tools(app, settings, plan));
        // Only an SDK of this age can be asked without building anything.
        let can_ask = choice.artifact.version.major() >= 8;
        Ok(Self {
            icu_for_build: !icu::is_bundled_with(&choice.artifact),
            questions: source
                .projects
                .iter()
                .filter(|project| can_ask && !project.is_file_app && !project.tells())
                .map(|project| project.path.clone())
                .collect(),
            sdk: choice,
            sets_global_json_aside,
            notices: all,
        })
    }
}

/// Major and minor, and the project that targets them.
type Line = ((u64, u64), String);

/// The highest line that a project targets; a `RuntimeFrameworkVersion` counts more than a moniker.
fn highest_line(source: &Source, settings: &Settings) -> Result<Option<Line>, Problem> {
    let mut highest: Option<Line> = None;
    for project in &source.projects {
        let Some(line) = line_of(project, settings)? else { continue };
        if highest.as_ref().is_none_or(|(known, _)| *known < line) {
            highest = Some((line, project.path.clone()));
        }
    }
    Ok(highest)
}

fn line_of(project: &Project, settings: &Settings) -> Result<Option<(u64, u64)>, Problem> {
    if let Some(version) = project.property("RuntimeFrameworkVersion") {
        let mut parts = version.split('.').map(str::parse::<u64>);
        if let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) {
            return Ok(Some((major, minor)));
        }
    }
    let choice = FrameworkChoice::decide(project, settings.target_framework.as_deref())?;
    match choice {
        Some(choice) => Ok(Some(choice.line)),
        // What a single file is compiled for where nothing says otherwise.
        None if project.is_file_app => Ok(Some((10, 0))),
        None => Ok(None),
    }
}

fn aside(global_json: Option<&GlobalJson>) -> Option<Notice> {
    let file = global_json?;
    let why = if file.has_paths {
        "it names SDKs of a developer's machine".to_owned()
    } else {
        "it asks for another SDK".to_owned()
    };
    Some(Notice::new(format!("`sdk` of {} is set aside for this build: {why}", file.path)))
}

fn missing(source: &Source) -> Option<Notice> {
    let files = source.missing.join(", ");
    (!files.is_empty()).then(|| {
        Notice::new(format!("{} lists projects that do not exist: {files}", source.file))
            .hint("remove them with `dotnet sln remove`; nothing that is published needs them")
    })
}

fn drawing(source: &Source) -> Option<Notice> {
    let uses = |project: &&Project| project.file.packages.contains("system.drawing.common");
    let project = source.all().find(uses)?;
    Some(
        Notice::new(format!(
            "{} uses System.Drawing.Common, which works on Windows only",
            project.path
        ))
        .hint("use ImageSharp, SkiaSharp or another library for images"),
    )
}

/// What the app wants of buildpacks that this builder does not have.
fn unmet_tools(app: &App, settings: &Settings, plan: &Plan) -> Vec<Notice> {
    let given = |name: &str| provides(plan, name);
    let mut notices = Vec::new();
    if app.node.in_build(settings) && !given("node") {
        let what = match (app.node.node, app.node.launch) {
            (true, _) => "the build runs Node.js",
            (false, true) => "the app runs Node.js",
            (false, false) => "Node.js is asked for by a setting",
        };
        notices.push(
            Notice::new(format!("{what}, but no buildpack of this builder provides it"))
                .hint("use a builder with `kouti/node-engine` before this buildpack"),
        );
    }
    if settings.live_reload && !given("watchexec") {
        notices.push(
            Notice::new("BP_LIVE_RELOAD_ENABLED has no effect: no buildpack of this builder provides watchexec")
                .hint("use a builder with `kouti/watchexec` before this buildpack"),
        );
    }
    notices
}

/// Whether detect could get `name` from another buildpack: it has noted in its own entry what it asked for.
pub(crate) fn provides(plan: &Plan, name: &str) -> bool {
    plan.entries(APPLICATION).any(|entry| {
        entry.text(TOOLS).is_some_and(|tools| tools.split(',').any(|tool| tool == name))
    })
}
