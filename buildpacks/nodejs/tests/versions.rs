//! Which Node.js is taken.

use insta::assert_snapshot;
use kouti_testing::{Case, Target};
use serde_json::json;

use crate::support::{express, node};

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

#[test]
fn each_source_beats_those_below_it() {
    type Ask = fn(Case, &'static str) -> Case;
    let sources: [Ask; 8] = [
        |case, version| case.env("BP_NODE_VERSION", version),
        |case, version| {
            case.json("package.json", move |json| json["engines"]["node"] = version.into())
        },
        |case, version| {
            let runtime = move |version: &str| json!({"name": "node", "version": version});
            case.json("package.json", move |json| json["devEngines"]["runtime"] = runtime(version))
        },
        |case, version| {
            case.json("package.json", move |json| json["volta"]["node"] = version.into())
        },
        |case, version| case.file(".nvmrc", version),
        |case, version| case.file(".node-version", version),
        |case, version| case.file(".tool-versions", format!("nodejs {version}\n")),
        |case, version| case.file("mise.toml", format!("[tools]\nnode = '{version}'\n")),
    ];
    for first in 0..sources.len() {
        let mut case = sources[first](express(), "22.23.1");
        for below in &sources[first + 1..] {
            case = below(case, "24.17.0");
        }
        let log = case.build().log();
        assert!(log.contains("22.23.1 chosen"), "{first}: {log}");
        let warnings = log.matches("asks for Node.js 24.17.0, but").count();
        // Each is told where it is seen, and once more at the end.
        assert_eq!(warnings, 2 * (sources.len() - first - 1), "{first}: {log}");
    }
}

#[test]
fn names_of_lines_are_those_of_nvm() {
    for (text, version) in [
        ("lts/jod", "22.23.1"),
        ("LTS/Krypton", "24.18.1"),
        ("lts/*", "24.18.1"),
        ("lts/-1", "22.23.1"),
        ("node", "24.18.1"),
        ("V22", "22.23.1"),
        ("# ours\n\n22 # and why\n", "22.23.1"),
    ] {
        let log = express().file(".nvmrc", text).build().log();
        assert!(log.contains(&format!("{version} chosen")), "{text}: {log}");
    }
}

#[test]
fn what_is_no_version_names_who_said_it() {
    let failed =
        express().json("package.json", |package| package["engines"]["node"] = "abc".into()).fails();
    assert_snapshot!(failed.error(), @"
    error[bad-version-range]: `abc` (asked for in package.json (engines.node)) is not a range of versions

    hint: write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`
    ");
    assert_snapshot!(express().file(".nvmrc", "iojs").fails().error(), @"
    error[bad-version-range]: `iojs` (asked for in .nvmrc) is not a range of versions

    hint: write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`
    ");
}

#[test]
fn a_line_that_nobody_mends_any_more_is_warned_about() {
    let case = express()
        .artifact(node("20.20.2").with("eol-date", "2026-04-30"))
        .env("BP_NODE_VERSION", "20");
    let log = case.build().log();
    assert!(log.contains("20.20.2 chosen"), "{log}");
    assert_snapshot!(log.lines().find(|line| line.starts_with("warning")).unwrap(), @"warning: support of Node.js 20.20.2 ended on 2026-04-30: it gets no security fixes any more");
}

#[test]
fn a_line_with_long_term_support_can_be_preferred() {
    let lines = "[[lines]]\nid = \"node\"\nline = \"26\"\n";
    let case = express().artifact(node("26.1.0")).metadata(lines).env("BP_NODE_VERSION", ">=22");
    assert!(case.clone().build().log().contains("26.1.0 chosen"));
    let log = case.env("BP_NODE_PREFER_LTS", "true").build().log();
    assert!(log.contains("24.18.1 chosen"), "{log}");
}

#[test]
fn every_architecture_has_an_archive_of_its_own() {
    let case = express()
        .artifact(node("24.20.0").with("arch", "arm64"))
        .artifact(node("24.19.0").with("arch", "amd64"));
    let on = |arch: &str| {
        case.clone().target(Target { arch: arch.to_owned(), ..Target::default() }).build().log()
    };
    assert!(on("arm64").contains("24.20.0 chosen"));
    assert!(on("amd64").contains("24.19.0 chosen"));
}

#[test]
fn another_version_has_another_runtime_and_other_packages() {
    let build = express().build();
    let other = build.rebuild_with(|case| case.env("BP_NODE_VERSION", "22"));
    assert!(!other.layer("node").is_reused());
    assert_eq!(other.commands()[0], "npm ci --include=dev");
    assert_ne!(other.image_digest(), build.image_digest());
}
