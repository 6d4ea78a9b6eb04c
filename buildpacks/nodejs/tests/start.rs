//! What becomes the process `web`.

use insta::assert_snapshot;

use crate::support::{bare, express};

#[test]
fn a_script_of_plain_words_is_started_without_a_shell() {
    let build = express().build();
    assert_eq!(build.processes(), "web (default): node-launch start -- node server.js\n");
}

#[test]
fn a_script_that_needs_a_shell_gets_one() {
    let case = express().json("package.json", |package| {
        package["scripts"]["prestart"] = "migrate".into();
        package["scripts"]["start"] = "PORT=80 node server.js".into();
    });
    assert_snapshot!(case.build().processes(), @"web (default): node-launch start --pre migrate --main PORT=80 node server.js --");
}

#[test]
fn another_script_can_be_named() {
    let case = express().json("package.json", |package| {
        package["scripts"]["serve"] = "node serve.js".into();
    });
    let build = case.clone().env("BP_NPM_START_SCRIPT", "serve").build();
    assert_eq!(build.processes(), "web (default): node-launch serve -- node serve.js\n");
    let failed = case.env("BP_NPM_START_SCRIPT", "sreve").fails();
    assert_snapshot!(failed.error(), @"
    error[unknown-start-script]: BP_NPM_START_SCRIPT names the script `sreve`, which package.json does not have

    hint: its scripts are: build, start, serve
    ");
}

#[test]
fn a_launchpoint_beats_the_script() {
    let case = express().env("BP_LAUNCHPOINT", "./src/main.js");
    assert_snapshot!(case.clone().fails().error(), @"
    error[launchpoint-missing]: BP_LAUNCHPOINT names `./src/main.js`, which does not exist

    hint: name a file of the app, relative to its root
    hint: set BP_VERIFY_LAUNCHPOINT=false if the build makes it
    ");
    let build = case.clone().env("BP_VERIFY_LAUNCHPOINT", "false").build();
    assert_eq!(build.processes(), "web (default): node-launch -- node ./src/main.js\n");
    let build = case.file("src/main.js", "").build();
    assert_eq!(build.processes(), "web (default): node-launch -- node ./src/main.js\n");
}

#[test]
fn conventional_files_count_in_a_fixed_order() {
    let case = bare().file("index.mjs", "").file("app.cjs", "");
    assert_eq!(case.clone().build().processes(), "web (default): node-launch -- node app.cjs\n");
    let case = case.file("server.mjs", "");
    assert_eq!(case.build().processes(), "web (default): node-launch -- node server.mjs\n");
}

#[test]
fn main_of_package_json_is_the_last_resort() {
    let case = bare().file("package.json", r#"{"main": "lib/app.js"}"#).file("lib/app.js", "");
    assert_eq!(case.build().processes(), "web (default): node-launch -- node lib/app.js\n");
}

#[test]
fn a_procfile_alone_is_enough() {
    let build = bare()
        .file("package.json", r#"{"dependencies": {"express": "5"}}"#)
        .file("package-lock.json", "{}")
        .file("Procfile", "worker: node worker.js\n")
        .build();
    assert_eq!(build.commands(), ["npm ci --omit=dev"]);
    assert_eq!(build.processes(), "");
    assert!(!build.log().contains("warning"), "{}", build.log());
}

#[test]
fn the_app_starts_with_the_environment_that_npm_and_node_want() {
    let env = express().build().launch_env("web");
    let shown =
        ["NODE_ENV", "NODE_HOME", "NODE_PROJECT_PATH", "NODE_USE_SYSTEM_CA", "SSL_CERT_DIR"]
            .map(|name| format!("{name}={}", env[name]));
    assert_snapshot!(shown.join("\n"), @"
    NODE_ENV=production
    NODE_HOME=<layers>/kouti_nodejs/node
    NODE_PROJECT_PATH=<app>
    NODE_USE_SYSTEM_CA=1
    SSL_CERT_DIR=/etc/ssl/certs
    ");
    assert!(env["PATH"].starts_with("<layers>/kouti_nodejs/node/bin:"), "{}", env["PATH"]);
    assert!(env["PATH"].ends_with(":<app>/node_modules/.bin"), "{}", env["PATH"]);
}

#[test]
fn more_processes_can_be_named() {
    let case = express().json("package.json", |package| {
        package["scripts"]["work"] = "node worker.js".into();
    });
    let build = case.clone().env("BP_NODE_PROCESSES", "worker=work, release=build").build();
    assert_snapshot!(build.processes(), @"
    release: node-launch build -- bundle
    web (default): node-launch start -- node server.js
    worker: node-launch work -- node worker.js
    ");
    let failed = case.clone().env("BP_NODE_PROCESSES", "worker=wrok").fails();
    assert_snapshot!(failed.error(), @"
    error[unknown-script]: BP_NODE_PROCESSES names the script `wrok`, which package.json does not have

    hint: its scripts are: build, start, work
    ");
    let failed = case.env("BP_NODE_PROCESSES", "worker").fails();
    assert_snapshot!(failed.error(), @"
    error[bad-setting]: BP_NODE_PROCESSES is set to `worker`, which is not a list of process types and scripts, such as `worker=start:worker`

    hint: set BP_NODE_PROCESSES to a list of process types and scripts, such as `worker=start:worker`
    ");
}

#[test]
fn the_supervisor_can_be_left_out() {
    let build = express().env("BP_NODE_INIT", "none").build();
    assert_eq!(build.processes(), "web (default): node server.js\n");
}

#[test]
fn a_program_that_was_pruned_is_warned_about() {
    let case = express().json("package.json", |package| {
        package["scripts"]["start"] = "bundle serve".into();
    });
    let log = case.clone().build().log();
    assert!(log.contains("warning: `bundle` is what starts this app"), "{log}");
    let log = case.env("BP_NODE_PRUNE_DEV_DEPENDENCIES", "false").build().log();
    assert!(!log.contains("warning"), "{log}");
}

#[test]
fn a_server_for_developers_is_warned_about() {
    let case = express().json("package.json", |package| {
        package["scripts"]["start"] = "nodemon server.js".into();
    });
    let log = case.build().log();
    assert!(log.contains("warning: the script `start` runs `nodemon`"), "{log}");
}

#[test]
fn a_start_passes_arguments_and_what_npm_would_set() {
    let case = express().json("package.json", |package| {
        package["scripts"]["start"] = "echo $npm_package_version".into();
    });
    let build = case.build();
    let ended = build.launch("web").args(["a b", "c"]).start().unwrap().wait().unwrap();
    assert_eq!(ended.log, "1.2.3 a b c\n");
}

#[test]
fn hooks_run_around_the_app_and_its_code_counts() {
    let case = express().json("package.json", |package| {
        package["scripts"]["prestart"] = "echo before".into();
        package["scripts"]["start"] = "echo app; exit $CODE".into();
        package["scripts"]["poststart"] = "echo after".into();
    });
    let build = case.build();
    let run = |code: &str| build.launch("web").env("CODE", code).start().unwrap().wait().unwrap();
    assert_eq!(run("0").log, "before\napp\nafter\n");
    let failed = run("3");
    assert_eq!(failed.log, "before\napp\n");
    assert_eq!(failed.status.code(), Some(3));
}

#[test]
fn the_heap_follows_the_memory_if_the_user_wants_it() {
    let build = express().env("BP_NODE_OPTIMIZE_MEMORY", "true").build();
    let (env, _) = build.launch("web").env("MEMORY_AVAILABLE", "512").prepare().unwrap();
    assert_eq!(env.get("NODE_OPTIONS").unwrap(), "--max_old_space_size=384");
}
