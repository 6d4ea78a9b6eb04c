//! Several packages in one app.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{bare, node_with};

const MEMBER: &str = r#"{
  "name": "@shop/web",
  "scripts": { "build": "bundle", "start": "node server.js" }
}
"#;

/// A workspace of npm with the packages `web` and `lib`, of which `web` is built.
fn workspace() -> Case {
    bare()
        .artifact(node_with(
            "24.19.0",
            Tool::script("[ \"$1\" = ci ] && mkdir -p node_modules/x; true"),
        ))
        .file("package.json", r#"{"private": true, "workspaces": ["packages/*"]}"#)
        .file("package-lock.json", "{\"lockfileVersion\": 3}")
        .file("packages/web/package.json", MEMBER)
        .file("packages/web/server.js", "")
        .file("packages/lib/package.json", r#"{"name": "@shop/lib", "scripts": {"build": "tsc"}}"#)
        .env("BP_NODE_PROJECT_PATH", "packages/web")
}

fn with_dev(case: Case, package: &str) -> Case {
    let package = package.to_owned();
    case.json("package.json", move |json| json["devDependencies"][&package] = "*".into())
}

#[test]
fn turborepo_builds_what_the_package_needs() {
    let case = with_dev(workspace().file("turbo.json", "{}"), "turbo");
    let build = case.build();
    let call = "npm exec -- turbo run build --filter=@shop/web... --env-mode=loose";
    assert_eq!(build.commands(), ["npm ci --include=dev", call]);
    assert_eq!(build.calls("npm")[1].dir, "<app>");
    assert!(build.processes().ends_with("in <app>/packages/web\n"), "{}", build.processes());
    // Set up, but not installed: it cannot run.
    let build = workspace().file("turbo.json", "{}").build();
    assert_eq!(build.commands()[1], "npm run build");
}

#[test]
fn nx_builds_what_the_package_needs() {
    let case = with_dev(workspace().file("nx.json", "{}"), "nx");
    let build = case.clone().build();
    assert_eq!(build.commands()[1], "npm exec -- nx run @shop/web:build");
    assert_eq!(build.calls("npm")[1].env["NX_DAEMON"], "false");
    let named = case.file("packages/web/project.json", r#"{"name": "web"}"#).build();
    assert_eq!(named.commands()[1], "npm exec -- nx run web:build");
}

#[test]
fn a_member_with_a_lockfile_of_its_own_stands_alone() {
    let build =
        workspace().file("packages/web/package-lock.json", "{\"lockfileVersion\": 3}").build();
    assert!(build.calls("npm").iter().all(|call| call.dir == "<app>/packages/web"));
}

#[test]
fn a_version_may_stand_beside_the_package_or_above_it() {
    let above = workspace().file(".nvmrc", "22").build();
    assert!(above.log().contains("22.23.1 chosen"), "{}", above.log());
    let beside = workspace().file(".nvmrc", "24.17.0").file("packages/web/.nvmrc", "22").build();
    assert!(beside.log().contains("22.23.1 chosen"), "{}", beside.log());
}

#[test]
fn a_package_that_did_not_come_with_the_app_is_named() {
    let npm = "mkdir -p node_modules/@shop && ln -s ../../packages/lib node_modules/@shop/lib && \
               ln -s ../packages/gone node_modules/gone";
    let npm = Tool::script(format!("case $1 in ci) {npm} ;; esac"));
    let case = workspace().artifact(node_with("24.20.0", npm));
    let build = case.build();
    let warning = "warning: packages of the app are linked to that are not there: packages/gone\n\
                   hint: upload them too: something such as .gitignore, .dockerignore or \
                   project.toml may leave them out\n";
    assert!(build.log().contains(warning), "{}", build.log());
    // What is taken over lacks it still.
    let again = build.rebuild();
    assert!(again.log().contains("Reusing node_modules"), "{}", again.log());
    assert!(again.log().contains(warning), "{}", again.log());
}

#[test]
fn a_package_that_nobody_has_built_is_named() {
    let lib = r#"{"name": "@shop/lib", "main": "dist/index.js", "scripts": {"build": "tsc"}}"#;
    let case = workspace().file("packages/lib/package.json", lib);
    let needs_it = case.clone().json("packages/web/package.json", |package| {
        package["dependencies"]["@shop/lib"] = "*".into();
    });
    let warning = "warning: packages that this one needs have a script `build` that has not run, \
                   and their `main` is not there: packages/lib\n";
    let log = needs_it.clone().build().log();
    assert!(log.contains(warning) && log.contains("BP_NODE_ROOT_RUN_SCRIPTS"), "{log}");
    for fine in [case, needs_it.file("packages/lib/dist/index.js", "")] {
        let log = fine.build().log();
        assert!(!log.contains("that has not run"), "{log}");
    }
}

#[test]
fn an_unknown_script_of_the_workspace_is_refused() {
    let failed = workspace().env("BP_NODE_ROOT_RUN_SCRIPTS", "generate").fails();
    assert_snapshot!(failed.error(), @"
    error[unknown-script]: BP_NODE_ROOT_RUN_SCRIPTS names the script `generate`, which package.json does not have

    hint: it has no scripts at all: add one below `scripts`
    ");
}

#[test]
fn somebody_has_to_choose_which_package_is_started() {
    let case =
        workspace().file("packages/api/package.json", MEMBER).env("BP_NODE_PROJECT_PATH", "");
    assert_snapshot!(case.clone().fails().error(), @"
    error[package-not-chosen]: nothing starts the app as a whole, but packages of its workspace can be started

    hint: choose one: set BP_NODE_PROJECT_PATH to `packages/api` or `packages/web`
    hint: or add a `start` script to the package.json above them
    ");
    // Whoever starts them all from the top has chosen.
    let case = case.json("package.json", |package| {
        package["scripts"]["start"] = "node packages/api/server.js".into();
    });
    assert!(case.build().processes().contains("node packages/api/server.js"));
}
