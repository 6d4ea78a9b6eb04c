//! The SDK for the commands of a build: installed, with its environment.

use std::path::{Path, PathBuf};

use kouti::catalog::{Artifact, Request, choose};
use kouti::fetch::Unpack;
use kouti::{BuildContext, Command, Env, Layer, LayerEnv, Log, Made, Problem, Scope, Uses};
use serde::Serialize;
use tempfile::TempDir;

use crate::icu;
use crate::nuget;

/// What runs `dotnet`.
pub(crate) struct Sdk {
    /// Where it is unpacked.
    pub(crate) dir: PathBuf,
    /// Where packages are.
    pub(crate) packages: PathBuf,
    /// ICU, if it had to be installed for the build.
    pub(crate) icu: Option<Made>,
    env: Env,
    /// What the SDK writes for its user, credentials of feeds included: gone with the build.
    home: TempDir,
}

/// What is installed.
pub(crate) struct Order<'a> {
    pub(crate) artifact: &'a Artifact,
    pub(crate) workloads: &'a [String],
    /// Whether the image gets it too.
    pub(crate) launch: bool,
    /// Whether the commands need ICU that the SDK does not bring.
    pub(crate) icu: bool,
    /// Where commands run.
    pub(crate) dir: &'a Path,
}

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    workloads: Vec<String>,
}

