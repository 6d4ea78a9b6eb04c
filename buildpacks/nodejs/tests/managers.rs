//! Yarn and pnpm: which one is chosen, what it is told to do, what it leaves.

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
fn the_lockfile_tells_the_version() {
    for (file, content, version) in [
        ("yarn.lock", CLASSIC.1, "Yarn 1.22.22"),
        ("yarn.lock", BERRY.1, "Yarn 4.18.1"),
        ("yarn.lock", "__metadata:\n  version: 6\n", "Yarn 3.8.7"),
        ("yarn.lock", "__metadata:\n  version: 4\n", "Yarn 2.4.3"),
        ("pnpm-lock.yaml", "lockfileVersion: 5.3\n", "pnpm 6.35.1"),
        ("pnpm-lock.yaml", "lockfileVersion: 5.4\n", "pnpm 7.33.7"),
        ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n", "pnpm 8.15.9"),
        ("pnpm-lock.yaml", PNPM.1, "pnpm 10.34.9"),
    ] {
        let log = shop().file(file, content).build().log();
        assert!(log.contains(&format!("Installing {version}")), "{version}: {log}");
    }
    let log = with(shop(), &[PNPM])
        .file("pnpm-workspace.yaml", "allowBuilds:\n  a: true\n")
        .build()
        .log();
    assert!(log.contains("Installing pnpm 11.28.11"), "{log}");
}

#[test]
fn whoever_names_a_package_manager_decides() {
    let pinned = |text: &str| {
        let text = text.to_owned();
        with(shop(), &[PNPM]).json("package.json", move |package| {
            package["packageManager"] = text.clone().into();
        })
    };
    let log = pinned("pnpm@11.28.11").build().log();
    assert!(log.contains("package.json (packageManager)   11.28.11"), "{log}");
    let log = pinned("pnpm@11.28.11").env("BP_PNPM_VERSION", "10").build().log();
    assert!(log.contains("Installing pnpm 10.34.9"), "{log}");
    let log = pinned("pnpm@11.28.11").env("BP_NODE_PACKAGE_MANAGER", "npm").build().log();
    assert!(log.contains("pnpm-lock.yaml is ignored: BP_NODE_PACKAGE_MANAGER"), "{log}");
    let log = with(shop(), &[]).json("package.json", |package| {
        package["devEngines"]["packageManager"] =
            serde_json::json!({"name": "pnpm", "version": "^8"});
    });
    assert!(log.build().log().contains("Installing pnpm 8.15.9"));
}

