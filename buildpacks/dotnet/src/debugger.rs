//! `vsdbg`, the debugger of Visual Studio, for `BP_DEBUG_ENABLED`.

use kouti::fetch::Unpack;
use kouti::{BuildContext, Layer, LayerEnv, Log, Notice, Problem, Scope, Uses};
use serde::Serialize;

use crate::placement::make_executable;
use crate::sdk::newest;

/// The artifact's id in the catalogue, and the name of the plan entry.
pub(crate) const VSDBG: &str = "vsdbg";

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
}

pub(crate) fn install(context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
    let Some(vsdbg) = newest(context, VSDBG, "Visual Studio Debugger") else {
        log.warn(Notice::new(
            "BP_DEBUG_ENABLED is set, but this buildpack has no debugger for this platform",
        ));
        return Ok(());
    };
    log.warn(Notice::new(
        "the licence of vsdbg allows its use with Visual Studio and Visual Studio Code only",
    ));
    let dir = context.layers.path("vsdbg");
    let layer = Layer {
        name: "vsdbg",
        title: vsdbg.title(),
        uses: Uses::LAUNCH,
        key: Key { version: vsdbg.version.to_string(), checksum: vsdbg.checksum.to_string() },
        env: LayerEnv::new().append(Scope::Both, "PATH", dir.to_string_lossy(), ":"),
        sbom: Some(context.document(&vsdbg)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        context.fetcher(None, log)?.archive(&vsdbg, &Unpack::into(dir), log)?;
        make_executable(&dir.join("vsdbg"))?;
        Ok(())
    })?;
    Ok(())
}
