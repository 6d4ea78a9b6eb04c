//! Real package managers, of the runtimes that `cargo xtask mirror` makes, with a registry that the
//! test serves.
//!
//! `cargo xtask test unit` runs them as a step of their own: each unpacks Node.js several times.

mod nightly;
mod registry;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use insta::assert_snapshot;
use kouti_testing::upstream::{Authority, Upstream};
use kouti_testing::{Artifact, Built, Case, Failed};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::registry::Registry;
use crate::support::empty;

/// A package manager, with what an app says to get it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manager {
    Npm,
    YarnClassic,
    YarnModules,
    YarnPlugAndPlay,
    Pnpm(&'static str),
}
use Manager::{Npm, Pnpm, YarnClassic, YarnModules, YarnPlugAndPlay};

const ALL: [Manager; 6] =
    [Npm, YarnClassic, YarnModules, YarnPlugAndPlay, Pnpm("10.34.9"), Pnpm("11.28.11")];

const NODE: &str = "24.21.0";

fn mirror() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/mirror")
}

/// The records of the local catalogue.
fn records() -> Vec<toml::Table> {
    let path = mirror().join("catalog.toml");
    let text = fs_err::read_to_string(path).expect("first run `cargo xtask mirror --only node`");
    let catalogue: toml::Table = text.parse().unwrap();
    let records = catalogue["dependencies"].as_array().unwrap().iter();
    records.map(|record| record.as_table().unwrap().clone()).collect()
}

fn text<'a>(record: &'a toml::Table, key: &str) -> &'a str {
    record.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

fn archive(record: &toml::Table) -> PathBuf {
    let file = text(record, "uri").rsplit('/').next().unwrap_or_default();
    mirror().join("archives").join(file)
}

/// A case with a package manager and one Node.js, which asks this registry.
fn case(registry: &Registry, manager: Manager) -> Case {
    let needed = manager.artifact();
    let wanted = |record: &toml::Table| {
        let is = |(id, version): (&str, &str)| {
            text(record, "id") == id && text(record, "version").starts_with(version)
        };
        is(("node", NODE)) || is(needed)
    };
    let found = records().into_iter().filter(wanted);
    let case = found.fold(empty(), |case, record| case.artifact(real(&record)));
    surroundings(registry).into_iter().fold(case, |case, (name, value)| case.env(name, value))
}

/// A case with the Node.js of one line.
fn case_of_line(line: &str) -> Case {
    let of_line = |record: &toml::Table| {
        text(record, "id") == "node" && text(record, "version").starts_with(&format!("{line}."))
    };
    let nodes = records().into_iter().filter(of_line);
    nodes.fold(empty().env("BP_NODE_VERSION", line), |case, record| case.artifact(real(&record)))
}

/// The artifact of a record.
fn real(record: &toml::Table) -> Artifact {
    let artifact = Artifact::new(text(record, "id"), text(record, "version"))
        .bytes(fs_err::read(archive(record)).unwrap());
    let rest = record.iter().filter(|(key, _)| *key != "checksum");
    rest.fold(artifact, |artifact, (key, value)| artifact.with(key, value.clone()))
}

/// Where package managers find the registry.
fn surroundings(registry: &Registry) -> [(&'static str, String); 6] {
    [
        ("npm_config_registry", registry.url()),
        // From 11 on, pnpm has variables of its own.
        ("pnpm_config_registry", registry.url()),
        ("npm_config_fetch_retries", "0".to_owned()),
        ("YARN_REGISTRY", registry.url()),
        ("YARN_NPM_REGISTRY_SERVER", registry.url()),
        ("YARN_UNSAFE_HTTP_WHITELIST", "127.0.0.1".to_owned()),
    ]
}

/// Node.js and the package managers, unpacked for writing lockfiles.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<TempDir> = OnceLock::new();
    let dir = TOOLS.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        for record in records() {
            let (id, version) = (text(&record, "id"), text(&record, "version"));
            let to = dir.path().join(format!("{id}-{version}"));
            let is_wanted = id == "node" && version == NODE || ["yarn", "pnpm"].contains(&id);
            if id == "berry" {
                fs_err::copy(archive(&record), dir.path().join("berry.js")).unwrap();
            } else if is_wanted {
                fs_err::create_dir(&to).unwrap();
                let strip =
                    if id == "node" { "--strip-components=0" } else { "--strip-components=1" };
                let mut tar = Command::new("tar");
                tar.arg("-xzf").arg(archive(&record)).arg("-C").arg(&to).arg(strip);
                assert!(tar.status().unwrap().success());
            }
        }
        dir
    });
    dir.path()
}

