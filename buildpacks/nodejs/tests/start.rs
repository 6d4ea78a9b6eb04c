//! What becomes the process `web`.

use insta::assert_snapshot;

use crate::support::{bare, express};

#[test]
fn a_script_of_plain_words_is_started_without_a_shell() {
    let build = express().build();
    assert_eq!(build.processes(), "web (default): node server.js\n");
}

#[test]
fn a_script_that_needs_a_shell_gets_one() {
    let case = express().json("package.json", |package| {
        package["scripts"]["prestart"] = "migrate".into();
        package["scripts"]["start"] = "PORT=80 node server.js".into();
    });
    assert_snapshot!(case.build().processes(), @"web (default): sh -c migrate && PORT=80 node server.js");
}

#[test]
fn another_script_can_be_named() {
    let case = express().json("package.json", |package| {
        package["scripts"]["serve"] = "node serve.js".into();
    });
    let build = case.clone().env("BP_NPM_START_SCRIPT", "serve").build();
    assert_eq!(build.processes(), "web (default): node serve.js\n");
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
    assert_eq!(build.processes(), "web (default): node ./src/main.js\n");
    let build = case.file("src/main.js", "").build();
    assert_eq!(build.processes(), "web (default): node ./src/main.js\n");
}

#[test]
fn conventional_files_count_in_a_fixed_order() {
    let case = bare().file("index.mjs", "").file("app.cjs", "");
    assert_eq!(case.clone().build().processes(), "web (default): node app.cjs\n");
    let case = case.file("server.mjs", "");
    assert_eq!(case.build().processes(), "web (default): node server.mjs\n");
}

#[test]
fn main_of_package_json_is_the_last_resort() {
    let case = bare().file("package.json", r#"{"main": "lib/app.js"}"#).file("lib/app.js", "");
    assert_eq!(case.build().processes(), "web (default): node lib/app.js\n");
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
