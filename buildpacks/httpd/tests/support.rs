//! The httpd of these tests: a fake that accepts everything, and the real one of the local
//! profile where it has been made.

use std::path::Path;
use std::sync::OnceLock;

use kouti_testing::real::archive;
use kouti_testing::{Artifact, Case, Tool};

/// A case with an httpd that accepts everything.
pub(crate) fn case() -> Case {
    case_with(Tool::succeeds())
}

pub(crate) fn case_with(httpd: Tool) -> Case {
    let artifact = Artifact::new("httpd", "2.4.68")
        .with("name", "Apache HTTP Server")
        .with("licenses", vec!["Apache-2.0"])
        .tool("bin/httpd", httpd)
        .file("modules/mod_ssl.so", "")
        .file("conf/mime.types", "");
    bare().artifact(artifact)
}

fn bare() -> Case {
    Case::new(
        env!("CARGO_BIN_EXE_kouti-httpd"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-httpd-helper"))
    .env("KOUTI_TODAY", "2026-11-01")
    .default_version("httpd", "2.4.*")
}

/// A case with the real httpd, if there is one.
pub(crate) fn real() -> Option<Case> {
    static FOUND: OnceLock<Option<(String, Vec<u8>)>> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found = FOUND.get_or_init(|| archive(&root, "httpd", "bin/httpd"));
    let (version, bytes) = found.as_ref()?;
    Some(bare().artifact(Artifact::new("httpd", version).bytes(bytes.clone())))
}