impl Manager {
    /// Its id in the catalogue, and the beginning of its version.
    fn artifact(self) -> (&'static str, &'static str) {
        match self {
            Npm => ("npm", "12."),
            YarnClassic => ("yarn", "1."),
            YarnModules | YarnPlugAndPlay => ("berry", "4."),
            Pnpm(version) => ("pnpm", version),
        }
    }

    /// Files with which an app asks for it.
    fn files(self) -> Vec<(&'static str, String)> {
        match self {
            YarnModules => vec![(".yarnrc.yml", "nodeLinker: node-modules\n".to_owned())],
            YarnPlugAndPlay => vec![(".yarnrc.yml", "nodeLinker: pnp\n".to_owned())],
            Npm | YarnClassic | Pnpm(_) => Vec::new(),
        }
    }

    fn lockfile(self) -> &'static str {
        match self {
            Npm => "package-lock.json",
            YarnClassic | YarnModules | YarnPlugAndPlay => "yarn.lock",
            Pnpm(_) => "pnpm-lock.yaml",
        }
    }

    /// What writes a lockfile.
    fn locks(self) -> Vec<String> {
        let words: &[&str] = match self {
            Npm => &["npm", "install", "--package-lock-only", "--ignore-scripts"],
            YarnClassic => &["node", "yarn-1.22.22/bin/yarn.js", "install", "--ignore-scripts"],
            YarnModules | YarnPlugAndPlay => &["node", "berry.js", "install", "--mode=skip-build"],
            Pnpm(version) => {
                let bin = if version.starts_with("11") { "pnpm.mjs" } else { "pnpm.cjs" };
                let program = format!("pnpm-{version}/bin/{bin}");
                return ["node", &program, "install", "--lockfile-only"].map(str::to_owned).into();
            }
        };
        words.iter().map(ToString::to_string).collect()
    }

    /// The lockfile that belongs to these files.
    fn lock(self, registry: &Registry, files: &[(&str, String)]) -> String {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join("app").join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let words = self.locks();
        let node = tools().join(format!("node-{NODE}/bin"));
        let mut command = Command::new(node.join(&words[0]));
        for word in &words[1..] {
            let is_program = word.ends_with("js");
            command.arg(if is_program { tools().join(word) } else { PathBuf::from(word) });
        }
        command
            .current_dir(dir.path().join("app"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", node.display()))
            .env("HOME", dir.path())
            .env("YARN_IGNORE_PATH", "1")
            .env("SKIP_YARN_COREPACK_CHECK", "1")
            .env("npm_config_manage_package_manager_versions", "false")
            .env("pnpm_config_pm_on_fail", "ignore")
            .envs(surroundings(registry));
        let output = command.output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(output.status.success(), "{self:?}: {printed}");
        fs_err::read_to_string(dir.path().join("app").join(self.lockfile())).unwrap()
    }

    /// The case with these files and the lockfile that belongs to them.
    fn app(self, registry: &Registry, files: &[(&'static str, String)]) -> Case {
        let files = [files, &self.files()].concat();
        let case = case(registry, self).file(self.lockfile(), self.lock(registry, &files));
        files.iter().fold(case, |case, (path, text)| case.file(path, text.clone()))
    }

    /// `packageManager` of an app that names its version.
    fn pin(self) -> Value {
        match self {
            Pnpm(version) => format!("pnpm@{version}").into(),
            _ => Value::Null,
        }
    }
}

/// An app with one package for production, and one that makes it.
fn shop(manager: Manager) -> Vec<(&'static str, String)> {
    let mut package = json!({
        "name": "shop", "version": "1.0.0", "private": true,
        "scripts": {"build": "tool", "start": "node server.js"},
        "dependencies": {"greet": "^1.0.0"},
        "devDependencies": {"tool": "^1.0.0"}
    });
    if manager.pin().is_string() {
        package["packageManager"] = manager.pin();
    }
    let server = "console.log(require('greet')(process.env.npm_package_name))\n";
    vec![("package.json", package.to_string()), ("server.js", server.to_owned())]
}

/// What the app prints when it starts.
fn prints(build: &Built) -> String {
    let ended = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    ended.log
}

/// Paths in the app that have `name` in them.
fn named(build: &Built, name: &str) -> Vec<String> {
    fn walk(dir: &Path, name: &str, found: &mut Vec<String>) {
        for entry in fs_err::read_dir(dir).unwrap().map(Result::unwrap) {
            let file = entry.file_name().to_string_lossy().into_owned();
            if file == name
                || file.starts_with(&format!("{name}-npm-"))
                || file.starts_with(&format!("{name}@"))
            {
                found.push(entry.path().display().to_string());
            }
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), name, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(&build.app_path(""), name, &mut found);
    found
}

/// The same lockfile gives the same bytes, with nothing that only builds need.
fn same_bytes(manager: Manager) {
    let registry = Registry::start();
    let files = shop(manager);
    let case = manager.app(&registry, &files);
    let build = case.build();
    assert_eq!(build.app_file("dist/made.txt"), "production\n");
    assert_eq!(prints(&build), "hello shop hello shop\n");
    assert_eq!(named(&build, "tool"), [""; 0]);
    assert!(!named(&build, "greet").is_empty());
    let launch = build.sbom("kouti_nodejs/sbom.cdx.json");
    for package in ["greet@1.0.0", "times@2.1.0"] {
        assert!(launch.contains(&format!("pkg:npm/{package}")), "{package}: {launch}");
    }
    assert!(!launch.contains("pkg:npm/tool"), "{launch}");
    let digest = build.image_digest();

    let fetched = registry.downloads("greet");
    let again = build.rebuild();
    assert!(again.log().contains("Reusing node_modules"), "{}", again.log());
    assert_eq!(registry.downloads("greet"), fetched, "{}", again.log());
    assert_eq!(again.image_digest(), digest, "{}", again.log());
    assert_eq!(prints(&again), "hello shop hello shop\n");

    // Everything anew, as on another machine.
    let other = again.rebuild_with(|case| case.without_cache().without_image());
    assert_eq!(other.image_digest(), digest, "{}", other.log());
}

#[test]
#[ignore = "real package managers"]
fn npm_makes_the_same_of_the_same_lockfile() {
    same_bytes(Npm);
}

#[test]
#[ignore = "real package managers"]
fn yarn_classic_makes_the_same_of_the_same_lockfile() {
    same_bytes(YarnClassic);
}

#[test]
#[ignore = "real package managers"]
fn pnpm_makes_the_same_of_the_same_lockfile() {
    same_bytes(Pnpm("10.34.9"));
}

#[test]
#[ignore = "real package managers"]
fn npm_12_refuses_nothing_that_it_is_told() {
    let registry = Registry::start();
    let build = Npm.app(&registry, &shop(Npm)).env("BP_NPM_VERSION", "12").build();
    assert!(build.log().contains("Installing npm 12."), "{}", build.log());
    assert_eq!(prints(&build), "hello shop hello shop\n");
}

#[test]
#[ignore = "real package managers"]
fn npm_itself_says_what_its_ranges_mean() {
    let node = tools().join(format!("node-{NODE}"));
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/version/tests/tables/npm.js");
    let output = Command::new(node.join("bin/node"))
        .arg(script)
        .env_clear()
        .env("NODE_PATH", node.join("lib/node_modules/npm/node_modules"))
        .output()
        .unwrap();
    let table = include_str!("../../../shared/version/tests/tables/npm.txt");
    let found = String::from_utf8(output.stdout).unwrap();
    let different = table.lines().zip(found.lines()).find(|(known, found)| known != found);
    assert_eq!(different, None, "{}", String::from_utf8_lossy(&output.stderr));
    let versions = table.lines().next().unwrap().split(' ').count();
    assert!(versions * (found.lines().count() - 1) >= 5_000);
    assert_eq!(found.lines().count(), table.lines().count());
}

/// An app that wants a pnpm which no catalogue has.
fn wanting(registry: &Registry, pin: &str) -> Case {
    let package = json!({
        "name": "shop", "version": "1.0.0", "packageManager": pin,
        "scripts": {"start": "node server.js"}, "dependencies": {"greet": "^1.0.0"}
    });
    case(registry, Npm)
        .file("package.json", package.to_string())
        .file("pnpm-lock.yaml", "lockfileVersion: '9.0'\n")
        .file("server.js", "console.log(require('greet'))\n")
}

/// Stands for pnpm: it installs what the app needs.
const PNPM: &str = "#!/usr/bin/env node
const fs = require('fs')
fs.mkdirSync('node_modules/greet', { recursive: true })
fs.writeFileSync('node_modules/greet/index.js', 'module.exports = \"of pnpm 9\"')
";

#[test]
#[ignore = "real package managers"]
fn a_version_that_only_the_registry_has_comes_from_there_once() {
    let mut registry = Registry::start();
    let sha1 =
        registry.publish(json!({"name": "pnpm", "version": "9.15.9"}), &[("bin/pnpm.cjs", PNPM)]);
    let build = wanting(&registry, &format!("pnpm@9.15.9+sha1.{sha1}")).build();
    let choice = "Choosing pnpm 9.15.9: package.json (packageManager)";
    assert!(build.log().contains(choice), "{}", build.log());
    assert_eq!(prints(&build), "of pnpm 9\n");
    assert!(build.layer("pnpm").has("bin/pnpm"));
    assert_eq!(registry.downloads("pnpm"), 1);
    let again = build.rebuild();
    assert_eq!(again.image_digest(), build.image_digest());
    // It is kept through a build that has no use for it.
    let lockfile = "lockfileVersion: '9.0'\n# changed\n";
    let changed = again.rebuild_with(|case| case.file("pnpm-lock.yaml", lockfile));
    assert!(changed.log().contains("Running pnpm install"), "{}", changed.log());
    assert_eq!(registry.downloads("pnpm"), 1);
    assert!(!changed.log().contains("npm pack"), "{}", changed.log());

    // What is kept from an earlier build has to be the right one too.
    let wrong = format!("pnpm@9.15.9+sha1.{}", "0".repeat(40));
    let is_refused = |failed: &Failed| {
        let error = failed.error();
        assert!(error.starts_with("error[package-manager-changed]"), "{error}");
        assert!(error.contains(&sha1), "{error}");
    };
    is_refused(&wanting(&registry, &wrong).fails());
    is_refused(&changed.rebuild_fails(|case| {
        case.json("package.json", move |package| package["packageManager"] = wrong.clone().into())
    }));
}

#[test]
#[ignore = "real package managers"]
fn a_version_that_nobody_has_is_named() {
    let mut registry = Registry::start();
    let wanting = |registry: &Registry| {
        let known = Artifact::new("pnpm", "10.34.9").with("bin", "bin/pnpm.cjs");
        wanting(registry, "pnpm@9.15.9").artifact(known).fails().error()
    };
    assert_snapshot!(wanting(&registry), @"
    error[package-not-found]: the registry has no package `pnpm@9.15.9`
      caused by: `npm pack pnpm@9.15.9 --ignore-scripts --loglevel=error` ended with exit code 1

    hint: check its name and version in package.json
    hint: if it is private, .npmrc must name the registry of its scope; a binding of type `npmrc` can hold it
    hint: ask for one that this buildpack knows: 10.34.9
    ");
    registry.publish(json!({"name": "pnpm", "version": "9.0.0"}), &[("bin/pnpm.cjs", PNPM)]);
    assert_snapshot!(wanting(&registry), @"
    error[package-version-not-found]: no version of a package fits `pnpm@9.15.9`
      caused by: `npm pack pnpm@9.15.9 --ignore-scripts --loglevel=error` ended with exit code 1

    hint: change the version in package.json, then run `pnpm install` and commit
    hint: ask for one that this buildpack knows: 10.34.9
    ");
}

#[test]
#[ignore = "real package managers"]
fn downloads_of_npm_that_came_with_the_app_need_no_network() {
    let registry = Registry::start();
    let case = Npm.app(&registry, &shop(Npm));
    let filled = case.build();
    let copy = tempfile::tempdir().unwrap();
    let mut copies = Command::new("cp");
    copies.arg("-a").arg(filled.layer("npm-cache").dir()).arg(copy.path());
    assert!(copies.status().unwrap().success());
    drop(registry);
    let case = case.env("npm_config_fetch_timeout", "1000");
    let alone = case.clone().fails();
    assert!(alone.error().starts_with("error[registry-unreachable]"), "{}", alone.error());
    let build = case.app_dir(copy.path()).build();
    assert!(build.log().contains("Running npm ci"), "{}", build.log());
    assert_eq!(prints(&build), "hello shop hello shop\n");
    assert!(!build.app_path("npm-cache").exists());
}

/// What lets this package manager run the script of a package.
fn allowing(manager: Manager, files: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let mut files = files;
    let mut package: Value = serde_json::from_str(&files[0].1).unwrap();
    package["dependencies"]["native"] = "1.0.0".into();
    match manager {
        Pnpm(version) if version.starts_with("11") => {
            files.push(("pnpm-workspace.yaml", "allowBuilds:\n  native: true\n".to_owned()));
        }
        Pnpm(_) => package["pnpm"]["onlyBuiltDependencies"] = json!(["native"]),
        YarnModules | YarnPlugAndPlay => {
            package["dependenciesMeta"]["native"]["built"] = true.into();
        }
        Npm | YarnClassic => {}
    }
    files[0].1 = package.to_string();
    files[1].1 = "console.log(require('native')())\n".to_owned();
    files
}

/// A workspace in which `web` needs `lib`, and only builds need `tool`.
fn workspace(manager: Manager) -> Vec<(&'static str, String)> {
    let protocol = if matches!(manager, Npm | YarnClassic) { "1.0.0" } else { "workspace:*" };
    let mut root = json!({
        "name": "all", "version": "1.0.0", "private": true, "workspaces": ["packages/*"],
        "devDependencies": {"turbo": "^2.0.0"}
    });
    if manager.pin().is_string() {
        root["packageManager"] = manager.pin();
    }
    let web = json!({
        "name": "web", "version": "1.0.0",
        "scripts": {"build": "tool && mkdir -p ../../node_modules/.prisma", "start": "node server.js"},
        "dependencies": {"lib": protocol}, "devDependencies": {"tool": "^1.0.0"}
    });
    let lib = json!({"name": "lib", "version": "1.0.0", "dependencies": {"greet": "^1.0.0"}});
    let mut files = vec![
        ("package.json", root.to_string()),
        ("packages/web/package.json", web.to_string()),
        ("packages/web/server.js", "console.log(require('lib'))\n".to_owned()),
        ("packages/lib/package.json", lib.to_string()),
        ("packages/lib/index.js", "module.exports = require('greet')('lib')\n".to_owned()),
    ];
    if matches!(manager, Pnpm(_)) {
        files.push(("pnpm-workspace.yaml", "packages:\n  - packages/*\n".to_owned()));
    }
    files
}
