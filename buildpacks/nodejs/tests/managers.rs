//! Yarn and pnpm: what they are told to do, and what they leave.

mod choice;

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Tool};

use crate::support::bare;

/// Installs what npm would in these tests, as directories without a record, and notes how it
/// was called.
const MANAGER: &str = r#"
modules() {
    rm -rf node_modules
    mkdir -p node_modules/express
    echo '{"name": "express", "version": "5.1.0", "license": "MIT"}' >node_modules/express/package.json
    case "$0" in *pnpm) date +%N >node_modules/.modules.yaml ;; esac
    if [ "$1" = dev ]; then
        mkdir -p node_modules/bundler
        echo '{"name": "bundler", "version": "1.0.0"}' >node_modules/bundler/package.json
    fi
}
case "$*" in
*--production=true* | *--prod | *"--prod "* | *focus*) modules ;;
install*) modules dev ;;
"run build") mkdir -p dist && echo bundle >dist/bundle.js ;;
esac
"#;

const PACKAGE: &str = r#"{
  "name": "shop",
  "version": "1.2.3",
  "scripts": { "build": "bundle", "start": "node server.js" },
  "dependencies": { "express": "^5.1.0" },
  "devDependencies": { "bundler": "^1.0.0" }
}
"#;

fn manager(id: &str, version: &str, bin: &str, node: &str) -> Artifact {
    let name = if id == "pnpm" { "pnpm" } else { "Yarn" };
    Artifact::new(id, version)
        .with("name", name)
        .with("bin", bin)
        .with("node", node)
        .tool(bin, Tool::script(MANAGER))
}

/// An app without a lockfile, and every package manager to choose from.
fn shop() -> Case {
    bare()
        .file("package.json", PACKAGE)
        .file("server.js", "")
        .artifact(manager("yarn", "1.22.22", "bin/yarn.js", ">=4"))
        .artifact(manager("berry", "4.18.1", "bin/yarn.js", ">=18.12"))
        .artifact(manager("berry", "3.8.7", "bin/yarn.js", ">=12"))
        .artifact(manager("berry", "2.4.3", "bin/yarn.js", ">=10"))
        .artifact(manager("pnpm", "6.35.1", "bin/pnpm.cjs", ">=12.17"))
        .artifact(manager("pnpm", "7.33.7", "bin/pnpm.cjs", ">=14.6"))
        .artifact(manager("pnpm", "8.15.9", "bin/pnpm.cjs", ">=16.14"))
        .artifact(manager("pnpm", "10.34.9", "bin/pnpm.cjs", ">=18.12"))
        .artifact(manager("pnpm", "11.28.11", "bin/pnpm.mjs", ">=22.13"))
}

const CLASSIC: (&str, &str) =
    ("yarn.lock", "# yarn lockfile v1\n\nexpress@^5.1.0:\n  version \"5.1.0\"\n");
const BERRY: (&str, &str) = ("yarn.lock", "__metadata:\n  version: 8\n  cacheKey: 10c0\n");
const PNPM: (&str, &str) = ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
const MODULES: (&str, &str) = (".yarnrc.yml", "nodeLinker: node-modules\n");

fn with(case: Case, files: &[(&str, &str)]) -> Case {
    files.iter().fold(case, |case, (path, content)| case.file(path, *content))
}

