//! Which Node.js is taken.

use insta::assert_snapshot;

use crate::support::express;

#[test]
fn every_source_alone_is_heard() {
    for (file, content) in [
        (".nvmrc", "v22\n"),
        (".nvmrc", "lts/jod"),
        (".node-version", "22.23.1"),
        (".tool-versions", "nodejs 22.23.1\n"),
        ("mise.toml", "[tools]\nnode = '22'\n"),
    ] {
        let build = express().file(file, content).build();
        assert!(build.log().contains("22.23.1 chosen"), "{file}: {}", build.log());
    }
    for (pointer, value) in [
        ("/engines/node", serde_json::json!("22.x")),
        ("/volta/node", serde_json::json!("22.23.1")),
        ("/devEngines/runtime", serde_json::json!({"name": "node", "version": "22"})),
    ] {
        let build = express()
            .json("package.json", move |package| {
                let (object, key) = pointer[1..].split_once('/').unwrap();
                package[object][key] = value.clone();
            })
            .build();
        assert!(build.log().contains("22.23.1 chosen"), "{pointer}: {}", build.log());
    }
}

#[test]
fn the_log_shows_every_request_and_warns_of_those_not_met() {
    let build = express()
        .env("BP_NODE_VERSION", "22")
        .file(".nvmrc", "24.17.0")
        .file(".tool-versions", "nodejs system\n")
        .json("package.json", |package| package["engines"]["node"] = ">=20".into())
        .build();
    assert_snapshot!(build.log().lines().take(16).collect::<Vec<_>>().join("\n"), @"
    Kouti Node.js [version]
      Settings
        BP_NODE_VERSION   22
      Choosing Node.js
        BP_NODE_VERSION               22        <- used
        package.json (engines.node)   >=20
        .nvmrc                        24.17.0
        default                       24.x
        22.23.1 chosen (newest that fits; supported until 2027-04-30)
    warning: .nvmrc asks for Node.js 24.17.0, but BP_NODE_VERSION decides, and 22.23.1 does not fit it
    warning: .tool-versions asks for `system`, which names no version of Node.js: it is ignored
      Installing Node.js 22.23.1 for the build
        1.0 kB from the buildpack in [time], sha256 ok
      Installing node_modules
      Running npm ci --include=dev
          added packages
    ");
}

#[test]
fn another_buildpack_can_ask_for_a_version() {
    let build = express()
        .requires("node", "version = \"22\", version-source = \"rails\", build = true")
        .build();
    assert!(build.log().contains("rails"), "{}", build.log());
    assert!(build.log().contains("22.23.1 chosen"));
    assert_eq!(build.build_env()["NODE_HOME"], "<layers>/kouti_nodejs/node-build");
}
