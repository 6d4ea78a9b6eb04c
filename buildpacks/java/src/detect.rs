//! Whether the app is ours, and the build plan.

use kouti::{Alternative, Context, Detection, Entry, Problem, settings as shared};

use crate::app::{App, FrontEnd};
use crate::settings::{self, JvmType};
use crate::shape::Shape;

pub(crate) fn detect(context: &Context) -> Result<Detection, Problem> {
    let app = App::read(context)?;
    let Some(shape) = &app.seen.shape else {
        // Others may ask for Java; where nobody does, the platform leaves this buildpack out.
        return Ok(Detection::Pass(offers()));
    };
    Ok(Detection::Pass(vec![plan(context, &app, shape)?]))
}

/// What we provide we require ourselves, because nobody else may.
fn plan(context: &Context, app: &App, shape: &Shape) -> Result<Alternative, Problem> {
    let env = &context.env;
    let own = |name: &str| Entry::new(name).with("mode", "app");
    let mut entries = vec![
        own("jvm-application"),
        own("jvm-application-package"),
        own("jre").with("launch", true),
    ];
    let tool = app.tools().first();
    let wants_jdk =
        settings::JLINK_ENABLED.read(env)? || settings::JVM_TYPE.read(env)? == JvmType::Jdk;
    if tool.is_some() || wants_jdk {
        entries.push(own("jdk"));
    }
    if let Some(tool) = tool {
        entries.push(own(tool.id()));
        entries.push(own("spring-boot"));
    }
    if matches!(shape, Shape::ExplodedWar | Shape::Wars(_)) {
        entries.push(own("java-app-server"));
    }
    let mut alternative = Alternative::new();
    for entry in entries {
        alternative = alternative.provides(&entry.name).requires(entry);
    }
    if shared::LIVE_RELOAD_ENABLED.read(env)? {
        alternative = alternative.requires(Entry::new("watchexec").with("launch", true));
    }
    if tool.is_some() && settings::INSTALL_NODE.read(env)? {
        let with = |alternative: Alternative, name: &str| {
            alternative.requires(Entry::new(name).with("build", true))
        };
        alternative = match app.front_end {
            None => alternative,
            Some(FrontEnd::Npm) => with(alternative, "node"),
            Some(FrontEnd::Pnpm) => with(with(alternative, "node"), "pnpm"),
            Some(FrontEnd::Yarn) => with(with(alternative, "node"), "yarn"),
        };
    }
    Ok(alternative)
}

fn offers() -> Vec<Alternative> {
    let jdk = || Entry::new("jdk").with("mode", "app");
    vec![
        Alternative::new().provides("jdk").provides("jre"),
        Alternative::new().provides("jdk"),
        Alternative::new().provides("jre"),
        Alternative::new().provides("maven").provides("jdk").requires(jdk()),
        Alternative::new().provides("gradle").provides("jdk").requires(jdk()),
    ]
}
