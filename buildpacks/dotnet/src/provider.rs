//! Without an app: the SDK or a runtime for another buildpack that asks for it.

use kouti::fetch::Unpack;
use kouti::{Alternative, BuildContext, Entry, Layer, LayerEnv, Log, Notice, Problem, Scope, Uses};
use serde::Serialize;

use crate::icu::{self, ICU};
use crate::runtime_version::{self, ASPNET, RUNTIME};
use crate::sdk_version::{self, SDK};
use crate::settings::Settings;

/// Names that Paketo gave up.
const OLD_ASPNET: &str = "dotnet-aspnetcore";

/// What can be provided together.
const OFFERS: [&[&str]; 6] =
    [&[SDK, ASPNET], &[SDK], &[ASPNET], &[RUNTIME], &[RUNTIME, OLD_ASPNET], &[ICU]];

pub(crate) fn alternatives() -> Vec<Alternative> {
    let offer = |names: &[&str]| {
        names.iter().fold(Alternative::new(), |alternative, name| alternative.provides(*name))
    };
    OFFERS.iter().map(|names| offer(names)).collect()
}

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
}

/// Installs what is asked for, where it is asked for.
pub(crate) fn build(
    context: &BuildContext,
    log: &mut Log,
    settings: &Settings,
) -> Result<(), Problem> {
    if context.plan.has(SDK) {
        install_sdk(context, log, settings)?;
    }
    let names = [ASPNET, RUNTIME, OLD_ASPNET];
    let entries: Vec<&Entry> = names.iter().flat_map(|name| context.plan.entries(name)).collect();
    for entry in entries.iter().filter(|entry| entry.name != ASPNET) {
        log.warn(
            Notice::new(format!("the plan entry `{}` is deprecated", entry.name))
                .hint(format!("require `{ASPNET}` instead")),
        );
    }
    let wishes = runtime_version::Wishes {
        settings,
        configs: &[],
        entries: &entries,
        catalog: &context.catalog,
        target: &context.target,
        today: context.today,
    };
    if let Some(artifact) = wishes.for_others()? {
        let uses = uses(context, &names);
        install(context, log, &artifact, "runtime", uses)?;
    }
    if context.plan.any(ICU, "launch") {
        icu::for_launch(context, log, None)?;
    }
    if let Some(icu) = icu::find(context).filter(|_| context.plan.any(ICU, "build")) {
        let fetcher = context.fetcher(None, log)?;
        icu::for_build(context, log, &fetcher, &icu)?;
    }
    Ok(())
}

fn install_sdk(context: &BuildContext, log: &mut Log, settings: &Settings) -> Result<(), Problem> {
    let entries: Vec<&Entry> = context.plan.entries(SDK).collect();
    let choice = sdk_version::Wishes {
        settings,
        global_json: None,
        line: None,
        entries: &entries,
        catalog: &context.catalog,
        target: &context.target,
    }
    .choose()?
    .choice;
    context.explain_choice(log, &choice, settings.eol_policy)?;
    install(context, log, &choice.artifact, "sdk", uses(context, &[SDK]))
}

fn uses(context: &BuildContext, names: &[&str]) -> Uses {
    let any = |flag: &str| names.iter().any(|name| context.plan.any(name, flag));
    Uses { build: any("build"), launch: any("launch"), cache: false }
}

fn install(
    context: &BuildContext,
    log: &mut Log,
    artifact: &kouti::catalog::Artifact,
    name: &'static str,
    uses: Uses,
) -> Result<(), Problem> {
    let scope = match uses {
        Uses { build: true, launch: true, .. } => Scope::Both,
        Uses { launch: true, .. } => Scope::Launch,
        _ => Scope::Build,
    };
    let dir = context.layers.path(name);
    let dir = dir.to_string_lossy();
    let layer = Layer {
        name,
        title: artifact.title(),
        uses,
        key: Key { version: artifact.version.to_string(), checksum: artifact.checksum.to_string() },
        env: LayerEnv::new().prepend(scope, "PATH", &*dir, ":").default_value(
            scope,
            "DOTNET_ROOT",
            &*dir,
        ),
        sbom: Some(context.document(artifact)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        context.fetcher(None, log)?.archive(artifact, &Unpack::into(dir), log)?;
        Ok(())
    })?;
    Ok(())
}
