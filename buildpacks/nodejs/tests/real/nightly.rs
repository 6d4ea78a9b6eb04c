//! More of the same, which takes longer than a test on every change may.

use super::*;

#[test]
#[ignore = "real package managers"]
fn yarn_with_node_modules_makes_the_same_of_the_same_lockfile() {
    same_bytes(YarnModules);
}

#[test]
#[ignore = "real package managers"]
fn yarn_with_plug_and_play_makes_the_same_of_the_same_lockfile() {
    same_bytes(YarnPlugAndPlay);
}

#[test]
#[ignore = "real package managers"]
fn pnpm_11_makes_the_same_of_the_same_lockfile() {
    same_bytes(Pnpm("11.28.11"));
}

#[test]
#[ignore = "real package managers"]
fn modules_are_compiled_with_the_headers_that_are_there() {
    for manager in ALL {
        let registry = Registry::start();
        let files = allowing(manager, shop(manager));
        let case = manager.app(&registry, &files);
        let build = case.build();
        assert_eq!(prints(&build), "compiled with true\n", "{manager:?}");
        assert_eq!(named(&build, "Makefile"), [""; 0], "{manager:?}");
        let digest = build.image_digest();
        // Everything anew, as on another machine.
        let other = build.rebuild_with(|case| case.without_cache().without_image());
        assert_eq!(other.image_digest(), digest, "{manager:?}: {}", other.log());
    }
}

