//! What becomes the process `web`.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{bare, express, node_with};

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
    let unverified = case.clone().env("BP_VERIFY_LAUNCHPOINT", "false");
    assert_snapshot!(unverified.clone().fails().error(), @"
    error[launchpoint-missing]: BP_LAUNCHPOINT names `./src/main.js`, which does not exist, and the scripts of the build have not made it

    hint: name a file of the app, relative to its root
    ");
    let build = unverified.env("BP_LAUNCHPOINT", "dist/bundle.js").build();
    assert_eq!(build.processes(), "web (default): node-launch -- node dist/bundle.js\n");
    let build = case.file("src/main.js", "").build();
    assert_eq!(build.processes(), "web (default): node-launch -- node src/main.js\n");
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
        .file("package-lock.json", "{\"lockfileVersion\": 3}")
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
    error[bad-setting]: BP_NODE_PROCESSES is set to `worker`, which is not a list of process types other than `web` with their scripts, such as `worker=start:worker`

    hint: set BP_NODE_PROCESSES to a list of process types other than `web` with their scripts, such as `worker=start:worker`
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
    assert!(log.contains("warning: `bundle` starts this app, and its package is only a"), "{log}");
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
        package["scripts"]["start"] = "echo $npm_package_version $(basename $NODE)".into();
    });
    let build = case.build();
    let ended = build.launch("web").args(["a b", "c"]).start().unwrap().wait().unwrap();
    assert_eq!(ended.log, "1.2.3 node a b c\n");
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

#[test]
fn a_program_that_nobody_has_is_warned_about() {
    let case = express().json("package.json", |package| {
        package["scripts"]["start"] = "PORT=1 srever | cat".into();
    });
    let log = case.build().log();
    assert!(log.contains("warning: `srever` is to start this app, and nothing is called"), "{log}");
}

#[test]
fn a_launchpoint_may_lie_below_the_app_or_below_the_package() {
    let case = bare()
        .file("apps/shop/package.json", "{}")
        .file("apps/shop/run.js", "")
        .file("run-all.js", "")
        .env("BP_NODE_PROJECT_PATH", "apps/shop");
    let processes = |file: &str| case.clone().env("BP_LAUNCHPOINT", file).build().processes();
    assert_snapshot!(processes("run.js"), @"web (default): node-launch -- node run.js in <app>/apps/shop");
    assert_snapshot!(processes("./run-all.js"), @"web (default): node-launch -- node <app>/run-all.js in <app>/apps/shop");
}

