//! Front ends: Node.js builds them, a web server serves them.

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Fake, Tool};

use crate::support::{bare, express};

/// An app whose build makes pages, in a group with a fake web server.
fn vite(server: &str) -> Case {
    express().file("dist/index.html", "<p>").after(web_server(server))
}

/// Serves on its own account.
fn web_server(name: &str) -> Fake {
    let plan = format!("provides = [{{ name = '{name}' }}]\nrequires = [{{ name = '{name}' }}]");
    Fake::new(&format!("kouti/{name}"))
        .plan(&plan)
        .build("echo \"serving ${BP_WEB_SERVER_ROOT:-what the app says}\"")
}

#[test]
fn only_the_pages_are_left_for_the_web_server() {
    let build = vite("nginx").env("BP_WEB_SERVER", "nginx").env("VITE_API", "secret").build();
    assert_snapshot!(build.log(), @"
    Kouti Node.js [version]
      Settings
        BP_WEB_SERVER   nginx
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
      The pages may hold the values of VITE_API
        they are those of this build: setting them when the image runs has no effect
      Installing BP_WEB_SERVER_ROOT=dist for the web server
      Done in [time]
    serving dist
    ");
    assert!(build.log_of("kouti/nginx").contains("serving dist"));
    assert_eq!(build.processes(), "");
    assert!(!build.app_path("node_modules").exists());
    assert!(build.find_layer("node").is_none() && build.find_layer("helper").is_none());
    // What was bundled has no file of its own that would tell.
    assert!(build.sbom("kouti_nodejs/sbom.cdx.json").contains("express"));
    let again = build.rebuild();
    assert_eq!(again.commands(), ["npm run build"]);
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn every_package_manager_makes_pages_for_either_server() {
    const INSTALL: &str = "
case $1 in
install) mkdir -p node_modules/express && echo '{}' >node_modules/express/package.json ;;
run) mkdir -p dist && echo '<p>' >dist/index.html ;;
esac
";
    let manager = |id: &str, version: &str, bin: &str| {
        Artifact::new(id, version).with("bin", bin).tool(bin, Tool::script(INSTALL))
    };
    for server in ["nginx", "httpd"] {
        for (name, lockfile, text) in [
            ("yarn", "yarn.lock", "# yarn lockfile v1\n"),
            ("pnpm", "pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ] {
            let build = express()
                .without("package-lock.json")
                .file(lockfile, text)
                .artifact(manager("yarn", "1.22.22", "bin/yarn.js"))
                .artifact(manager("pnpm", "10.34.9", "bin/pnpm.cjs"))
                .env("BP_WEB_SERVER", server)
                .after(web_server(server))
                .build();
            assert!(build.commands().contains(&format!("{name} run build")), "{name}, {server}");
            assert_eq!(build.app_file("dist/index.html"), "<p>\n");
            assert!(build.log_of(&format!("kouti/{server}")).contains("serving dist"));
            assert!(!build.app_path("node_modules").exists(), "{name}, {server}");
            assert!(!build.layers().contains("launch"), "{name}, {server}: {}", build.layers());
            assert_eq!(build.rebuild().image_digest(), build.image_digest(), "{name}, {server}");
        }
    }
}

#[test]
fn of_two_configurations_that_of_nginx_counts() {
    let servers = ["nginx", "httpd"];
    for server in servers {
        let case = vite(server).file("nginx.conf", "").file("httpd.conf", "");
        assert!(case.env("BP_NODE_RUN_SCRIPTS", "build").detect().passes(), "{server}");
    }
    // Both groups fit, so the order of the builder decides.
    let builder: toml::Table = include_str!("../../../builder.toml").parse().unwrap();
    let groups = builder["order"].as_array().unwrap().iter();
    let required = |group: &toml::Value, id: &str| {
        let members = group["group"].as_array().unwrap().iter();
        members
            .filter(|member| member.get("optional").is_none())
            .any(|member| member["id"].as_str().is_some_and(|found| found == format!("kouti/{id}")))
    };
    let frontends = groups.filter(|group| required(group, "nodejs"));
    let order: Vec<_> = frontends
        .filter_map(|group| servers.into_iter().find(|server| required(group, server)))
        .collect();
    assert_eq!(order, servers);
}

#[test]
fn a_later_buildpack_can_ask_for_the_pages() {
    let pages =
        "requires = [{ name = 'node_modules', metadata = { build = true, assets = true } }]";
    let site = || Fake::new("kouti/static").plan(pages).build("test -f dist/bundle.js");
    let without_start = || {
        express().without("server.js").json("package.json", |package| {
            package["scripts"]["start"] = serde_json::Value::Null;
        })
    };
    let build = without_start().after(site()).build();
    assert!(!build.app_path("node_modules").exists());
    assert!(build.find_layer("node").is_none());
    // Where nobody does, it is an app of another language that only has a build script.
    assert!(without_start().detect().failure().is_some());
    // An app that could serve itself does not if the user says so.
    let build = express().env("BP_NODE_FRONTEND", "true").after(site()).build();
    assert!(build.find_layer("node").is_none());
    assert!(express().env("BP_NODE_FRONTEND", "true").detect().failure().is_some());
}

#[test]
fn a_configuration_and_named_scripts_make_a_front_end() {
    let case = |conf: &str, server: &str| {
        vite(server).file(conf, "").env("BP_NODE_RUN_SCRIPTS", "build").detect()
    };
    assert!(case("nginx.conf", "nginx").failure().is_none());
    assert!(case("httpd.conf", "httpd").failure().is_none());
    let elsewhere = vite("nginx")
        .file("conf/web.conf", "")
        .env("BP_NGINX_CONF_LOCATION", "conf/web.conf")
        .env("BP_NODE_RUN_SCRIPTS", "build");
    assert!(elsewhere.detect().failure().is_none());
}

#[test]
fn a_configuration_alone_leaves_the_files_to_the_web_server() {
    let detected = express().file("nginx.conf", "").detect();
    assert_snapshot!(detected.skipped().unwrap(), @"a web server is to serve the files, and no script is to build them (BP_NODE_RUN_SCRIPTS); BP_WEB_SERVER=none makes it an app of Node.js");
    for setting in [("BP_WEB_SERVER", "none"), ("BP_NODE_FRONTEND", "false")] {
        let case = express().file("nginx.conf", "").env(setting.0, setting.1);
        assert!(case.detect().passes(), "{setting:?}");
    }
    assert!(
        !express().env("BP_WEB_SERVER", "nginx").env("BP_NODE_RUN_SCRIPTS", "").detect().passes()
    );
    let nothing_to_build = bare().file("index.html", "").env("BP_WEB_SERVER", "nginx").detect();
    assert!(!nothing_to_build.passes());
}

#[test]
fn pages_below_the_app_are_served_from_there() {
    let build = bare()
        .file("web/package.json", r#"{"scripts": {"build": "vite build"}}"#)
        .file("web/package-lock.json", "{\"lockfileVersion\": 3}")
        .file("web/out/index.html", "")
        .env("BP_NODE_PROJECT_PATH", "web")
        .env("BP_WEB_SERVER", "httpd")
        .after(web_server("httpd"))
        .build();
    assert_eq!(build.build_env()["BP_WEB_SERVER_ROOT"], "web/out");
    let set = vite("nginx").env("BP_WEB_SERVER", "nginx").env("BP_WEB_SERVER_ROOT", "mine").build();
    assert!(set.log_of("kouti/nginx").contains("serving mine"));
    let own = vite("nginx").file("project.toml", "[io.kouti.web-server]\nroot = \"dist/site\"\n");
    let own = own.env("BP_WEB_SERVER", "nginx").build();
    assert!(own.log_of("kouti/nginx").contains("serving what the app says"));
}

#[test]
fn an_unknown_web_server_is_refused() {
    assert_snapshot!(vite("nginx").env("BP_WEB_SERVER", "apache").fails().error(), @"
        error[bad-setting]: BP_WEB_SERVER is set to `apache`, which is not `nginx`, `httpd` or `none`

        hint: set BP_WEB_SERVER to `nginx`, `httpd` or `none`
        ");
}
