//! ICU: what .NET knows languages and cultures by.

use std::path::Path;

use kouti::catalog::Artifact;
use kouti::fetch::{Fetcher, Unpack};
use kouti::{BuildContext, Layer, LayerEnv, Log, Made, Problem, Uses, tree};
use serde::Serialize;

use crate::sdk::newest;

/// The artifact's id in the catalogue, and the name of the plan entry.
pub(crate) const ICU: &str = "icu";

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
    distribution: String,
}

/// Whether artifacts of this family find ICU among their own files.
pub(crate) fn is_bundled_with(artifact: &Artifact) -> bool {
    artifact.flag("bundles-icu")
}

/// What the catalogue has for this distribution.
pub(crate) fn find(context: &BuildContext) -> Option<Artifact> {
    newest(context, ICU, "ICU")
}

/// ICU for the commands of a build.
pub(crate) fn for_build(
    context: &BuildContext,
    log: &mut Log,
    fetcher: &Fetcher,
    icu: &Artifact,
) -> Result<Made, Problem> {
    let layer = layer(context, icu, "icu-build", Uses::BUILD);
    context.layers.ensure(log, &layer, |dir, log| unpack(log, fetcher, icu, dir))
}

/// ICU in the image, from what the build has unpacked already if it has. Whether there is any.
pub(crate) fn for_launch(
    context: &BuildContext,
    log: &mut Log,
    built: Option<&Made>,
) -> Result<bool, Problem> {
    let Some(icu) = find(context) else { return Ok(false) };
    let layer = layer(context, &icu, "icu", Uses::LAUNCH);
    context.layers.ensure(log, &layer, |dir, log| {
        if let Some(made) = built {
            return Ok(tree::link(&made.dir.join("lib"), &dir.join("lib"))?);
        }
        let fetcher = context.fetcher(None, log)?;
        unpack(log, &fetcher, &icu, dir)
    })?;
    Ok(true)
}

fn layer(context: &BuildContext, icu: &Artifact, name: &'static str, uses: Uses) -> Layer<Key> {
    let for_build = if uses.launch { "" } else { " for the build" };
    Layer {
        name,
        title: format!("{}{for_build}", icu.title()),
        uses,
        key: Key {
            version: icu.version.to_string(),
            checksum: icu.checksum.to_string(),
            distribution: format!(
                "{} {}",
                context.target.distro_name, context.target.distro_version
            ),
        },
        // The lifecycle puts `lib` on the path of libraries.
        env: LayerEnv::new(),
        sbom: uses.launch.then(|| context.document(icu)),
    }
}

/// Tools, headers and data files stay out.
const LIBRARIES: [&str; 3] = ["lib/libicudata", "lib/libicui18n", "lib/libicuuc"];

fn unpack(log: &mut Log, fetcher: &Fetcher, icu: &Artifact, dir: &Path) -> Result<(), Problem> {
    let is_kept = |path: &Path| {
        let path = path.to_string_lossy();
        LIBRARIES.iter().any(|library| path.starts_with(library)) && path.contains(".so")
    };
    fetcher.archive(icu, &Unpack::into(dir).keep(is_kept), log)?;
    Ok(())
}
