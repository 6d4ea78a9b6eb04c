//! Artifacts on their way into a layer.

use std::path::Path;

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{BuildContext, Log, Problem};
use serde::Serialize;

use crate::settings;

/// Where Maven Central is, in the addresses of the catalogue.
const CENTRAL: &str = "https://repo.maven.apache.org/maven2/";

#[derive(Serialize)]
struct Key {
    checksum: String,
}

/// Unpacks an artifact that only builds need. What came with the buildpack is at hand in every
/// build; what was downloaded is kept as it came, in a cache called `keep`.
pub(crate) fn unpack_for_build(
    context: &BuildContext,
    artifact: &Artifact,
    keep: &'static str,
    unpack: &Unpack<'_>,
    log: &mut Log,
) -> Result<(), Problem> {
    let dir = if context.is_packaged(artifact) {
        None
    } else {
        let key = Key { checksum: artifact.checksum.to_string() };
        Some(context.layers.cache(log, keep, key)?)
    };
    let artifact = mirrored(context, artifact)?;
    context.fetcher(dir.as_deref(), log)?.archive(&artifact, unpack, log)?;
    Ok(())
}

/// Unpacks an artifact of the image, which is taken over from the last image as long as it is the same.
pub(crate) fn unpack(
    context: &BuildContext,
    artifact: &Artifact,
    unpack: &Unpack<'_>,
    log: &mut Log,
) -> Result<(), Problem> {
    let artifact = mirrored(context, artifact)?;
    context.fetcher(None, log)?.archive(&artifact, unpack, log)?;
    Ok(())
}

/// Brings a single file.
pub(crate) fn file(
    context: &BuildContext,
    artifact: &Artifact,
    path: &Path,
    log: &mut Log,
) -> Result<(), Problem> {
    let artifact = mirrored(context, artifact)?;
    context.fetcher(None, log)?.file(&artifact, path, false, log)?;
    Ok(())
}

/// The artifact with the address that the user has for Maven Central.
fn mirrored(context: &BuildContext, artifact: &Artifact) -> Result<Artifact, Problem> {
    let mut artifact = artifact.clone();
    if let Some(mirror) = settings::MAVEN_MIRROR.read(&context.env)?
        && let Some(path) = artifact.uri.as_deref().and_then(|uri| uri.strip_prefix(CENTRAL))
    {
        artifact.uri = Some(format!("{}/{path}", mirror.trim_end_matches('/')));
    }
    Ok(artifact)
}

/// The name of the file that an artifact is downloaded as.
pub(crate) fn file_name(artifact: &Artifact) -> String {
    let name = artifact.uri.as_deref().and_then(|uri| uri.rsplit('/').next());
    name.map_or_else(|| format!("{}-{}.jar", artifact.id, artifact.version), str::to_owned)
}
