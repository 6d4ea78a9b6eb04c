//! Build caches of frameworks: restored for scripts, and never in the image.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{express, node_with};

/// An app whose build counts in its caches how often it has run.
fn counting() -> Case {
    express().artifact(node_with("24.19.0", Tool::script(NPM)))
}

const NPM: &str = r#"
[ "$1" = ci ] && rm -rf node_modules && mkdir -p node_modules/express
[ "$1" = run ] || exit 0
for cache in node_modules/.cache/babel .next/cache .turbo made; do
    mkdir -p $cache
    echo run >>$cache/count
    echo "$cache: $(wc -l <$cache/count)"
done
"#;

#[test]
fn scripts_find_what_the_last_build_has_left() {
    let build = counting().env("BP_NODE_CACHE_DIRS", "made").build();
    assert!(build.log().contains(".next/cache: 1"), "{}", build.log());
    let again = build.rebuild();
    assert_snapshot!(again.log(), @"
    Kouti Node.js [version]
      Settings
        BP_NODE_CACHE_DIRS   made
      Choosing Node.js
        default   24.x   <- used
        24.19.0 chosen (newest that fits; supported until 2028-04-30)
      Reusing node_modules
      Installing Node.js 24.19.0 for the build
        795 B from the buildpack in [time], sha256 ok
      Restoring caches of the build
      Running npm run build
          node_modules/.cache/babel: 2
          .next/cache: 2
          .turbo: 2
          made: 2
      Reusing Node.js 24.19.0
      Reusing launch helper
      Processes
        web (default)   node-launch start -- node server.js
      Done in [time]
    ");
    // What only speeds builds up is not in the image, so that it does not change either.
    assert!(!again.app_path(".turbo").exists());
    assert_eq!(again.app_file("made/count"), "run\nrun\n");
}

#[test]
fn caches_in_the_package_json_count_too() {
    let case = counting().json("package.json", |package| {
        package["cacheDirectories"] = ["made"].into();
    });
    assert!(case.build().rebuild().log().contains("made: 2"));
}

#[test]
fn another_major_version_starts_anew() {
    let build = counting().artifact(node_with("22.24.0", Tool::script(NPM))).build();
    let other = build.rebuild_with(|case| case.env("BP_NODE_VERSION", "22"));
    assert!(other.log().contains(".turbo: 1"), "{}", other.log());
    assert!(other.log().contains("Emptying framework cache"), "{}", other.log());
}

#[test]
fn the_app_writes_where_anybody_can() {
    let build = counting().build();
    let link = |path: &str| fs_err::read_link(build.app_path(path)).unwrap().display().to_string();
    assert_eq!(link("node_modules/.cache"), "/tmp/node_modules_cache");
    assert_eq!(link(".next/cache"), "/tmp/next_cache");
    let env = build.launch_env("web");
    assert_eq!(env["KOUTI_NODE_CACHES"], "/tmp/next_cache:/tmp/node_modules_cache");
    // The targets are made before the app starts.
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache").display().to_string();
    build.launch("web").env("KOUTI_NODE_CACHES", &cache).prepare().unwrap();
    assert!(dir.path().join("cache").is_dir());
}

#[test]
fn the_cache_of_node_modules_stays_if_it_should() {
    let build = counting().env("BP_KEEP_NODE_BUILD_CACHE", "true").build();
    assert_eq!(build.app_file("node_modules/.cache/babel/count"), "run\n");
    assert_eq!(build.launch_env("web")["KOUTI_NODE_CACHES"], "/tmp/next_cache");
}

#[test]
fn what_nobody_runs_can_be_left_out_of_packages() {
    let npm = "[ \"$1\" = ci ] && mkdir -p node_modules/a && cd node_modules/a && \
               touch package.json index.js README.md LICENSE; true";
    let case = express().artifact(node_with("24.19.0", Tool::script(npm)));
    let build = case.clone().env("BP_NODE_STRIP", "true").build();
    assert!(!build.app_path("node_modules/a/README.md").exists());
    assert!(build.app_path("node_modules/a/LICENSE").exists());
    assert!(case.build().app_path("node_modules/a/README.md").exists());
}

#[test]
fn compiled_code_is_kept_by_versions_that_can() {
    let case = express().env("BP_NODE_COMPILE_CACHE", "true");
    let env = case.clone().build().launch_env("web");
    assert_eq!(env["NODE_COMPILE_CACHE"], "/tmp/node_compile_cache");
    let old = case.artifact(node_with("20.20.2", Tool::succeeds())).env("BP_NODE_VERSION", "20");
    let log = old.build().log();
    assert!(log.contains("warning: Node.js 20.20.2 keeps no compiled code"), "{log}");
}
