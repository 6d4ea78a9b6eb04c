//! Agents and tools that look into a running app.

use kouti::fetch::Unpack;
use kouti::{BuildContext, Layer, LayerEnv, Log, Problem, Scope, Uses};
use kouti_java::classes;
use kouti_java::runtime::Facts;
use serde::Serialize;

use crate::{downloads, settings};

/// What is installed, for the start of the app.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    pub(crate) env: LayerEnv,
    /// The JARs of those that a start in the build loads.
    pub(crate) jars: Vec<String>,
}

#[derive(Serialize)]
struct Key {
    checksum: String,
}

const JATTACH: &str = "jattach";
const OPENTELEMETRY: &str = "opentelemetry-java";
const APPLICATION_INSIGHTS: &str = "azure-application-insights-java";

/// Keeps the agent of OpenTelemetry from working.
pub(crate) const PASSIVE: (&str, &str) = ("OTEL_JAVAAGENT_ENABLED", "false");

/// Installs those that settings and bindings ask for.
pub(crate) fn install(
    context: &BuildContext,
    log: &mut Log,
    for_build: bool,
) -> Result<Agents, Problem> {
    let mut agents = Agents::default();
    if settings::JATTACH_ENABLED.read(&context.env)? {
        jattach(context, log)?;
    }
    if settings::OPENTELEMETRY_ENABLED.read(&context.env)? {
        let path = agent(context, log, OPENTELEMETRY, "OpenTelemetry agent", for_build)?;
        agents.env = agents
            .env
            .default_value(Scope::Launch, "BPI_OPENTELEMETRY_AGENT_PATH", &path)
            // The agent is in the image; whether it works is said where the app runs.
            .default_value(Scope::Launch, PASSIVE.0, PASSIVE.1)
            .default_value(Scope::Launch, "OTEL_LOGS_EXPORTER", "none")
            .default_value(Scope::Launch, "OTEL_METRICS_EXPORTER", "none");
        agents.jars.extend(for_build.then_some(path));
    }
    if !context.bindings.find("ApplicationInsights").is_empty() {
        let name = "Application Insights agent";
        let path = agent(context, log, APPLICATION_INSIGHTS, name, for_build)?;
        agents.env =
            agents.env.default_value(Scope::Launch, "BPI_APPLICATION_INSIGHTS_AGENT_PATH", &path);
        agents.jars.extend(for_build.then_some(path));
    }
    Ok(agents)
}

/// On the `PATH` of the app.
fn jattach(context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
    let choice = context.choose(JATTACH, JATTACH, &[])?;
    let artifact = &choice.artifact;
    let layer = Layer {
        name: JATTACH,
        title: artifact.title(),
        uses: Uses::LAUNCH,
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new(),
        sbom: Some(context.document(artifact)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        let bin = dir.join("bin");
        downloads::unpack(context, artifact, &Unpack::into(&bin), log)?;
        Ok(crate::tree::make_executable(&bin.join(JATTACH))?)
    })?;
    Ok(())
}

/// A JAR in a layer of its own; the helper puts it on the command line.
fn agent(
    context: &BuildContext,
    log: &mut Log,
    id: &'static str,
    name: &str,
    for_build: bool,
) -> Result<String, Problem> {
    let choice = context.choose(id, name, &[])?;
    let artifact = &choice.artifact;
    let file = downloads::file_name(artifact);
    let layer = Layer {
        name: id,
        title: artifact.title(),
        uses: Uses { cache: for_build, ..Uses::LAUNCH },
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new(),
        sbom: Some(context.document(artifact)),
    };
    let made = context.layers.ensure(log, &layer, |dir, log| {
        let path = dir.join(&file);
        downloads::file(context, artifact, &path, log)?;
        Ok(Facts { classes: classes::count_jar(&path), ..Facts::default() }.write(dir)?)
    })?;
    Ok(made.dir.join(file).display().to_string())
}