#[test]
fn a_yarn_of_the_app_is_used_as_it_is() {
    let yarn = ".yarn/releases/yarn-4.9.1.cjs";
    let case = with(shop(), &[BERRY])
        .file(".yarnrc.yml", format!("nodeLinker: node-modules\nyarnPath: {yarn}\n"));
    assert_snapshot!(case.fails().error(), @"
    error[yarn-path-missing]: .yarnrc.yml says `yarnPath: .yarn/releases/yarn-4.9.1.cjs`, and there is no such file

    hint: commit the file: .gitignore or the filter of an upload usually leaves it out
    hint: or remove `yarnPath` and name the version in `packageManager`
    ");
    let build = case.file(yarn, "").build();
    assert!(build.log().contains("Choosing Yarn 4.9.1: .yarn/releases/yarn-4.9.1.cjs of the app"));
}

#[test]
fn lockfiles_side_by_side_are_an_error_that_says_what_to_delete() {
    let npm = ("package-lock.json", "{\"lockfileVersion\": 3}");
    assert_snapshot!(with(shop(), &[CLASSIC, npm]).fails().error(), @r#"
    error[conflicting-lockfiles]: lockfiles of different package managers lie side by side: yarn.lock, package-lock.json

    hint: keep the one that you install with, and delete the others: `rm package-lock.json` to keep yarn.lock, `rm yarn.lock` to keep package-lock.json
    hint: or name your package manager in package.json, such as `"packageManager": "pnpm@10.34.9"`
    "#);
    let log = with(shop(), &[CLASSIC, npm]).env("BP_NODE_PACKAGE_MANAGER", "yarn").build().log();
    assert!(log.contains("warning: package-lock.json is ignored"), "{log}");
}

#[test]
fn what_cannot_be_chosen_is_explained() {
    let pin = |text: &str| {
        let text = text.to_owned();
        with(shop(), &[]).json("package.json", move |package| {
            package["packageManager"] = text.clone().into();
        })
    };
    assert_snapshot!(shop().file("bun.lock", "{}").fails().error(), @"
    error[bun-not-supported]: bun.lock asks for Bun, which this buildpack does not have

    hint: commit a lockfile of npm, Yarn or pnpm instead, or set BP_NODE_PACKAGE_MANAGER=npm
    ");
    assert_snapshot!(pin("pnpm@latest").fails().error(), @r#"
    error[bad-package-manager]: package.json says `"packageManager": "pnpm@latest"`, which does not name one version

    hint: write a name and an exact version, such as `pnpm@10.34.9` or `yarn@4.18.1`
    "#);
    assert_snapshot!(pin("yarn@https://example.com/yarn.js").fails().error(), @r#"
    error[bad-package-manager]: package.json says `"packageManager": "yarn@https://example.com/yarn.js"`, and package managers come from the registry or from the app, not from an address

    hint: write a name and an exact version, such as `yarn@4.18.1`
    hint: a Yarn of your own can be committed: name its file in `yarnPath` of .yarnrc.yml
    "#);
    assert_snapshot!(shop().env("BP_NODE_PACKAGE_MANAGER", "cnpm").fails().error(), @"
    error[unknown-package-manager]: BP_NODE_PACKAGE_MANAGER names the package manager `cnpm`, which does not exist here

    hint: it is one of npm, yarn and pnpm, with a range if you like: `pnpm@10`
    ");
    assert_snapshot!(
        shop().file("pnpm-lock.yaml", "lockfileVersion: '12.0'\n").fails().error(), @"
    error[unknown-lockfile-version]: pnpm-lock.yaml has the `lockfileVersion` 12.0, which is not known here

    hint: known are 5.0 to 5.4, 6.0, 6.1 and 9.0, as pnpm 6 to 12 write them
    hint: if your pnpm is newer, name its version in `packageManager`
    ");
    assert_snapshot!(
        pin("pnpm@11.28.11").env("BP_NODE_VERSION", "22").artifact(crate::support::node("20.20.2"))
            .env("BP_NODE_VERSION", "20").fails().error(), @"
    error[package-manager-needs-other-node]: pnpm 11.28.11 (asked for in package.json (packageManager)) does not run on Node.js 20.20.2

    hint: it needs Node.js `>=22.13`: set BP_NODE_VERSION or `engines.node`
    hint: or ask for an older one in package.json (packageManager)
    ");
    assert_snapshot!(pin("yarn@4.18.1").fails().error(), @"
    error[lockfile-missing]: Yarn 2 and later cannot install without yarn.lock, and there is none

    hint: run `yarn install` and commit yarn.lock
    ");
    assert_snapshot!(with(shop(), &[PNPM]).file("pnpm-lock.yaml", "").fails().error(), @"
    error[bad-lockfile]: pnpm-lock.yaml is empty

    hint: remove pnpm-lock.yaml, run `pnpm install`, and commit what it writes
    ");
    assert_snapshot!(pin("pnpm@9.1.2").env("BP_OFFLINE", "true").fails().error(), @"
    error[package-manager-unavailable]: pnpm@9.1.2 is not in this buildpack, and nothing may be downloaded

    hint: ask for one that this buildpack knows: 11.28.11, 10.34.9, 8.15.9, 7.33.7, 6.35.1
    hint: or let it be downloaded: unset BP_OFFLINE
    ");
}

#[test]
fn a_wrong_hash_stops_the_build() {
    let wrong = format!("pnpm@10.34.9+sha224.{}", "0".repeat(56));
    let case = with(shop(), &[PNPM]).json("package.json", move |package| {
        package["packageManager"] = wrong.clone().into();
    });
    assert_snapshot!(case.fails().error(), @"
    error[package-manager-changed]: pnpm 10.34.9 is not the one that `packageManager` in package.json describes: its sha224 is c4f449be9d7a89a6606d4af29d147c6bb43ef587569a385f4f272607, not 00000000000000000000000000000000000000000000000000000000

    hint: write the hash anew: `corepack use pnpm@…`, or remove it
    hint: if it was right, a mirror or proxy changes packages: ask those who run it
    ");
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
fn another_npm_is_there_when_the_app_runs() {
    let npm = Artifact::new("npm", "12.2.0")
        .with("node", ">=22")
        .with("bin", "bin/npm-cli.js")
        .tool("bin/npm-cli.js", Tool::script(crate::support::NPM))
        .tool("bin/npx-cli.js", Tool::succeeds());
    let case = crate::support::express().artifact(npm).env("BP_NPM_VERSION", "12");
    let build = case.build();
    assert!(build.log().contains("Installing npm 12.2.0"), "{}", build.log());
    assert!(build.layer("npm").has("bin/npm") && build.layer("npm").has("bin/npx"));
}

#[test]
fn the_hash_of_npm_is_that_of_its_package() {
    let npm = Artifact::new("npm", "12.2.0")
        .with("node", ">=22")
        .with("bin", "bin/npm-cli.js")
        .tool("bin/npm-cli.js", Tool::script(crate::support::NPM));
    let pinned = |digest: &str| {
        let text = format!("npm@12.2.0+sha512.{digest}");
        crate::support::express()
            .artifact(npm.clone())
            .json("package.json", move |package| package["packageManager"] = text.clone().into())
    };
    let wrong = "0".repeat(128);
    let error = pinned(&wrong).fails().error();
    assert!(error.starts_with("error[package-manager-changed]: npm 12.2.0 is not"), "{error}");
    let (_, found) = error.split_once("its sha512 is ").unwrap();
    let build = pinned(&found[..128]).build();
    assert!(build.log().contains("Installing npm 12.2.0"), "{}", build.log());
    assert!(build.layer("npm").has("bin/npm"));
}

#[test]
fn without_a_lockfile_the_engines_say_which_one() {
    for (engine, range, shown) in [("yarn", "1.x", "Yarn 1.22.22"), ("pnpm", "^8", "pnpm 8.15.9")] {
        let case = shop().json("package.json", move |package| {
            package["engines"][engine] = range.into();
        });
        let build = case.build();
        assert!(build.log().contains(&format!("Installing {shown}")), "{}", build.log());
        let first = &build.commands()[0];
        assert!(first.starts_with(&format!("{engine} install ")), "{first}");
        assert!(first.contains("--no-"), "there is no lockfile to keep to: {first}");
    }
    // Of Yarn 2 and later nothing can be installed that is not locked.
    let berry = shop().json("package.json", |package| package["engines"]["yarn"] = "^4".into());
    assert!(berry.fails().error().starts_with("error[lockfile-missing]"));
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
fn a_range_in_place_of_a_version_is_taken_and_told() {
    let case = with(shop(), &[PNPM])
        .json("package.json", |package| package["packageManager"] = "pnpm@^10".into());
    let log = case.build().log();
    assert!(log.contains("Installing pnpm 10.34.9"), "{log}");
    let warning = "warning: package.json says `\"packageManager\": \"pnpm@^10\"`: the newest version \
                   that fits is taken";
    assert!(log.contains(warning), "{log}");
}

#[test]
fn a_version_may_be_named_for_each_of_them() {
    for (name, value, file, version) in [
        ("BP_YARN_VERSION", "3", BERRY, "Yarn 3.8.7"),
        ("BP_PNPM_VERSION", "7.x", PNPM, "pnpm 7.33.7"),
        ("BP_NODE_PACKAGE_MANAGER", "pnpm@8", PNPM, "pnpm 8.15.9"),
    ] {
        let log = with(shop(), &[file, MODULES]).env(name, value).build().log();
        assert!(log.contains(&format!("Installing {version}")), "{name}: {log}");
    }
    let failed = with(shop(), &[PNPM]).env("BP_PNPM_VERSION", "^5").fails();
    assert_snapshot!(failed.error(), @"
    error[no-release]: no pnpm release fits `^5` (asked for in BP_PNPM_VERSION)

    hint: change the version in BP_PNPM_VERSION
    hint: available: 11.28.11, 10.34.9, 8.15.9, 7.33.7, 6.35.1
    ");
}

#[test]
fn engines_of_npm_are_met_by_the_bundled_one_if_they_can() {
    let npm = Artifact::new("npm", "12.2.0")
        .with("node", ">=22")
        .with("bin", "bin/npm-cli.js")
        .tool("bin/npm-cli.js", Tool::script(crate::support::NPM));
    let case = crate::support::express().artifact(npm);
    let engines = |range: &'static str| {
        case.clone().json("package.json", move |package| package["engines"]["npm"] = range.into())
    };
    assert!(!engines(">=10").build().log().contains("Choosing npm"));
    assert!(engines("^12").build().log().contains("Installing npm 12.2.0"));
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
fn the_hash_of_yarn_berry_is_that_of_its_program() {
    let yarn = "#!/bin/sh\ncase \"$*\" in install*) mkdir -p node_modules/express;; esac\n";
    let pinned = |digest: &str| {
        let text = format!("yarn@4.9.9+sha224.{digest}");
        let program = Artifact::new("berry", "4.9.9")
            .with("name", "Yarn")
            .with("bin", "yarn.js")
            .with("node", ">=18")
            .bytes(yarn);
        with(shop(), &[BERRY, MODULES])
            .artifact(program)
            .json("package.json", move |package| package["packageManager"] = text.clone().into())
    };
    let right = "1193a0aa6cdb3aaf18260e632216768d4ab5664f4466608ed856d1b3";
    let build = pinned(right).build();
    assert!(build.layer("yarn").has("bin/yarn") && build.layer("yarn").has("bin/yarnpkg"));
    let failed = pinned(&right.replace('0', "1")).fails();
    assert!(failed.error().starts_with("error[package-manager-changed]"), "{}", failed.error());
}

#[test]
fn a_native_pnpm_needs_no_node() {
    let pnpm = Artifact::new("pnpm", "12.21.0")
        .with("name", "pnpm")
        .with("bin", "pnpm")
        .with("node", ">=22.13")
        .tool("pnpm", Tool::script(MANAGER));
    let case = with(shop(), &[PNPM])
        .artifact(pnpm)
        .json("package.json", |package| package["packageManager"] = "pnpm@12.21.0".into());
    let build = case.build();
    assert!(build.layer("pnpm").has("bin/pnpm"));
    let call = &build.calls("pnpm")[0];
    assert_eq!(call.env["pnpm_config_pm_on_fail"], "ignore");
    assert_eq!(call.env["pnpm_config_store_dir"], "<layers>/kouti_nodejs/pnpm-store");
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