#[test]
fn main_may_be_named_without_its_ending() {
    let case = bare().file("package.json", r#"{"main": "lib/app"}"#).file("lib/app.js", "");
    assert_eq!(case.build().processes(), "web (default): node-launch -- node lib/app.js\n");
}

/// An app of a framework, whose build makes `files`.
fn framework(package: &str, files: &[&str]) -> Case {
    let writes = files
        .iter()
        .map(|file| format!("mkdir -p $(dirname {file}) node_modules/.bin; echo >{file};"));
    let script = writes.collect::<String>();
    let npm = format!("[ \"$1\" = run ] && {{ true; {script} }}; true");
    let dependency = package.to_owned();
    bare()
        .artifact(node_with("24.19.0", Tool::script(npm)))
        .file("package-lock.json", "{\"lockfileVersion\": 3}")
        .json("package.json", move |json| {
            json["dependencies"][&dependency] = "*".into();
            json["scripts"]["build"] = "build".into();
        })
}

#[test]
fn what_a_framework_builds_is_started() {
    for (package, file, command) in [
        ("nuxt", ".output/server/index.mjs", "node .output/server/index.mjs"),
        ("@sveltejs/adapter-node", "build/index.js", "node build/index.js"),
        ("@astrojs/node", "dist/server/entry.mjs", "node dist/server/entry.mjs"),
        (
            "@react-router/serve",
            "build/server/index.js",
            "react-router-serve build/server/index.js",
        ),
        ("@remix-run/serve", "build/server/index.js", "remix-serve build/server/index.js"),
        ("next", ".next/standalone/server.js", "node .next/standalone/server.js"),
    ] {
        let build = framework(package, &[file]).build();
        let expected = format!("web (default): node-launch -- {command}\n");
        assert_eq!(build.processes(), expected, "{package}");
    }
}

#[test]
fn what_others_build_is_started_if_a_procfile_or_setting_brings_them_here() {
    for (package, file) in [("@nestjs/core", "dist/main.js"), ("x", ".output/server/index.mjs")] {
        let case = framework(package, &[file]).env("BP_NODE_RUN_SCRIPTS", "build");
        let expected = format!("web (default): node-launch -- node {file}\n");
        assert_eq!(case.build().processes(), expected, "{package}");
    }
}

#[test]
fn angular_is_started_by_its_own_script() {
    let case = framework("@angular/ssr", &[]).json("package.json", |package| {
        package["scripts"]["serve:ssr:shop"] = "node dist/shop/server/server.mjs".into();
    });
    assert_snapshot!(case.build().processes(), @"web (default): node-launch serve:ssr:shop -- node dist/shop/server/server.mjs");
}

#[test]
fn a_framework_that_has_built_no_server_is_warned_about() {
    let build = framework("nuxt", &["dist/index.html"]).build();
    assert_eq!(build.processes(), "");
    assert!(build.log().contains("warning: nothing starts this app"), "{}", build.log());
}

#[test]
fn a_next_server_that_stands_alone_gets_what_it_serves() {
    let case = framework("next", &[".next/standalone/server.js", ".next/static/a.js"])
        .file("public/logo.svg", "");
    let build = case.clone().build();
    let log = build.log();
    assert!(
        log.contains("Copying public and .next/static beside .next/standalone/server.js"),
        "{log}"
    );
    assert!(build.app_path(".next/standalone/public/logo.svg").is_file());
    assert!(build.app_path(".next/standalone/.next/static/a.js").is_file());
    // What the build has copied itself stays.
    let done = case.file(".next/standalone/public/own.svg", "").build();
    assert!(!done.app_path(".next/standalone/public/logo.svg").exists());
}

#[test]
fn a_next_server_listens_where_it_can_be_reached() {
    let build = framework("next", &[".next/standalone/server.js"]).build();
    let hostname = |value: &str| {
        let (env, _) = build.launch("web").env("HOSTNAME", value).prepare().unwrap();
        env.get("HOSTNAME").unwrap().to_owned()
    };
    let own = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(hostname(own.trim()), "0.0.0.0");
    assert_eq!(hostname("127.0.0.1"), "127.0.0.1");
    let env = framework("@astrojs/node", &["dist/server/entry.mjs"]).build().launch_env("web");
    assert_eq!(env["HOST"], "0.0.0.0");
}

#[test]
fn a_script_that_only_runs_another_is_told() {
    let case = express().json("package.json", |package| {
        package["scripts"]["start"] = "npm run serve".into();
        package["scripts"]["serve"] = "node serve.js".into();
    });
    let build = case.build();
    assert_eq!(build.processes(), "web (default): node-launch start -- node serve.js\n");
    let line = "The script `start` only runs `serve`, which is started instead";
    assert!(build.log().contains(line), "{}", build.log());
}

#[test]
fn an_app_can_start_anew_when_its_files_change() {
    let case = express().env("BP_LIVE_RELOAD_ENABLED", "true");
    assert!(case.detect().failure().is_some(), "nobody provides watchexec");
    let build = case.provides("watchexec").build();
    assert_snapshot!(build.processes().replace(" --", "\n--"), @"
    no-reload: node-launch start
    -- node server.js
    web (default): watchexec
    --restart
    --watch <app>
    --shell none
    --no-vcs-ignore
    --no-project-ignore
    --debounce 200ms
    --ignore <app>/package.json
    --ignore <app>/package-lock.json
    --ignore <app>/npm-shrinkwrap.json
    --ignore <app>/yarn.lock
    --ignore <app>/pnpm-lock.yaml
    --ignore <app>/node_modules
    --ignore <app>/.next
    --ignore <app>/.nuxt
    --ignore <app>/build
    --ignore <app>/dist
    --ignore <app>/.git
    -- node-launch start
    -- node server.js
    ");
}

#[test]
fn a_procfile_that_starts_the_app_leaves_nothing_to_warn_about() {
    let case = framework("nuxt", &[]).file("Procfile", "web: ./serve\n");
    assert!(!case.build().log().contains("warning"));
    let quoted = bare().file("Procfile", "web: sh -c \"node x.js\"\n");
    assert!(quoted.detect().passes());
    let other = bare().file("Procfile", "web: bin/node_exporter\n");
    assert!(!other.detect().passes());
}

#[test]
fn without_the_supervisor_a_shell_runs_what_needs_one() {
    let case = express().env("BP_NODE_INIT", "none").json("package.json", |package| {
        package["scripts"]["start"] = "PORT=1 node server.js".into();
    });
    assert_snapshot!(case.build().processes(), @r#"web (default): sh -c PORT=1 node server.js "$@" sh"#);
}

#[test]
fn the_process_web_is_not_named_twice() {
    let failed = express().env("BP_NODE_PROCESSES", "web=build").fails();
    assert_snapshot!(failed.error(), @"
    error[bad-setting]: BP_NODE_PROCESSES is set to `web=build`, which is not a list of process types other than `web` with their scripts, such as `worker=start:worker`

    hint: set BP_NODE_PROCESSES to a list of process types other than `web` with their scripts, such as `worker=start:worker`
    ");
}

#[test]
fn a_named_script_has_hooks_of_its_own_name() {
    let case = express().env("BP_NPM_START_SCRIPT", "serve").json("package.json", |package| {
        package["scripts"]["preserve"] = "echo before".into();
        package["scripts"]["serve"] = "echo app".into();
        package["scripts"]["postserve"] = "echo after".into();
        package["scripts"]["prestart"] = "echo not this".into();
    });
    let ended = case.build().launch("web").start().unwrap().wait().unwrap();
    assert_eq!(ended.log, "before\napp\nafter\n");
}

#[test]
fn a_stop_reaches_the_app_through_whatever_the_script_is() {
    let stop = |script: &'static str, first: &str| {
        // Stands for Node.js, which ends well when it is asked to.
        let node = format!(
            "trap '{first}echo stopped >>stops; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
        );
        let case = express().program("server", format!("#!/bin/sh\n{node}\n")).json(
            "package.json",
            move |package| {
                package["scripts"]["prestart"] = "true".into();
                package["scripts"]["start"] = script.into();
                package["scripts"]["poststart"] = "echo never".into();
            },
        );
        let build = case.build();
        let mut running = build.launch("web").start().unwrap();
        running.wait_for("ready").unwrap();
        let asked = Instant::now();
        let ended = running.stop().unwrap();
        let taken = asked.elapsed();
        assert!(taken < Duration::from_secs(1), "{script}: {taken:?}");
        assert!(!ended.log.contains("never"), "{script}: {}", ended.log);
        assert_eq!(build.app_file("stops"), "stopped\n", "{script}");
        ended.status.code()
    };
    for script in [
        "./server",
        "true && ./server a b",
        "PORT=1 ./server",
        "./server 'a b' \"c\"",
        "./server | cat",
        "(./server)",
        "./server; ./server",
    ] {
        stop(script, "");
    }
    // A shell that the signal kills may have taken the code of the app with it: so let it go first.
    let after_its_shell = "while kill -0 $PPID; do :; done; ";
    assert_eq!(stop("true && ./server", after_its_shell), Some(0));
}

#[test]
fn the_switch_of_paketo_for_its_init_changes_nothing() {
    let build = express().env("BP_LAUNCH_WITH_TINI", "true").build();
    assert_eq!(build.processes(), "web (default): node-launch start -- node server.js\n");
}

#[test]
fn a_package_manager_may_start_the_app() {
    let case = express().json("package.json", |package| {
        package["scripts"]["start"] = "npm run a && npx b".into();
    });
    let build = case.build();
    assert!(!build.log().contains("warning"), "{}", build.log());
}
