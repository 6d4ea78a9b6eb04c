//! The runtime in the image: one directory with the frameworks that the apps need, and no more.

use std::path::Path;

use kouti::fetch::Unpack;
use kouti::sbom::Document;
use kouti::{BuildContext, Layer, LayerEnv, Log, Problem, Scope, Uses, tree};
use serde::Serialize;
use tempfile::TempDir;

use crate::runtime_config::{ASPNETCORE, NETCORE};
use crate::runtime_version::Runtime;

#[derive(Serialize)]
struct Key {
    frameworks: Vec<String>,
    arch: String,
}

/// Makes the launch layer.
///
/// What the SDK of this build has in the right version is taken from there; the rest is fetched.
/// Several versions lie beside each other, and the newest host starts them all.
pub(crate) fn install(
    context: &BuildContext,
    log: &mut Log,
    runtimes: &[Runtime],
    sdk_dir: Option<&Path>,
) -> Result<(), Problem> {
    let layer = Layer {
        name: "runtime",
        title: title(runtimes),
        uses: Uses::LAUNCH,
        key: Key {
            frameworks: runtimes.iter().flat_map(Runtime::frameworks).collect(),
            arch: context.target.arch.clone(),
        },
        env: env(context),
        sbom: Some(document(context, runtimes)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        for runtime in runtimes {
            match sdk_dir.filter(|sdk| runtime.is_in(sdk)) {
                Some(sdk) => {
                    log.detail(&format!("{} is in the SDK", runtime.artifact.version));
                    runtime.take_from(sdk, dir)?;
                }
                None => runtime.fetch(context, log, dir)?,
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn env(context: &BuildContext) -> LayerEnv {
    let dir = context.layers.path("runtime");
    let dir = dir.to_string_lossy();
    LayerEnv::new().default_value(Scope::Launch, "DOTNET_ROOT", &*dir).prepend(
        Scope::Launch,
        "PATH",
        &*dir,
        ":",
    )
}

/// `.NET Runtime 8.0.30 and ASP.NET Core Runtime 10.0.11`.
fn title(runtimes: &[Runtime]) -> String {
    let name = |runtime: &Runtime| {
        let name = if runtime.has_aspnet { "ASP.NET Core Runtime" } else { ".NET Runtime" };
        format!("{name} {}", runtime.artifact.version)
    };
    runtimes.iter().map(name).collect::<Vec<_>>().join(" and ")
}

fn document(context: &BuildContext, runtimes: &[Runtime]) -> Document {
    let mut documents = runtimes.iter().map(|runtime| {
        let mut document = context.document(&runtime.artifact);
        let names: &[&str] = if runtime.has_aspnet {
            &[".NET Runtime", "ASP.NET Core Runtime"]
        } else {
            &[".NET Runtime"]
        };
        // A part of an archive need not have the name of the whole.
        names[names.len() - 1].clone_into(&mut document.name);
        let whole = document.components.pop();
        document.components = names
            .iter()
            .filter_map(|name| {
                let mut component = whole.clone()?;
                (*name).clone_into(&mut component.name);
                Some(component)
            })
            .collect();
        document
    });
    let first = documents.next().unwrap_or_default();
    documents.fold(first, |mut all, more| {
        all.components.extend(more.components);
        all
    })
}

/// Files beside the frameworks that an image needs.
const OTHERS: [&str; 3] = ["LICENSE.txt", "ThirdPartyNotices.txt", "dotnet"];

impl Runtime {
    /// `Microsoft.NETCore.App 10.0.11`.
    fn frameworks(&self) -> Vec<String> {
        let version = &self.artifact.version;
        self.names().iter().map(|name| format!("{name} {version}")).collect()
    }

    fn names(&self) -> &'static [&'static str] {
        if self.has_aspnet { &[NETCORE, ASPNETCORE] } else { &[NETCORE] }
    }

    fn is_in(&self, sdk: &Path) -> bool {
        let version = self.artifact.version.to_string();
        sdk.join("host/fxr").join(&version).is_dir()
            && self.names().iter().all(|name| sdk.join("shared").join(name).join(&version).is_dir())
    }

    /// Whether a path of an archive or an SDK belongs to it.
    fn has(&self, path: &Path) -> bool {
        let version = self.artifact.version.to_string();
        OTHERS.iter().any(|other| path == Path::new(other))
            || path.starts_with(Path::new("host/fxr").join(&version))
            || self
                .names()
                .iter()
                .any(|name| path.starts_with(Path::new("shared").join(name).join(&version)))
    }

    fn take_from(&self, sdk: &Path, dir: &Path) -> Result<(), Problem> {
        let version = self.artifact.version.to_string();
        remove_others(dir)?;
        let frameworks = self.names().iter().map(|name| format!("shared/{name}/{version}"));
        let parts = OTHERS.iter().map(ToString::to_string).chain([format!("host/fxr/{version}")]);
        for part in parts.chain(frameworks) {
            tree::link(&sdk.join(&part), &dir.join(&part))?;
        }
        Ok(())
    }

    fn fetch(&self, context: &BuildContext, log: &mut Log, dir: &Path) -> Result<(), Problem> {
        // Beside the layer, so that what is unpacked can be moved or linked.
        let stage = TempDir::new_in(context.layers.dir())?;
        let unpack = Unpack::into(stage.path().join("root")).keep(|path| self.has(path));
        context.fetcher(None, log)?.archive(&self.artifact, &unpack, log)?;
        remove_others(dir)?;
        Ok(tree::link(&stage.path().join("root"), dir)?)
    }
}

/// The host of an older runtime gives way to that of the next.
fn remove_others(dir: &Path) -> std::io::Result<()> {
    for other in OTHERS {
        match fs_err::remove_file(dir.join(other)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