#[test]
#[ignore = "real package managers"]
fn another_line_of_node_compiles_packages_again() {
    const MADE: &str = "require('fs').writeFileSync('made', process.versions.modules)\n";
    const FITS: &str = "const made = require('fs').readFileSync(__dirname + '/made', 'utf8')
module.exports = made === process.versions.modules ? 'fits' : `was made for ${made}`
";
    let mut registry = Registry::start();
    registry.publish(
        json!({
            "name": "abi", "version": "1.0.0", "scripts": {"install": "node make.js"},
            "hasInstallScript": true
        }),
        &[("make.js", MADE), ("index.js", FITS)],
    );
    let mut files = shop(Npm);
    files[0].1 = files[0].1.replace(r#""greet":"^1.0.0""#, r#""abi":"1.0.0""#);
    files[1].1 = "console.log(require('abi'))\n".to_owned();
    let older = records().into_iter().filter(|record| {
        text(record, "id") == "node" && text(record, "version").starts_with("22.")
    });
    let case = older.fold(Npm.app(&registry, &files), |case, record| case.artifact(real(&record)));
    let build = case.env("BP_NODE_VERSION", "22").build();
    assert_eq!(prints(&build), "fits\n");
    let again = build.rebuild_with(|case| case.env("BP_NODE_VERSION", "24"));
    assert!(again.log().contains("Rebuilding node_modules: "), "{}", again.log());
    assert_eq!(prints(&again), "fits\n");
}

#[test]
#[ignore = "real package managers"]
fn pnpm_tells_which_scripts_nobody_has_allowed() {
    let registry = Registry::start();
    let files = |manager| {
        let mut files = shop(manager);
        files[0].1 =
            files[0].1.replace(r#""greet":"^1.0.0""#, r#""greet":"^1.0.0","native":"1.0.0""#);
        files
    };
    let old = Pnpm("10.34.9");
    let build = old.app(&registry, &files(old)).build();
    let warning = "has not run the install scripts of native";
    assert!(build.log().contains(warning), "{}", build.log());
    let new = Pnpm("11.28.11");
    let failed = new.app(&registry, &files(new)).fails();
    assert!(failed.error().starts_with("error[install-script-not-allowed]"), "{}", failed.log());
}

#[test]
#[ignore = "real package managers"]
fn packages_of_a_workspace_find_each_other_and_lose_what_only_builds_need() {
    for manager in ALL {
        let registry = Registry::start();
        let case = manager.app(&registry, &workspace(manager));
        let build = case.env("BP_NODE_PROJECT_PATH", "packages/web").build();
        assert_eq!(prints(&build), "hello lib hello lib\n", "{manager:?}");
        for tool in ["tool", "turbo"] {
            assert_eq!(named(&build, tool), [""; 0], "{manager:?}: {}", build.log());
        }
        if matches!(manager, Pnpm(_)) {
            assert!(build.app_path("node_modules/.prisma").is_dir(), "{manager:?}");
        }
        let again = build.rebuild();
        assert_eq!(again.image_digest(), build.image_digest(), "{manager:?}: {}", again.log());
    }
}

#[test]
#[ignore = "real package managers"]
fn packages_of_a_workspace_may_be_modules() {
    for manager in ALL {
        let registry = Registry::start();
        let mut files = workspace(manager);
        for (path, text) in &mut files {
            *text = match *path {
                "packages/web/server.js" => "import lib from 'lib'\nconsole.log(lib)\n".into(),
                "packages/lib/index.js" => {
                    "import greet from 'greet'\nexport default greet('module')\n".into()
                }
                "package.json" => continue,
                path if path.ends_with("package.json") => {
                    text.replacen('{', r#"{"type": "module", "exports": "./index.js","#, 1)
                }
                _ => continue,
            };
        }
        let case = manager.app(&registry, &files);
        let build = case.env("BP_NODE_PROJECT_PATH", "packages/web").build();
        let printed = prints(&build);
        assert!(printed.contains("hello module hello module\n"), "{manager:?}: {printed}");
        assert_eq!(named(&build, "tool"), [""; 0], "{manager:?}: {}", build.log());
    }
}

#[test]
#[ignore = "real package managers"]
fn packages_of_yarn_classic_may_stay_where_they_are_needed() {
    let registry = Registry::start();
    let mut files = workspace(YarnClassic);
    let hoisted = r#""workspaces":["packages/*"]"#;
    let apart = r#""workspaces":{"packages":["packages/*"],"nohoist":["**"]}"#;
    files[0].1 = files[0].1.replace(hoisted, apart);
    assert!(files[0].1.contains("nohoist"), "{}", files[0].1);
    let case = YarnClassic.app(&registry, &files).env("BP_NODE_PROJECT_PATH", "packages/web");
    let build = case.build();
    assert!(build.app_path("packages/lib/node_modules/greet").is_dir());
    assert_eq!(prints(&build), "hello lib hello lib\n");
    assert_eq!(named(&build, "tool"), [""; 0], "{}", build.log());
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
#[ignore = "real package managers"]
fn every_package_manager_runs_turborepo() {
    for manager in ALL {
        let registry = Registry::start();
        let mut files = workspace(manager);
        files.push(("turbo.json", "{}".to_owned()));
        let case = manager.app(&registry, &files);
        let build = case.env("BP_NODE_PROJECT_PATH", "packages/web").build();
        let line = "turbo run build --filter=web... --env-mode=loose";
        assert!(build.log().contains(&format!("      {line}\n")), "{manager:?}: {}", build.log());
    }
}

#[test]
#[ignore = "real package managers"]
fn a_private_registry_is_asked_with_what_is_bound_and_leaves_no_trace() {
    let token = "canary-91c2e7";
    for manager in ALL {
        let registry = Registry::private(token);
        let host = registry.url().trim_start_matches("http:").to_owned();
        let mut npmrc = format!("registry={}\n{host}:_authToken={token}\n", registry.url());
        if manager == YarnClassic {
            // It asks for packages without a scope as nobody otherwise.
            npmrc.push_str("always-auth=true\n");
        }
        let yarnrc = format!("npmAlwaysAuth: true\nnpmAuthToken: {token}\n");
        // The lockfile is written by somebody who is let in.
        let open = Registry::start();
        let files = [shop(manager), manager.files()].concat();
        let lockfile = manager.lock(&open, &files).replace(&open.url(), &registry.url());
        let case = files
            .iter()
            .fold(case(&registry, manager), |case, (path, text)| case.file(path, text.clone()))
            .file(manager.lockfile(), lockfile);
        let refused = case.clone().fails();
        assert!(
            refused.error().starts_with("error[registry-refused]"),
            "{manager:?}: {}",
            refused.log()
        );
        let bound = match manager {
            YarnModules | YarnPlugAndPlay => {
                case.binding("us", "yarnrc", [(".yarnrc.yml", yarnrc.as_str())])
            }
            _ => case.binding("us", "npmrc", [(".npmrc", npmrc.as_str())]),
        };
        let build = bound.build();
        assert_eq!(prints(&build), "hello shop hello shop\n", "{manager:?}");
        assert_eq!(build.leaks(token), [""; 0], "{manager:?}");
    }
}

#[test]
#[ignore = "real package managers"]
fn modules_that_came_with_the_app_are_compiled_for_it() {
    let registry = Registry::start();
    let files = allowing(Npm, shop(Npm));
    let case = Npm.app(&registry, &files).env("BP_NODE_RUN_SCRIPTS", "");
    let installed = case.clone().build();
    let copy = tempfile::tempdir().unwrap();
    let mut copies = Command::new("cp");
    copies.arg("-a").arg(installed.app_path("node_modules")).arg(copy.path());
    assert!(copies.status().unwrap().success());
    let vendored = case.app_dir(copy.path()).without("node_modules/native/build");
    let again = vendored.build();
    assert!(again.log().contains("Running npm rebuild"), "{}", again.log());
    assert_eq!(prints(&again), "compiled with true\n");
}

#[test]
#[ignore = "real package managers"]
fn yarn_classic_installs_from_a_mirror_of_the_app() {
    let registry = Registry::start();
    let case = YarnClassic
        .app(&registry, &shop(YarnClassic))
        .file(".yarnrc", "yarn-offline-mirror \"./mirror\"\n");
    let case = ["greet-1.0.0.tgz", "times-2.1.0.tgz", "tool-1.0.0.tgz"]
        .into_iter()
        .fold(case, |case, name| case.file(&format!("mirror/{name}"), registry.archive(name)));
    drop(registry);
    let build = case.clone().build();
    assert!(build.log().contains("--frozen-lockfile --offline\n"), "{}", build.log());
    assert_eq!(prints(&build), "hello shop hello shop\n");
    assert_eq!(named(&build, "tool"), [""; 0]);
    assert!(!build.app_path("mirror").exists());
    let failed = case.without("mirror/times-2.1.0.tgz").fails();
    assert!(failed.error().starts_with("error[not-in-offline-cache]"), "{}", failed.log());
}

#[test]
#[ignore = "real package managers"]
fn a_bound_yarnrc_counts() {
    let registry = Registry::start();
    let files = allowing(YarnClassic, shop(YarnClassic));
    let case = YarnClassic.app(&registry, &files);
    let compiled = |build: &Built| !named(build, "native.node").is_empty();
    assert!(compiled(&case.build()));
    let yarnrc = "--install.ignore-scripts true\n";
    assert!(!compiled(&case.binding("us", "yarnrc", [(".yarnrc", yarnrc)]).build()));
}

#[test]
#[ignore = "real package managers"]
fn archives_of_yarn_that_came_with_the_app_need_no_network() {
    for manager in [YarnModules, YarnPlugAndPlay] {
        let registry = Registry::start();
        let files = allowing(manager, shop(manager));
        // Without `node_modules`, an install leaves what an app may commit.
        let filled = YarnPlugAndPlay
            .app(&registry, &allowing(manager, shop(manager)))
            .env("BP_NODE_PRUNE_DEV_DEPENDENCIES", "false")
            .build();
        let copy = tempfile::tempdir().unwrap();
        fs_err::create_dir(copy.path().join(".yarn")).unwrap();
        let mut copies = Command::new("cp");
        copies.arg("-a").arg(filled.app_path(".yarn/cache")).arg(copy.path().join(".yarn"));
        assert!(copies.status().unwrap().success());
        let case = manager.app(&registry, &files).app_dir(copy.path());
        drop(registry);
        let build = case.build();
        assert!(build.log().contains(" --immutable-cache\n"), "{}", build.log());
        assert_eq!(prints(&build), "compiled with true\n", "{manager:?}");
        let is_in_image = manager == YarnPlugAndPlay;
        assert_eq!(build.app_path(".yarn/cache").exists(), is_in_image, "{manager:?}");
        assert_eq!(build.rebuild().image_digest(), build.image_digest(), "{manager:?}");
    }
}

#[test]
#[ignore = "real runtimes"]
fn authorities_of_the_system_are_believed_on_every_line() {
    const ASK: &str = "const https = require('https')
const { Worker, isMainThread } = require('worker_threads')
const say = text => console.log(`${isMainThread ? 'app' : 'worker'}: ${text}`)
https.get(process.env.SITE, answer => {
  answer.resume()
  say('believed')
}).on('error', error => say(error.code))
if (isMainThread && process.env.WORKER) {
  const NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --no-warnings`
  new Worker(__filename, { env: { ...process.env, NODE_OPTIONS } })
}
";
    let authority = Authority::new("Company CA");
    let site = Upstream::tls(&authority.issue(&["127.0.0.1"]));
    site.serve("/", "");
    let dir = tempfile::tempdir().unwrap();
    let pem = dir.path().join("company.pem");
    fs_err::write(&pem, authority.pem()).unwrap();
    let package = r#"{"scripts": {"build": "node ask.js", "start": "node ask.js"}}"#;
    for line in ["20", "22", "24", "26"] {
        let case = case_of_line(line)
            .file("package.json", package)
            .file("ask.js", ASK)
            .env("SITE", site.url("/"));
        let unknown = case.clone().build();
        assert!(unknown.log().contains("app: UNABLE_TO"), "{line}: {}", unknown.log());
        let build = case.env("SSL_CERT_FILE", pem.to_str().unwrap()).build();
        assert!(build.log().contains("app: believed"), "{line}: {}", build.log());
        let mut launch = build.launch("web").env("SITE", site.url("/"));
        let ended = launch.start().unwrap().wait().unwrap();
        assert!(ended.log.contains("app: UNABLE_TO"), "{line}: {}", ended.log);
        launch = launch.env("SSL_CERT_FILE", &pem);
        if line != "20" {
            // What older ones have for this is refused by a thread with variables of its own.
            launch = launch.env("WORKER", "true");
        }
        let ended = launch.start().unwrap().wait().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{line}: {}", ended.log);
        assert!(ended.log.contains("app: believed\n"), "{line}: {}", ended.log);
        assert_eq!(ended.log.contains("worker: believed\n"), line != "20", "{line}");
    }
}
