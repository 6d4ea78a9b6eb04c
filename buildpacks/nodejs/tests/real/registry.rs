//! A registry of packages, served by the test.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kouti_testing::Artifact;
use kouti_testing::upstream::{Page, Upstream};
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

/// A registry that runs until it is dropped.
pub(crate) struct Registry {
    upstream: Upstream,
    /// What it demands of who asks.
    authorization: Option<String>,
    packages: BTreeMap<String, Map<String, Value>>,
    archives: BTreeMap<String, Vec<u8>>,
}

impl Registry {
    /// With what the apps of these tests need.
    pub(crate) fn start() -> Self {
        Self::asking_for(None)
    }

    /// The same, for those who have this token.
    pub(crate) fn private(token: &str) -> Self {
        Self::asking_for(Some(format!("Bearer {token}")))
    }

    fn asking_for(authorization: Option<String>) -> Self {
        let upstream = Upstream::start();
        let mut registry =
            Self { upstream, authorization, packages: BTreeMap::new(), archives: BTreeMap::new() };
        let times = "module.exports = (what, n) => Array(n).fill(what).join(' ')\n";
        registry.publish(json!({"name": "times", "version": "2.1.0"}), &[("index.js", times)]);
        let greet =
            "const times = require('times')\nmodule.exports = who => times(`hello ${who}`, 2)\n";
        registry.publish(
            json!({"name": "greet", "version": "1.0.0", "dependencies": {"times": "^2.0.0"}}),
            &[("index.js", greet)],
        );
        registry.publish(
            json!({"name": "tool", "version": "1.0.0", "bin": {"tool": "cli.js"}}),
            &[("cli.js", TOOL)],
        );
        registry.publish(
            json!({"name": "turbo", "version": "2.5.0", "bin": {"turbo": "cli.js"}}),
            &[("cli.js", "#!/usr/bin/env node\nconsole.log('turbo', ...process.argv.slice(2))\n")],
        );
        registry.publish(
            json!({
                "name": "native", "version": "1.0.0", "scripts": {"install": "node compile.js"},
                "hasInstallScript": true
            }),
            &[("compile.js", COMPILE), ("index.js", NATIVE)],
        );
        registry
    }

    /// Adds a package: its `package.json`, and files besides. Gives the SHA-1 of its archive.
    pub(crate) fn publish(&mut self, manifest: Value, files: &[(&str, &str)]) -> String {
        let text = |key: &str| manifest[key].as_str().unwrap().to_owned();
        let (name, version) = (text("name"), text("version"));
        let archive = files
            .iter()
            .fold(Artifact::new(&name, &version), |archive, (path, text)| {
                archive.program(&format!("package/{path}"), *text)
            })
            .file("package/package.json", manifest.to_string())
            .to_bytes();
        let path = format!("/{name}/-/{name}-{version}.tgz");
        let digest = Sha1::digest(&archive).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let mut record = manifest;
        record["dist"] = json!({"tarball": self.upstream.url(&path), "shasum": &digest});
        self.serve(&path, archive.clone());
        self.archives.insert(format!("{name}-{version}.tgz"), archive);
        let versions = self.packages.entry(name.clone()).or_default();
        versions.insert(version.clone(), record);
        let document = json!({
            "name": name, "dist-tags": {"latest": version}, "versions": versions,
            "time": {version: "2026-01-01T00:00:00.000Z"}
        });
        self.serve(&format!("/{name}"), document.to_string());
        digest
    }

    fn serve(&self, path: &str, content: impl Into<Vec<u8>>) {
        let page = Page::simple(content);
        self.upstream.serve(
            path,
            match &self.authorization {
                Some(authorization) => page.authorized_by(authorization),
                None => page,
            },
        );
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.upstream.url("/")
    }

    /// An archive of it, such as `greet-1.0.0.tgz`.
    pub(crate) fn archive(&self, name: &str) -> Vec<u8> {
        self.archives[name].clone()
    }

    /// How often an archive of the package was fetched.
    pub(crate) fn downloads(&self, name: &str) -> usize {
        let start = format!("/{name}/-/");
        self.upstream.requests().iter().filter(|asked| asked.path.starts_with(&start)).count()
    }
}

/// Makes a file, as bundlers do.
const TOOL: &str = "#!/usr/bin/env node
const fs = require('fs')
fs.mkdirSync('dist', { recursive: true })
fs.writeFileSync('dist/made.txt', process.env.NODE_ENV + '\\n')
";

/// Does what node-gyp does: it looks for the headers, and leaves files that differ each time.
const COMPILE: &str = "
const fs = require('fs')
const dir = process.env.npm_package_config_node_gyp_nodedir || process.env.npm_config_nodedir
const header = fs.readFileSync(dir + '/include/node/node_api.h', 'utf8')
fs.mkdirSync('build/Release/obj.target', { recursive: true })
fs.writeFileSync('build/Makefile', `# ${__dirname} ${Date.now()}\\n`)
fs.writeFileSync('build/config.gypi', `# ${Date.now()}\\n`)
fs.writeFileSync('build/Release/obj.target/a.o', String(process.hrtime()))
fs.writeFileSync('build/Release/native.node', `compiled with ${header.length > 1000}`)
";

const NATIVE: &str = "
const fs = require('fs')
module.exports = () => fs.readFileSync(__dirname + '/build/Release/native.node', 'utf8')
";
