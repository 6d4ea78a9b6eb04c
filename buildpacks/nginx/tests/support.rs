//! The nginx of these tests: a fake that notes how it is called, and the real one of the local
//! profile where it has been made.

use std::path::Path;
use std::sync::OnceLock;

use kouti_testing::real::archive;
use kouti_testing::{Artifact, Case, Tool};

/// A case with an nginx that accepts everything.
pub(crate) fn case() -> Case {
    bare().artifact(nginx("1.30.4")).artifact(nginx("1.31.3"))
}

/// A case without any nginx.
pub(crate) fn bare() -> Case {
    Case::new(
        env!("CARGO_BIN_EXE_kouti-nginx"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-nginx-helper"))
    .env("KOUTI_TODAY", "2026-11-01")
    .default_version("nginx", "1.31.*")
    .metadata(LINES)
}

const LINES: &str = r#"
[[lines]]
id = "nginx"
line = "1.30"
codename = "stable"

[[lines]]
id = "nginx"
line = "1.31"
codename = "mainline"
"#;

pub(crate) fn nginx(version: &str) -> Artifact {
    nginx_with(version, Tool::succeeds())
}

pub(crate) fn nginx_with(version: &str, tool: Tool) -> Artifact {
    Artifact::new("nginx", version)
        .with("licenses", vec!["BSD-2-Clause"])
        .with("purl", format!("pkg:generic/nginx@{version}"))
        .tool("sbin/nginx", tool)
        .file("modules/ngx_stream_module.so", "")
}

/// A case with the real nginx, if there is one.
pub(crate) fn real() -> Option<Case> {
    static FOUND: OnceLock<Option<(String, Vec<u8>)>> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found = FOUND.get_or_init(|| archive(&root, "nginx", "sbin/nginx"));
    let (version, bytes) = found.as_ref()?;
    let artifact = Artifact::new("nginx", version).bytes(bytes.clone());
    Some(bare().default_version("nginx", "*").artifact(artifact))
}
