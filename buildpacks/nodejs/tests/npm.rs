//! Apps with npm: installing, scripts, pruning, caches.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool, Types};

use crate::support::{bare, express, node_with};

#[test]
fn a_first_build_installs_builds_and_prunes() {
    let build = express().build();

    assert_snapshot!(build.log(), @"
    Kouti Node.js [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits; supported until 2028-04-30)
      Installing Node.js 24.18.1 for the build
        1.0 kB from the buildpack in [time], sha256 ok
      Installing node_modules
      Running npm ci --include=dev
          added packages
      Running npm run build
          > shop@1.2.3 build
      Running npm prune --omit=dev --ignore-scripts
          removed packages
      Installing Node.js 24.18.1
      Installing launch helper
      Processes
        web (default)   node-launch start -- node server.js
      Done in [time]
    ");
    assert_eq!(
        build.commands(),
        ["npm ci --include=dev", "npm run build", "npm prune --omit=dev --ignore-scripts"]
    );
    assert_snapshot!(build.layers(), @"
    kouti/nodejs:helper (launch) Added
    kouti/nodejs:node (launch) Added
    kouti/nodejs:node-build (build) Added
    kouti/nodejs:node-modules-cache (cache) Added
    kouti/nodejs:npm-cache (cache) Added
    ");
    assert_eq!(build.app_file("dist/bundle.js"), "bundle\n");
    assert!(build.app_path("node_modules/express").is_dir());
    assert!(!build.app_path("node_modules/bundler").exists());
}

#[test]
fn the_image_holds_what_runs_and_nothing_else() {
    let build = express().build();
    let node = build.layer("node");
    assert_eq!(node.types(), Types::LAUNCH);
    assert_snapshot!(node.files().join("\n"), @"
    LICENSE
    bin/node
    bin/npm
    env.launch/NODE_ENV.default
    env.launch/NODE_HOME.default
    env.launch/NODE_PROJECT_PATH.default
    env.launch/NODE_USE_SYSTEM_CA.default
    env.launch/NODE_VERBOSE.default
    env.launch/NPM_CONFIG_LOGLEVEL.default
    env.launch/PATH.append
    env.launch/PATH.delim
    env.launch/SSL_CERT_DIR.default
    env.launch/npm_config_cache.default
    env.launch/npm_config_update_notifier.default
    lib/node_modules/npm/bin/npm-cli.js
    ");
}

#[test]
fn an_unchanged_rebuild_installs_nothing_and_gives_the_same_image() {
    let build = express().build();
    let again = build.rebuild();

    assert_snapshot!(again.log(), @"
    Kouti Node.js [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits; supported until 2028-04-30)
      Reusing node_modules
      Installing Node.js 24.18.1 for the build
        1.0 kB from the buildpack in [time], sha256 ok
      Running npm run build
          > shop@1.2.3 build
      Running npm prune --omit=dev --ignore-scripts
          removed packages
      Reusing Node.js 24.18.1
      Reusing launch helper
      Processes
        web (default)   node-launch start -- node server.js
      Done in [time]
    ");
    assert_eq!(again.commands(), ["npm run build", "npm prune --omit=dev --ignore-scripts"]);
    assert!(again.layer("node").is_reused());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn where_nothing_has_to_run_nothing_is_unpacked() {
    let case = express().env("BP_NODE_RUN_SCRIPTS", "");
    let build = case.build();
    assert_eq!(build.commands(), ["npm ci --omit=dev"]);

    let again = build.rebuild();
    assert!(again.commands().is_empty());
    assert!(again.find_layer("node-build").is_none());
    assert_snapshot!(again.log(), @"
    Kouti Node.js [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits; supported until 2028-04-30)
      Reusing node_modules
      Reusing Node.js 24.18.1
      Reusing launch helper
      Processes
        web (default)   node-launch start -- node server.js
      Done in [time]
    ");
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn only_what_an_install_depends_on_makes_it_run_again() {
    let build = express().build();
    let cosmetic = build.rebuild_with(|case| {
        case.json("package.json", |package| package["scripts"]["test"] = "jest".into())
    });
    assert!(!cosmetic.commands().contains(&"npm ci --include=dev".to_owned()));

    for (change, reason) in [
        (changed_lockfile as fn(Case) -> Case, "package-lock.json changed"),
        (changed_dependencies, "package.json changed"),
        (changed_node, "node was 24.18.1, is 22.23.1"),
        (changed_npmrc, ".npmrc is new"),
        (changed_environment, "environment changed"),
    ] {
        let build = express().build().rebuild_with(change);
        assert!(build.log().contains(reason), "{reason}:\n{}", build.log());
        assert!(build.commands().contains(&"npm ci --include=dev".to_owned()), "{reason}");
    }
}

fn changed_lockfile(case: Case) -> Case {
    case.file("package-lock.json", "{\"lockfileVersion\": 3, \"x\": 1}\n")
}

fn changed_dependencies(case: Case) -> Case {
    case.json("package.json", |package| package["dependencies"]["ms"] = "2".into())
}

fn changed_node(case: Case) -> Case {
    case.env("BP_NODE_VERSION", "22")
}

fn changed_npmrc(case: Case) -> Case {
    case.file(".npmrc", "legacy-peer-deps=true\n")
}

fn changed_environment(case: Case) -> Case {
    case.env("NPM_CONFIG_OMIT", "optional")
}

#[test]
fn secrets_are_no_reason_to_install_again() {
    let build = express().env("NPM_CONFIG__AUTHTOKEN", "first-secret").build();
    let again = build.rebuild_with(|case| case.env("NPM_CONFIG__AUTHTOKEN", "second-secret"));
    assert!(again.log().contains("Reusing node_modules"));
}

#[test]
fn without_a_lockfile_every_build_installs() {
    let build = express().without("package-lock.json").build();
    assert_snapshot!(build.log(), @"
    Kouti Node.js [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits; supported until 2028-04-30)
    warning: there is no lockfile: every build installs the newest packages that package.json allows
    hint: run `npm install` and commit package-lock.json
      Installing Node.js 24.18.1 for the build
        1.0 kB from the buildpack in [time], sha256 ok
      Running npm install --include=dev --no-package-lock
          added packages
      Running npm run build
          > shop@1.2.3 build
      Running npm prune --omit=dev --ignore-scripts
          removed packages
      Installing Node.js 24.18.1
      Installing launch helper
      Processes
        web (default)   node-launch start -- node server.js
      Done in [time]
    warning: there is no lockfile: every build installs the newest packages that package.json allows
    hint: run `npm install` and commit package-lock.json
    ");
    let again = build.rebuild();
    assert_eq!(again.commands()[0], "npm install --include=dev --no-package-lock");
}

#[test]
fn a_script_that_runs_on_install_makes_every_build_install() {
    let case = express().json("package.json", |package| {
        package["scripts"]["postinstall"] = "generate".into();
    });
    let again = case.build().rebuild();
    assert_eq!(again.commands()[0], "npm ci --include=dev");
}

#[test]
fn scripts_that_an_npmrc_switches_off_are_told() {
    let npm = r#"mkdir -p node_modules && echo '{"packages": {
        "node_modules/bcrypt": {"version": "6.0.0", "hasInstallScript": true},
        "node_modules/ms": {"version": "2.1.3"}}}' >node_modules/.package-lock.json"#;
    let case = express()
        .artifact(node_with("24.19.0", Tool::script(npm)))
        .file(".npmrc", "fund=false\nignore-scripts = true\n");
    let build = case.clone().build();
    let warning = "warning: npm has not run the install scripts of bcrypt@6.0.0: .npmrc says \
                   `ignore-scripts=true`\nhint: if a package does not work without, remove that \
                   line, or run `npm rebuild` with its name in a build script\n";
    assert!(build.log().contains(warning), "{}", build.log());
    let allowed = case.file(".npmrc", "ignore-scripts=true\nignore-scripts=false\n").build();
    assert!(!allowed.log().contains("install scripts of"), "{}", allowed.log());
}

#[test]
fn modules_that_came_with_the_app_are_only_compiled() {
    let build = express()
        .file("node_modules/express/package.json", "{}")
        .env("BP_NODE_RUN_SCRIPTS", "")
        .build();
    assert_eq!(
        build.commands(),
        [
            "npm ls --all --omit=dev",
            "npm run preinstall --if-present",
            "npm rebuild",
            "npm run install --if-present",
            "npm run postinstall --if-present",
        ]
    );
}

#[test]
fn scripts_of_the_setting_run_in_its_order() {
    let case = express().json("package.json", |package| {
        package["scripts"]["lint"] = "lint".into();
    });
    let build = case.env("BP_NODE_RUN_SCRIPTS", "lint, build").build();
    assert_eq!(build.commands()[1..3], ["npm run lint", "npm run build"]);
}

#[test]
fn scripts_of_another_platform_run_around_the_install() {
    let case = express().json("package.json", |package| {
        package["scripts"]["heroku-prebuild"] = "a".into();
        package["scripts"]["heroku-postbuild"] = "b".into();
    });
    assert_eq!(
        case.build().commands()[..4],
        [
            "npm run heroku-prebuild",
            "npm ci --include=dev",
            "npm run build",
            "npm run heroku-postbuild"
        ]
    );
}

#[test]
fn development_packages_can_be_kept() {
    let build = express().env("BP_NODE_PRUNE_DEV_DEPENDENCIES", "false").build();
    assert_eq!(build.commands(), ["npm ci --include=dev", "npm run build"]);
    assert!(build.app_path("node_modules/bundler").is_dir());
}

#[test]
fn commands_see_a_production_build_and_a_cache() {
    let build = express().env("NODE_ENV", "staging").build();
    let install = build.calls("npm")[0];
    assert_eq!(install.env["NODE_ENV"], "staging");
    assert_eq!(install.env["npm_config_cache"], "<layers>/kouti_nodejs/npm-cache");
    assert_eq!(install.env["CI"], "true");
    assert_eq!(install.dir, "<app>");
}

#[test]
fn the_image_lists_the_packages_that_are_in_it() {
    let build = express().build();
    assert_snapshot!(build.sboms().join("\n"), @"
    kouti_nodejs/node/sbom.cdx.json
    kouti_nodejs/node/sbom.spdx.json
    kouti_nodejs/node/sbom.syft.json
    kouti_nodejs/sbom.cdx.json
    kouti_nodejs/sbom.spdx.json
    kouti_nodejs/sbom.syft.json
    ");
    let launch = build.sbom("kouti_nodejs/sbom.cdx.json");
    assert!(launch.contains("pkg:npm/express@5.1.0") && !launch.contains("bundler"));
}

#[test]
fn packages_have_an_image_layer_of_their_own() {
    let build = express().build();
    let slices = build.slices();
    assert_eq!(
        slices[0],
        [
            "node_modules/.cache",
            "node_modules/.package-lock.json",
            "node_modules/express/package.json"
        ]
    );
    assert_eq!(slices[1], ["dist/bundle.js"]);
    assert_eq!(slices.len(), 3);
}

#[test]
fn an_app_without_package_json_gets_node_only() {
    let build = bare().file("server.js", "").build();
    assert_snapshot!(build.log(), @"
    Kouti Node.js [version]
      Choosing Node.js
        default   24.x   <- used
        24.18.1 chosen (newest that fits; supported until 2028-04-30)
      Installing Node.js 24.18.1
        1.0 kB from the buildpack in [time], sha256 ok
      Installing launch helper
      Processes
        web (default)   node-launch -- node server.js
      Done in [time]
    ");
    assert!(build.commands().is_empty());
    assert_eq!(build.processes(), "web (default): node-launch -- node server.js\n");
}
