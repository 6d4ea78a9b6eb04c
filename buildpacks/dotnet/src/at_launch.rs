//! Images that build when they start: for tests, and for `dotnet watch`.

use kouti::{BuildContext, Explain, Fault, Layer, LayerEnv, Log, Problem, Process, Scope, Uses};
use serde::Serialize;

use crate::app::App;
use crate::processes::{Arrangement, Place};
use crate::project::{Kind, Project};
use crate::settings::{Mode, Settings};
use crate::source::Source;
use crate::source_text::{dir_of, name_of};

/// Two ways to restart at once.
#[derive(Debug, thiserror::Error)]
#[error("BP_DOTNET_WATCH and BP_LIVE_RELOAD_ENABLED both restart the app")]
pub(crate) struct TwoReloads;

impl Explain for TwoReloads {
    fn id(&self) -> &'static str {
        "watch-and-reload"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "unset one: `dotnet watch` compiles changed source, live reload restarts changed output"
                .to_owned(),
        ]
    }
}

#[derive(Serialize)]
struct Key {
    format: u32,
}

/// The processes, and the environment that a build needs in a container.
pub(crate) fn declare(
    context: &BuildContext,
    log: &mut Log,
    settings: &Settings,
    app: &App,
    source: &Source,
) -> Result<Vec<Process>, Problem> {
    if settings.watch && settings.live_reload {
        return Err(TwoReloads.into());
    }
    // Layers may be read-only for the user of the container.
    let mut env = LayerEnv::new()
        .default_value(Scope::Launch, "DOTNET_CLI_HOME", "/tmp/dotnet-home")
        .default_value(Scope::Launch, "NUGET_PACKAGES", "/tmp/nuget")
        .default_value(Scope::Launch, "DOTNET_CLI_TELEMETRY_OPTOUT", "true")
        .default_value(Scope::Launch, "DOTNET_NOLOGO", "true")
        .default_value(Scope::Launch, "DOTNET_RUNNING_IN_CONTAINER", "true");
    if settings.watch {
        env = env.default_value(Scope::Launch, "DOTNET_USE_POLLING_FILE_WATCHER", "1");
    }
    let layer = Layer {
        name: "launch-env",
        title: "environment of the SDK".to_owned(),
        uses: Uses::LAUNCH,
        key: Key { format: 1 },
        env,
        sbom: None,
    };
    context.layers.ensure(log, &layer, |_, _| Ok(()))?;
    let dir = app.root.join(dir_of(&source.file));
    if settings.mode == Mode::Test {
        let test = Process::new("test", test_command(settings, name_of(&source.file)));
        return Ok(vec![in_dir(test, app, &dir)]);
    }
    Ok(watching(settings, app, source))
}

/// One process for each project, that compiles and starts it anew when its source changes.
fn watching(settings: &Settings, app: &App, source: &Source) -> Vec<Process> {
    let names: Vec<(String, bool)> = source
        .projects
        .iter()
        .map(|project| (project.assembly(), project.kind() == Kind::Web))
        .collect();
    let names: Vec<(&str, bool)> = names.iter().map(|(name, web)| (name.as_str(), *web)).collect();
    let arrangement = Arrangement::of(&names, settings.default_process.as_deref());
    let process = |(project, place): (&Project, &Place)| {
        let kind = place.types.first()?;
        let file = app.root.join(&project.path).to_string_lossy().into_owned();
        let command = ["dotnet", "watch", "--non-interactive", "--project", &file];
        let run = ["run", "--no-launch-profile"];
        let watch = Process::new(kind, command.into_iter().chain(run).map(str::to_owned));
        let watch = in_dir(watch, app, &app.root.join(project.dir()));
        Some(if arrangement.default.as_ref() == Some(kind) { watch.default() } else { watch })
    };
    source.projects.iter().zip(&arrangement.places).filter_map(process).collect()
}

fn in_dir(process: Process, app: &App, dir: &std::path::Path) -> Process {
    if dir == app.root { process } else { process.working_dir(dir) }
}

fn test_command(settings: &Settings, file: &str) -> Vec<String> {
    let mut command = vec!["dotnet".to_owned(), "test".to_owned(), file.to_owned()];
    if let Some(configuration) = &settings.configuration {
        command.extend(["--configuration".to_owned(), configuration.clone()]);
    }
    if let Some(verbosity) = settings.verbosity {
        command.extend(["--verbosity".to_owned(), verbosity.to_owned()]);
    }
    command
}