impl Sdk {
    /// Installs the SDK and what its commands need.
    pub(crate) fn install(
        context: &BuildContext,
        log: &mut Log,
        order: &Order<'_>,
    ) -> Result<Self, Problem> {
        let home = tempfile::Builder::new().prefix("kouti-dotnet-").tempdir()?;
        nuget::configure(context, home.path())?;
        let icu = icu::find(context).filter(|_| order.icu);
        let artifacts: Vec<&Artifact> = std::iter::once(order.artifact).chain(&icu).collect();
        let fetcher = context.keeping_fetcher(&artifacts, log)?;
        let icu = match &icu {
            Some(icu) => Some(icu::for_build(context, log, &fetcher, icu)?),
            None => None,
        };
        let packages = nuget::cache(context, log)?;

        let mut env = for_commands(&context.env, home.path(), &packages);
        if let Some(icu) = &icu {
            icu.apply(&mut env);
        } else if order.icu {
            // Better than an SDK that does not start.
            env.set_default("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        }
        let layer = layer(context, order);
        let made = context.layers.ensure(log, &layer, |dir, log| {
            fetcher.archive(order.artifact, &Unpack::into(dir), log)?;
            install_workloads(context, log, dir, &env, order)
        })?;
        made.apply(&mut env);
        let packages = env.get_os("NUGET_PACKAGES").map_or(packages, PathBuf::from);
        Ok(Self { dir: made.dir, packages, icu, env, home })
    }

    /// A call of `dotnet` in `dir`.
    pub(crate) fn command(&self, context: &BuildContext, dir: &Path, args: &[&str]) -> Command {
        context.command("dotnet", dir, &self.env).args(args.iter().copied())
    }

    /// Where it builds apps of a single file: in the data of its user.
    pub(crate) fn runfiles(&self) -> PathBuf {
        let given = self.env.get_os("XDG_DATA_HOME").filter(|dir| !dir.is_empty());
        let data = given.map_or_else(|| self.home.path().join(".local/share"), PathBuf::from);
        data.join("dotnet/runfile")
    }

    /// Whether a program is on the `PATH` of the commands.
    pub(crate) fn finds(&self, program: &str) -> bool {
        let path = self.env.get_os("PATH").unwrap_or_default();
        kouti::find_on_path(program.as_ref(), path).is_some()
    }
}

fn layer(context: &BuildContext, order: &Order<'_>) -> Layer<Key> {
    let Order { artifact, .. } = order;
    let dir = context.layers.path("sdk");
    let dir = dir.to_string_lossy();
    let scope = if order.launch { Scope::Both } else { Scope::Build };
    Layer {
        name: "sdk",
        title: artifact.title(),
        // Unpacking is faster than having the platform store and restore the unpacked files.
        uses: Uses { launch: order.launch, ..Uses::BUILD },
        key: Key {
            version: artifact.version.to_string(),
            checksum: artifact.checksum.to_string(),
            workloads: order.workloads.to_vec(),
        },
        env: for_later_buildpacks(context).prepend(scope, "PATH", &*dir, ":").override_value(
            scope,
            "DOTNET_ROOT",
            &*dir,
        ),
        sbom: order.launch.then(|| context.document(artifact)),
    }
}

/// What a later buildpack that runs `dotnet` finds: the same switches, and the packages.
fn for_later_buildpacks(context: &BuildContext) -> LayerEnv {
    let overrides = OVERRIDES
        .iter()
        .fold(LayerEnv::new(), |env, (name, value)| env.override_value(Scope::Build, name, *value));
    let packages = context.layers.path("nuget");
    DEFAULTS
        .iter()
        .fold(overrides, |env, (name, value)| env.default_value(Scope::Build, name, *value))
        .default_value(Scope::Build, "NUGET_PACKAGES", packages.to_string_lossy())
}

fn install_workloads(
    context: &BuildContext,
    log: &mut Log,
    dir: &Path,
    env: &Env,
    order: &Order<'_>,
) -> Result<(), Problem> {
    if order.workloads.is_empty() {
        return Ok(());
    }
    let program = dir.join("dotnet").to_string_lossy().into_owned();
    let command = context
        .command(&program, order.dir, env)
        .env("DOTNET_ROOT", dir)
        .args(["workload", "install"])
        .args(order.workloads);
    Ok(command.run(log)?)
}

/// Switches of the SDK, each for the reason beside it.
const OVERRIDES: &[(&str, &str)] = &[
    // A build tells nobody about itself.
    ("DOTNET_CLI_TELEMETRY_OPTOUT", "true"),
    // Nobody reads a greeting.
    ("DOTNET_NOLOGO", "true"),
    ("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "true"),
    // Crashes of emulated processors come from it.
    ("DOTNET_EnableWriteXorExecute", "0"),
];

/// The same, where the user may know better.
const DEFAULTS: &[(&str, &str)] = &[
    ("DOTNET_GENERATE_ASPNET_CERTIFICATE", "false"),
    ("DOTNET_ADD_GLOBAL_TOOLS_TO_PATH", "false"),
    ("DOTNET_RUNNING_IN_CONTAINER", "true"),
    // No process is to outlive its command.
    ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"),
    ("MSBUILDDISABLENODEREUSE", "1"),
    ("UseSharedCompilation", "false"),
    // Documentation of packages is for editors.
    ("NUGET_XMLDOC_MODE", "skip"),
    // Feeds fail now and then.
    ("NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT", "6"),
    ("NUGET_ENHANCED_NETWORK_RETRY_DELAY_MILLISECONDS", "1000"),
];

/// The variables for commands.
fn for_commands(user: &Env, home: &Path, packages: &Path) -> Env {
    let mut env = user.clone();
    for (name, value) in OVERRIDES {
        env.set(*name, *value);
    }
    for (name, value) in DEFAULTS {
        env.set_default(*name, *value);
    }
    env.set("DOTNET_CLI_HOME", home);
    // NuGet and MSBuild have more places there that nothing else moves; what the user has in the
    // real one for tools that a build may run is still found.
    if let Some(real) = user.get_os("HOME").map(Path::new) {
        for (variable, file) in
            [("GIT_CONFIG_GLOBAL", ".gitconfig"), ("NPM_CONFIG_USERCONFIG", ".npmrc")]
        {
            if real.join(file).is_file() {
                env.set_default(variable, real.join(file));
            }
        }
    }
    env.set("HOME", home);
    // Set by the user, it names packages that came with the source.
    env.set_default("NUGET_PACKAGES", packages);
    env
}

/// The newest artifact `id` of the catalogue for this platform.
pub(crate) fn newest(context: &BuildContext, id: &str, name: &str) -> Option<Artifact> {
    let request = Request { id, name, wanted: &[], target: &context.target };
    choose(&context.catalog, &request).ok().map(|choice| choice.artifact)
}
