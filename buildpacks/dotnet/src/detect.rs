//! Whether the app is ours, and the build plan.

use kouti::{Alternative, Context, Detection, Entry, Problem};

use crate::app::{App, Content};
use crate::debugger::VSDBG;
use crate::icu::ICU;
use crate::project::Kind;
use crate::provider;
use crate::runtime_version::ASPNET;
use crate::sdk_version::SDK;
use crate::settings::{Node, Settings};
use crate::trouble::Trouble;

/// Name of the plan entry that stands for the app.
pub(crate) const APPLICATION: &str = "dotnet-application";
/// Key of its metadata: what was asked of other buildpacks.
pub(crate) const TOOLS: &str = "tools";

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    let settings = Settings::read(&context.env)?;
    match App::read(&context.app_dir, &settings) {
        Ok(Some(app)) => Ok(Detection::Pass(alternatives(Some(&app), &settings))),
        Ok(None) => Ok(Detection::Pass(provider::alternatives())),
        // They may be a part of something else, so it is no error; but whoever wants one has to name it.
        Err(several @ Trouble::SeveralBelow { .. }) => {
            context.remark(&several.remark());
            Ok(Detection::Pass(provider::alternatives()))
        }
        Err(trouble) if trouble.is_in_a_setting() => Err(trouble.into()),
        // The app is ours, and the build says what is wrong where people see it.
        Err(_) => Ok(Detection::Pass(alternatives(None, &settings))),
    }
}

/// The whole plan with everything that other buildpacks can bring, then with less and less of it:
/// a builder without Node.js is told by a warning rather than by a failed detection.
fn alternatives(app: Option<&App>, settings: &Settings) -> Vec<Alternative> {
    let wanted = app.map(|app| tools(app, settings)).unwrap_or_default();
    let whole = (1_u32 << wanted.len()) - 1;
    let mut subsets: Vec<u32> = (0..=whole).collect();
    subsets.sort_by_key(|subset| (u32::MAX - subset.count_ones(), *subset));
    subsets
        .into_iter()
        .map(|subset| {
            let chosen = wanted.iter().enumerate().filter(|(n, _)| subset & (1 << n) != 0);
            alternative(app, settings, chosen.map(|(_, tool)| tool))
        })
        .collect()
}

/// A name for one or more entries that come together.
struct Tool {
    name: &'static str,
    entries: Vec<Entry>,
}

fn alternative<'a>(
    app: Option<&App>,
    settings: &Settings,
    tools: impl Iterator<Item = &'a Tool>,
) -> Alternative {
    let mut names = Vec::new();
    let mut others = Vec::new();
    for tool in tools {
        names.push(tool.name);
        others.extend(tool.entries.iter().cloned());
    }
    let own = |name: &str| Entry::new(name).with("mode", "app");
    let application = own(APPLICATION).with("launch", true).with(TOOLS, names.join(","));
    let mut entries = vec![application, own(ASPNET).with("launch", true)];
    let is_prebuilt = app.is_some_and(|app| matches!(app.content, Content::Prebuilt { .. }));
    if !is_prebuilt {
        entries.push(own(SDK).with("build", true).with("launch", settings.builds_at_launch()));
        entries.push(own(ICU).with("build", true));
    }
    entries.push(own(ICU).with("launch", true));
    if settings.debug {
        entries.push(own(VSDBG).with("launch", true));
    }
    let mut alternative = Alternative::new();
    for entry in &entries {
        if !alternative.provides.contains(&entry.name) {
            alternative = alternative.provides(&entry.name);
        }
    }
    entries.into_iter().chain(others).fold(alternative, Alternative::requires)
}

/// What the app wants of other buildpacks.
fn tools(app: &App, settings: &Settings) -> Vec<Tool> {
    let mut tools = Vec::new();
    let needs = &app.node;
    let at_launch = settings.node == Node::Launch || (needs.launch && settings.node == Node::Auto);
    if needs.in_build(settings) {
        let mut node = Entry::new("node").with("build", true).with("launch", at_launch);
        if let Some((version, source)) = &needs.version {
            node = node.with("version", version.as_str()).with("version-source", source.as_str());
        }
        tools.push(Tool { name: "node", entries: vec![node] });
        if needs.npm {
            let npm = Entry::new("npm").with("build", true);
            tools.push(Tool { name: "npm", entries: vec![npm] });
        }
    }
    if settings.live_reload {
        tools.push(Tool { name: "watchexec", entries: vec![Entry::watchexec()] });
    }
    let has_site = app.source().is_some_and(|source| {
        source.projects.iter().any(|project| project.kind() == Kind::BlazorWasm)
    });
    if has_site {
        let nginx = Entry::new("nginx").with("launch", true);
        tools.push(Tool { name: "nginx", entries: vec![nginx] });
    }
    tools
}
