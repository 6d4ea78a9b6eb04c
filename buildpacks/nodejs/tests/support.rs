//! The app and the Node.js of these tests.

use kouti_testing::{Artifact, Case, Tool};

/// A case with an app that has a lockfile, a build script and packages of both kinds,
/// and with Node.js 22 and 24 to choose from.
pub(crate) fn express() -> Case {
    bare()
        .file("package.json", PACKAGE)
        .file("package-lock.json", "{\"lockfileVersion\": 3}\n")
        .file("server.js", "")
}

/// A case without an app.
pub(crate) fn bare() -> Case {
    empty().artifact(node("22.23.1")).artifact(node("24.17.0")).artifact(node("24.18.1"))
}

/// A case without an app and without anything to install.
pub(crate) fn empty() -> Case {
    Case::new(
        env!("CARGO_BIN_EXE_kouti-nodejs"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-nodejs-helper"))
    .env("KOUTI_TODAY", "2026-11-01")
    .default_version("node", "24.x")
    .metadata(LINES)
}

const PACKAGE: &str = r#"{
  "name": "shop",
  "version": "1.2.3",
  "scripts": {
    "build": "bundle",
    "start": "node server.js"
  },
  "dependencies": { "express": "^5.1.0" },
  "devDependencies": { "bundler": "^1.0.0" }
}
"#;

const LINES: &str = r#"
[[lines]]
id = "node"
line = "22"
codename = "jod"

[[lines]]
id = "node"
line = "24"
codename = "krypton"
"#;

/// A Node.js whose npm does what the tests need of it.
pub(crate) fn node(version: &str) -> Artifact {
    node_with(version, Tool::script(NPM))
}

/// A Node.js with another npm.
pub(crate) fn node_with(version: &str, npm: Tool) -> Artifact {
    let eol = if version.starts_with("22") { "2027-04-30" } else { "2028-04-30" };
    Artifact::new("node", version)
        .with("name", "Node.js")
        .with("eol-date", eol)
        .with("licenses", vec!["MIT"])
        .with("purl", format!("pkg:generic/node@{version}"))
        .tool("bin/node", Tool::prints(&format!("v{version}")))
        .link("bin/npm", "../lib/node_modules/npm/bin/npm-cli.js")
        .link("bin/corepack", "../lib/node_modules/corepack/corepack.js")
        .tool("lib/node_modules/npm/bin/npm-cli.js", npm)
        .file("lib/node_modules/corepack/corepack.js", "")
        .file("include/node/node.h", "")
        .file("share/man/man1/node.1", "")
        .file("LICENSE", "MIT")
}

/// Installs `express`, and `bundler` if development packages are asked for; leaves the
/// record that npm leaves; removes `bundler` again when it prunes.
pub(crate) const NPM: &str = r#"
modules() {
    rm -rf node_modules
    mkdir -p node_modules/.bin node_modules/express
    echo "{}" >node_modules/express/package.json
    bundler=
    if [ "$1" = --include=dev ]; then
        mkdir -p node_modules/bundler
        echo "{}" >node_modules/bundler/package.json
        echo '#!' >node_modules/bundler/cli.js
        ln -s ../bundler/cli.js node_modules/.bin/bundle
        bundler=', "node_modules/bundler": {"version": "1.0.0", "dev": true, "license": "ISC"}'
    fi
    cat >node_modules/.package-lock.json <<END
{"lockfileVersion": 3, "packages": {
  "node_modules/express": {"version": "5.1.0", "license": "MIT"}$bundler
}}
END
}
case "$1" in
ci | install)
    modules "$2"
    echo "added packages"
    ;;
prune)
    modules "$2"
    echo "removed packages"
    ;;
run)
    echo "> shop@1.2.3 $2"
    if [ "$2" = build ]; then
        mkdir -p dist
        echo bundle >dist/bundle.js
    fi
    ;;
esac
"#;
