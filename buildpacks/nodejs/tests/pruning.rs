//! What becomes of packages that only builds need, and of what scripts have generated in them.

use insta::assert_snapshot;
use kouti_testing::{Case, Fake, Tool};

use crate::support::{express, node_with};

const KEPT: [&str; 2] = ["npm ci --include=dev", "npm run build"];

#[test]
fn development_packages_stay_where_somebody_wants_them() {
    let toml = "[com.heroku.buildpacks.nodejs]\nactions.prune_dev_dependencies = false\n";
    let production = |name: &str| express().env(name, "false");
    for (case, reason) in [
        (express().env("NODE_ENV", "staging"), "NODE_ENV is staging"),
        (production("NPM_CONFIG_PRODUCTION"), "NPM_CONFIG_PRODUCTION is false"),
        (production("npm_config_production"), "NPM_CONFIG_PRODUCTION is false"),
        (express().env("CNB_EXEC_ENV", "test"), "CNB_EXEC_ENV is test"),
        (express().env("CNB_EXEC_ENV", "development"), "CNB_EXEC_ENV is development"),
        (express().file("project.toml", toml), "`prune_dev_dependencies = false`"),
        (express().requires("node_modules", "build = true"), "a later buildpack builds with them"),
    ] {
        let build = case.clone().build();
        assert_eq!(build.commands(), KEPT, "{reason}");
        let line = "Keeping packages that only builds need: ";
        assert!(build.log().contains(line) && build.log().contains(reason), "{}", build.log());
        // The setting made for it decides.
        let build = case.env("BP_NODE_PRUNE_DEV_DEPENDENCIES", "true").build();
        assert_eq!(build.commands().len(), 3, "{reason}");
    }
    for name in ["NODE_ENV", "CNB_EXEC_ENV"] {
        let production = express().env(name, "production").build();
        assert_eq!(production.commands().len(), 3, "{name}");
    }
    // Where no script needs them, they are installed all the same.
    for case in [
        express().env("BP_NODE_PRUNE_DEV_DEPENDENCIES", "false"),
        express().env("CNB_EXEC_ENV", "test"),
        express().requires("node_modules", "build = true"),
    ] {
        assert_eq!(case.env("BP_NODE_RUN_SCRIPTS", "").build().commands(), KEPT[..1]);
    }
}

#[test]
fn what_scripts_have_generated_survives() {
    let npm = r#"
    modules="mkdir -p node_modules/.prisma/client node_modules/tool"
    case "$1" in
    ci) mkdir -p node_modules/tool; echo '{"packages": {"node_modules/tool": {"version": "1.0.0", "dev": true}}}' >node_modules/.package-lock.json ;;
    run) mkdir -p node_modules/.prisma/client; echo made >node_modules/.prisma/client/index.js ;;
    prune) rm -rf node_modules/tool ;;
    esac
    "#;
    let case = express().artifact(node_with("24.19.0", Tool::script(npm)));
    let build = case.build();
    assert_eq!(build.app_file("node_modules/.prisma/client/index.js"), "made\n");
    assert!(!build.app_path("node_modules/tool").exists());
}

/// An app that starts with `start`, in an image without package managers.
fn stripped(start: &'static str) -> Case {
    express()
        .env("BP_NODE_STRIP_NPM", "true")
        .json("package.json", move |package| package["scripts"]["start"] = start.into())
}

#[test]
fn an_image_can_do_without_npm() {
    let build = stripped("node server.js").build();
    let files = build.layer("node").files();
    let named: Vec<_> = files.iter().filter(|file| !file.starts_with("env.")).collect();
    assert_eq!(named, ["LICENSE", "bin/node"]);
    let again = build.rebuild();
    assert!(again.layer("node").is_reused());
    let with = again.rebuild_with(|case| case.env("BP_NODE_STRIP_NPM", "false"));
    assert!(with.layer("node").has("bin/npm"));
}

#[test]
fn an_app_that_npm_starts_cannot_do_without() {
    assert_snapshot!(stripped("npm run serve && true").fails().error(), @"
    error[npm-not-in-image]: `npm` starts this app, and BP_NODE_STRIP_NPM leaves it out of the image

    hint: start the program itself: `node server.js` instead of `npm run serve`
    hint: or unset BP_NODE_STRIP_NPM
    ");
    let worker = stripped("node server.js")
        .json("package.json", |package| package["scripts"]["work"] = "npx worker".into())
        .env("BP_NODE_PROCESSES", "worker=work");
    assert!(worker.fails().error().contains("`npx` starts this app"));
}

#[test]
fn later_buildpacks_find_what_they_build_with() {
    let uses = Fake::new("test/assets")
        .plan("requires = [{ name = 'node_modules', metadata = { build = true } }]")
        .build("test -d node_modules/bundler");
    let build = express().after(uses).build();
    assert!(build.app_path("node_modules/bundler").is_dir());
}
