//! Packages, caches and stores that come with the app.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{bare, express, node_with};

/// Compiles one module when it is told to rebuild, and counts how often.
const REBUILDS: &str = r#"
case "$1" in
ls) test -d node_modules/express || { echo "npm error missing: express@5.1.0, required by shop"; echo "npm error code ELSPROBLEMS"; exit 1; } ;;
rebuild) mkdir -p node_modules/native/build/Release && echo made >node_modules/native/build/Release/a.node ;;
esac
"#;

fn vendored() -> Case {
    express()
        .artifact(node_with("24.19.0", Tool::script(REBUILDS)))
        .file("node_modules/express/package.json", "{}")
        .file("node_modules/native/package.json", "{}")
        .env("BP_NODE_RUN_SCRIPTS", "")
}

#[test]
fn modules_that_came_with_the_app_are_compiled_once() {
    let build = vendored().build();
    assert!(build.commands().contains(&"npm rebuild".to_owned()));
    let again = build.rebuild();
    assert_eq!(again.commands(), [""; 0], "{}", again.log());
    assert!(again.app_path("node_modules/native/build/Release/a.node").is_file());
    assert_eq!(again.image_digest(), build.image_digest());
    let changed = build.rebuild_with(|case| case.file("node_modules/express/index.js", "1"));
    assert!(changed.commands().contains(&"npm rebuild".to_owned()));
    assert!(changed.log().contains("node_modules changed"), "{}", changed.log());
    let other = changed.rebuild_with(|case| case.env("NODE_MODULES_CACHE", "false"));
    assert!(other.commands().contains(&"npm rebuild".to_owned()));
}

#[test]
fn a_package_that_is_missing_is_named() {
    let failed = vendored().without("node_modules/express").fails();
    assert_snapshot!(failed.error(), @"
    error[vendored-modules-incomplete]: node_modules came with the app and does not fit package.json: `express@5.1.0`
      caused by: `npm ls --all --omit=dev` ended with exit code 1

    hint: run `npm install` and add node_modules again
    hint: or let packages be installed: leave node_modules out, or set BP_NODE_VENDORED=false
    ");
}

#[test]
fn whether_modules_count_is_up_to_the_user() {
    let build = vendored().env("BP_NODE_VENDORED", "false").build();
    assert_eq!(build.commands(), ["npm ci --omit=dev"]);
    let empty = express().dir("node_modules/.cache").env("BP_NODE_RUN_SCRIPTS", "").build();
    assert_eq!(empty.commands(), ["npm ci --omit=dev"]);
}

#[test]
fn a_cache_of_npm_serves_an_install_without_network() {
    let case = express().file("npm-cache/_cacache/index", "x").env("BP_NODE_OFFLINE", "true");
    let build = case.clone().build();
    let install = build.calls("npm")[0];
    assert_eq!(install.env["npm_config_cache"], "<app>/npm-cache");
    assert_eq!(install.env["npm_config_offline"], "true");
    assert!(!build.app_path("npm-cache").exists());
    // With modules beside it, the lockfile knows better what belongs together.
    let both = case.file("node_modules/express/package.json", "{}").build();
    assert_eq!(both.commands()[0], "npm ci --include=dev");
}

#[test]
fn a_shrinkwrap_is_a_lockfile() {
    let build = express()
        .without("package-lock.json")
        .file("npm-shrinkwrap.json", "{\"lockfileVersion\": 3}")
        .build();
    assert_eq!(build.commands()[0], "npm ci --include=dev");
    assert!(!build.log().contains("warning"), "{}", build.log());
}

#[test]
fn an_app_without_dependencies_is_installed_like_any_other() {
    let npm = Tool::script("true");
    let build = bare()
        .artifact(node_with("24.19.0", npm))
        .file("package.json", r#"{"scripts": {"start": "node server.js"}}"#)
        .file("package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#)
        .file("server.js", "")
        .build();
    assert_eq!(build.commands(), ["npm ci --omit=dev"]);
    assert!(!build.app_path("node_modules/express").exists());
    let again = build.rebuild();
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn headers_are_there_for_who_compiles() {
    let locked = |packages: &str| {
        let lock = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
        express().file("package-lock.json", lock)
    };
    let has_headers = |case: &Case| case.build().layer("node-build").has("include/node/node.h");
    let plain = locked(r#""node_modules/ms": {"version": "2.1.3"}"#);
    assert!(!has_headers(&plain));
    assert!(has_headers(&plain.clone().file("binding.gyp", "{}")));
    assert!(has_headers(&plain.requires("node", "build = true")));
    assert!(has_headers(&locked(r#""node_modules/bcrypt": {"hasInstallScript": true}"#)));
    assert!(has_headers(&locked(r#""node_modules/node-gyp": {"version": "11.0.0"}"#)));
    // Older lockfiles do not tell.
    assert!(has_headers(&express().file("package-lock.json", "{\"lockfileVersion\": 1}")));
}

#[test]
fn an_app_that_is_compiled_itself_is_so_in_every_build() {
    let npm = "[ \"$1\" = ci ] && mkdir -p build/Release node_modules/a && cd build && \
               date +%N >Makefile && date +%N >config.gypi && echo made >Release/a.node; true";
    let case = express()
        .artifact(node_with("24.19.0", Tool::script(npm)))
        .file("binding.gyp", "{}")
        .env("BP_NODE_RUN_SCRIPTS", "");
    let build = case.build();
    assert!(!build.app_path("build/Makefile").exists());
    let again = build.rebuild();
    assert_eq!(again.commands()[0], "npm ci --include=dev");
    assert_eq!(again.app_file("build/Release/a.node"), "made\n");
    assert_eq!(again.image_digest(), build.image_digest());
}