#[test]
fn yarn_classic_installs_builds_and_removes_what_only_builds_need() {
    let build = with(shop(), &[CLASSIC]).build();
    assert_snapshot!(build.log(), @"
    Kouti Node.js [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits; supported until 2028-04-30)
      Choosing Yarn
        yarn.lock   1.x   <- used
        1.22.22 chosen (newest that fits)
      Installing Node.js 24.18.1 for the build
        1.0 kB from the buildpack in [time], sha256 ok
      Installing Yarn 1.22.22 for the build
        662 B from the buildpack in [time], sha256 ok
      Installing node_modules
      Running yarn install --ignore-engines --production=false --frozen-lockfile
      Running yarn run build
      Running yarn install --ignore-engines --production=true --ignore-scripts --frozen-lockfile --prefer-offline
      Installing Node.js 24.18.1
      Installing Yarn 1.22.22
      Installing launch helper
      Processes
        web (default)   node-launch start -- node server.js
      Done in [time]
    ");
    assert!(build.app_path("node_modules/express").is_dir());
    assert!(!build.app_path("node_modules/bundler").exists());
    let launch = build.sbom("kouti_nodejs/sbom.cdx.json");
    assert!(launch.contains("pkg:npm/express@5.1.0") && !launch.contains("bundler"), "{launch}");
}

#[test]
fn yarn_berry_keeps_to_its_lockfile() {
    let build = with(shop(), &[BERRY, MODULES]).build();
    assert_snapshot!(build.commands().join("\n"), @"
    yarn install --immutable --inline-builds
    yarn run build
    yarn workspaces focus --all --production
    ");
    let call = &build.calls("yarn")[0];
    assert_eq!(call.env["YARN_ENABLE_GLOBAL_CACHE"], "true");
    assert_eq!(call.env["YARN_IGNORE_PATH"], "1");
}

#[test]
fn the_package_json_stays_as_the_app_brought_it() {
    // Yarn writes the file in a form of its own, but only where it installs.
    let script = format!("case \"$1\" in install) echo '{{}}' >package.json ;; esac\n{MANAGER}");
    let yarn = Artifact::new("berry", "4.18.1").with("name", "Yarn").with("bin", "bin/yarn.js");
    let yarn = yarn.tool("bin/yarn.js", Tool::script(script));
    let case = with(bare().file("server.js", ""), &[BERRY, MODULES, ("package.json", PACKAGE)]);
    let build = case.artifact(yarn).build();
    assert_eq!(build.commands()[0], "yarn install --immutable --inline-builds");
    assert_eq!(build.app_file("package.json"), PACKAGE);
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn without_node_modules_archives_stay_in_the_app() {
    let build = with(shop(), &[BERRY]).build();
    let call = &build.calls("yarn")[0];
    assert_eq!(call.env["YARN_CACHE_FOLDER"], "./.yarn/cache");
    assert!(build.launch_env("web")["NODE_OPTIONS"].contains("--require <app>/.pnp.cjs"));
    assert_eq!(build.processes(), "web (default): node-launch start -- node server.js\n");
}

#[test]
fn pnpm_installs_exactly_what_is_locked() {
    let build = with(shop(), &[PNPM]).build();
    assert_snapshot!(build.commands().join("\n"), @"
    pnpm install --frozen-lockfile --prod=false --prefer-offline
    pnpm run build
    pnpm prune --prod --ignore-scripts
    ");
    let call = &build.calls("pnpm")[0];
    assert_eq!(call.env["npm_config_manage_package_manager_versions"], "false");
    assert_eq!(call.env["npm_config_modules_cache_max_age"], "0", "what was pruned is gone");
    assert_eq!(call.env["npm_config_store_dir"], "<layers>/kouti_nodejs/pnpm-store");
    // A file with times in it would make every image another one.
    assert!(!build.app_path("node_modules/.modules.yaml").exists());
}

#[test]
fn an_unchanged_rebuild_takes_packages_over_and_gives_the_same_image() {
    for files in [&[CLASSIC][..], &[BERRY, MODULES], &[PNPM]] {
        let build = with(shop(), files).build();
        let again = build.rebuild();
        assert!(again.log().contains("Reusing node_modules"), "{}", again.log());
        assert_eq!(again.image_digest(), build.image_digest(), "{files:?}");
    }
}

#[test]
fn bound_settings_are_used_and_leave_no_trace() {
    let canary = "canary-7d1f";
    let npmrc = format!("registry=https://npm.example/\n//npm.example/:_authToken={canary}\n");
    let build =
        with(shop(), &[CLASSIC]).binding("npm", "npmrc", [(".npmrc", npmrc.as_str())]).build();
    let call = &build.calls("yarn")[0];
    assert!(call.env["NPM_CONFIG_GLOBALCONFIG"].ends_with("/.npmrc"));
    assert!(!build.log().contains(canary));
    let build = with(shop(), &[BERRY, MODULES])
        .binding("npm", "npmrc", [(".npmrc", npmrc.as_str())])
        .build();
    assert!(
        build.log().contains("Yarn 2 and later do not read the bound .npmrc"),
        "{}",
        build.log()
    );

    let wrong = with(shop(), &[CLASSIC]).binding("yarn", "yarnrc", [("yarnrc", "x")]).fails();
    assert_snapshot!(wrong.error(), @"
    error[missing-binding-entry]: the binding `yarn` has no entry `.yarnrc` or `.yarnrc.yml`

    hint: it has: `yarnrc`
    ");
    let two = with(shop(), &[CLASSIC])
        .binding("a", "npmrc", [(".npmrc", "")])
        .binding("b", "npmrc", [(".npmrc", "")])
        .fails();
    assert_snapshot!(two.error(), @"
    error[several-bindings]: there is more than one binding of type `npmrc`: a, b

    hint: keep one binding of type `npmrc` and remove the others
    ");
}

#[test]
fn packages_that_come_with_the_app_need_no_network() {
    let classic = with(shop(), &[CLASSIC]).file("npm-packages-offline-cache/express-5.1.0.tgz", "");
    let build = classic.build();
    assert!(build.commands()[0].contains("--offline"), "{:?}", build.commands());
    assert_eq!(
        build.calls("yarn")[0].env["YARN_YARN_OFFLINE_MIRROR"],
        "<app>/npm-packages-offline-cache"
    );
    assert!(!build.app_path("npm-packages-offline-cache").exists());

    let pnpm = with(shop(), &[PNPM]).file(".pnpm-store/v10/files/00", "");
    let build = pnpm.build();
    assert!(build.commands()[0].ends_with("--offline"), "{:?}", build.commands());
    assert!(!build.app_path(".pnpm-store").exists());

    let berry = with(shop(), &[BERRY]).file(".yarn/cache/express-npm-5.1.0.zip", "");
    assert!(berry.build().commands()[0].ends_with("--immutable-cache"));
}

#[test]
fn modules_of_another_system_are_not_used() {
    let foreign = "node_modules/@esbuild/darwin-arm64/package.json";
    let npm = with(shop(), &[("package-lock.json", "{\"lockfileVersion\": 3}"), (foreign, "{}")]);
    let build = npm.build();
    assert!(build.log().contains("was made on another system (@esbuild/darwin-arm64)"));
    assert_eq!(build.commands()[0], "npm ci --include=dev");
    let forced = npm.env("BP_NODE_VENDORED", "true").build();
    assert_eq!(forced.commands()[0], "npm ls --all --omit=dev");
}

#[test]
fn a_member_of_a_workspace_is_built_where_it_lies() {
    for (lock, extra, program) in [
        (CLASSIC, None, "yarn"),
        (PNPM, Some(("pnpm-workspace.yaml", "packages:\n  - apps/*\n")), "pnpm"),
        (("package-lock.json", "{\"lockfileVersion\": 3}"), None, "npm"),
    ] {
        let root = r#"{"private": true, "workspaces": ["apps/*"], "scripts": {"generate": "x"}}"#;
        let mut case = with(shop(), &[lock])
            .file("package.json", root)
            .file("apps/web/package.json", PACKAGE)
            .file("apps/web/server.js", "")
            .env("BP_NODE_PROJECT_PATH", "apps/web")
            .env("BP_NODE_ROOT_RUN_SCRIPTS", "generate");
        if let Some((path, content)) = extra {
            case = case.file(path, content);
        }
        let build = case.build();
        let at = |line: &str| {
            let calls = build.calls(program);
            let found = calls.into_iter().find(|call| call.args.join(" ").starts_with(line));
            found.map(|call| call.dir.clone())
        };
        let install = if program == "npm" { "ci" } else { "install" };
        assert_eq!(at(install).as_deref(), Some("<app>"), "{program}: {:?}", build.commands());
        assert_eq!(at("run generate").as_deref(), Some("<app>"), "{program}");
        assert_eq!(at("run build").as_deref(), Some("<app>/apps/web"), "{program}");
        assert!(build.processes().contains("apps/web"), "{program}: {}", build.processes());
    }
}

#[test]
fn only_a_plugin_lets_older_yarn_remove_what_only_builds_need() {
    for (metadata, version) in [(4, "Yarn 2.4.3"), (6, "Yarn 3.8.7")] {
        let case = shop()
            .file("yarn.lock", format!("__metadata:\n  version: {metadata}\n"))
            .file(".yarnrc.yml", "nodeLinker: node-modules\n");
        let build = case.clone().build();
        assert!(build.log().contains(&format!("Installing {version}")), "{}", build.log());
        assert_eq!(build.commands().len(), 2, "{:?}", build.commands());
        assert!(build.app_path("node_modules/bundler").exists());
        assert!(build.log().contains("the plugin `workspace-tools`"), "{}", build.log());
        let plugin = "nodeLinker: node-modules\nplugins:\n  \
                      - path: .yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs\n";
        let build = case.file(".yarnrc.yml", plugin).build();
        assert_eq!(build.commands()[2], "yarn workspaces focus --all --production");
        assert!(!build.app_path("node_modules/bundler").exists());
    }
}

#[test]
fn without_network_nobody_is_asked_for_anything() {
    let offline = |files: &[(&str, &str)]| with(shop(), files).env("BP_NODE_OFFLINE", "true");
    let commands = offline(&[CLASSIC]).build().commands();
    assert!(commands[0].ends_with("--offline") && commands[2].ends_with("--offline"));
    assert!(offline(&[PNPM]).build().commands()[0].ends_with("--offline"));
    let berry = offline(&[BERRY, MODULES]).build();
    assert_eq!(berry.calls("yarn")[0].env["YARN_ENABLE_NETWORK"], "false");
}

#[test]
fn a_store_of_pnpm_may_lie_anywhere_in_the_app() {
    let build = with(shop(), &[PNPM])
        .file("vendor/pnpm/v10/files/00", "")
        .env("BP_PNPM_STORE_DIR", "vendor/pnpm")
        .build();
    assert_eq!(build.calls("pnpm")[0].env["npm_config_store_dir"], "<app>/vendor/pnpm");
    assert!(build.commands()[0].ends_with("--offline"));
    assert!(!build.app_path("vendor/pnpm").exists());
}

#[test]
fn a_changed_lockfile_installs_again() {
    for (file, text) in [CLASSIC, PNPM] {
        let build = with(shop(), &[(file, text)]).build();
        let changed = build.rebuild_with(|case| case.file(file, format!("{text}# x\n")));
        assert!(changed.log().contains(&format!("{file} changed")), "{}", changed.log());
    }
}

#[test]
fn a_workspace_of_pnpm_is_pruned_by_installing_anew() {
    let root = r#"{"private": true, "devDependencies": {"bundler": "1"}}"#;
    let build = with(shop(), &[PNPM, ("pnpm-workspace.yaml", "packages:\n  - apps/*\n")])
        .file("package.json", root)
        .file("apps/web/package.json", PACKAGE)
        .env("BP_NODE_PROJECT_PATH", "apps/web")
        .build();
    let last = build.commands().pop();
    assert_eq!(last.as_deref(), Some("pnpm install --frozen-lockfile --prod --prefer-offline"));
    assert!(!build.app_path("node_modules/bundler").exists());
}

#[test]
fn scripts_that_pnpm_leaves_out_are_told() {
    let state = "mkdir -p node_modules && echo '{\"ignoredBuilds\": [\"esbuild@0.25.0\"]}' \
                 >node_modules/.modules.yaml; true";
    let pnpm = Artifact::new("pnpm", "10.99.0")
        .with("name", "pnpm")
        .with("bin", "bin/pnpm.cjs")
        .with("node", ">=18.12")
        .tool("bin/pnpm.cjs", Tool::script(state));
    let build = with(shop(), &[PNPM]).artifact(pnpm).build();
    let warning = "warning: pnpm 10.99.0 has not run the install scripts of esbuild@0.25.0";
    assert!(build.log().contains(warning), "{}", build.log());
    // What is taken over is as it was.
    assert!(build.rebuild().log().contains(warning));
}

#[test]
fn archives_that_came_with_the_app_are_not_pruned() {
    let build = with(shop(), &[BERRY]).file(".yarn/cache/express-npm-5.1.0.zip", "").build();
    assert_eq!(build.commands().len(), 2, "{:?}", build.commands());
    assert!(build.app_path(".yarn/cache/express-npm-5.1.0.zip").is_file());
}

#[test]
fn without_node_modules_yarn_finds_the_programs_of_packages() {
    let start = |script: &'static str| {
        with(shop(), &[BERRY])
            .json("package.json", move |package| package["scripts"]["start"] = script.into())
            .build()
    };
    let build = start("next start -p 8080");
    assert_eq!(build.processes(), "web (default): node-launch start -- yarn run start\n");
    assert!(!build.log().contains("nothing is called that"), "{}", build.log());
    let build = start("PORT=80 node server.js");
    assert!(build.processes().contains("--main PORT=80 node server.js"), "{}", build.processes());
    // An image without package managers keeps the one that is needed.
    let stripped = with(shop(), &[BERRY])
        .env("BP_NODE_STRIP_NPM", "true")
        .json("package.json", |package| package["scripts"]["start"] = "next start".into());
    let build = stripped.clone().build();
    assert!(build.layer("yarn").has("bin/yarn") && !build.layer("node").has("bin/npm"));
    let build = stripped.json("package.json", |p| p["scripts"]["start"] = "node .".into()).build();
    assert!(!build.layer("yarn").has("bin/yarn"));
    assert!(build.launch_env("web")["NODE_OPTIONS"].contains(".pnp.cjs"));
}
