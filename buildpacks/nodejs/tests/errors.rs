//! What a user is told when a build cannot go on, and that nothing half-done is left.

use insta::assert_snapshot;
use kouti_testing::upstream::{Fault, Page, Upstream};
use kouti_testing::{Artifact, Case, Failed, Tool};

use crate::support::{bare, express, node_with};

#[test]
fn a_broken_package_json_is_shown_in_place() {
    let failed = express()
        .file(
            "package.json",
            "{\n  \"name\": \"shop\",\n  \"scripts\": {\n    \"start\": node server.js\n  }\n}\n",
        )
        .fails();
    assert_snapshot!(failed.log(), @r#"

    error[bad-package-json]: package.json is not valid JSON
     --> package.json:4:14
      |
    4 |     "start": node server.js
      |              ^^^^ expected a value; a text stands in double quotes

    hint: look for a comma too many or too few, a comment, or single quotes
    "#);
    assert_eq!(failed.exit_code(), 21);
}

#[test]
fn an_impossible_version_lists_what_there_is() {
    let failed =
        express().json("package.json", |package| package["engines"]["node"] = "^30".into()).fails();
    assert_snapshot!(failed.log(), @"
    Kouti Node.js [version]

    error[no-release]: no Node.js release fits `^30` (asked for in package.json (engines.node))

    hint: change the version in package.json (engines.node)
    hint: available: 24.18.1, 24.17.0, 22.23.1
    ");
    assert_eq!(failed.layers_left(), [""; 0]);
}

#[test]
fn a_range_nobody_can_read_names_its_file() {
    let failed = express().file(".nvmrc", "system-default\n").fails();
    assert_snapshot!(failed.error(), @"
    error[bad-version-range]: `system-default` (asked for in .nvmrc) is not a range of versions

    hint: write it like `24.x`, `~24.18.1`, `^24.18.1`, `>=22 <25` or `22.x || 24.x`
    ");
}

#[test]
fn a_misspelt_setting_gets_a_suggestion() {
    let case = express().env("BP_NODE_VERSON", "22");
    let build = case.build();
    assert_snapshot!(build.log(), @"
    Kouti Node.js [version]
    warning: no buildpack reads BP_NODE_VERSON
    hint: did you mean BP_NODE_VERSION?
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
    warning: no buildpack reads BP_NODE_VERSON
    hint: did you mean BP_NODE_VERSION?
    ");
    let failed = case.env("BP_STRICT_CONFIG", "true").fails();
    assert_snapshot!(failed.error(), @"
    error[unknown-setting]: no buildpack reads BP_NODE_VERSON

    hint: did you mean BP_NODE_VERSION?
    ");
}

#[test]
fn a_wrong_value_says_what_may_be_written() {
    let failed = express().env("BP_NODE_PREFER_LTS", "maybe").fails();
    assert_snapshot!(failed.error(), @"
    error[bad-setting]: BP_NODE_PREFER_LTS is set to `maybe`, which is not true or false

    hint: set BP_NODE_PREFER_LTS to true or false
    ");
}

#[test]
fn a_failed_install_shows_the_message_of_npm_and_then_ours() {
    let npm = Tool::fails(
        1,
        "npm error code EUSAGE\n\
         npm error\n\
         npm error `npm ci` can only install packages when your package.json and package-lock.json \
         or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before \
         continuing.\n\
         npm error\n\
         npm error Missing: debug@4.4.3 from lock file",
    );
    let case = express().env("BP_NODE_VERSION", "26").artifact(node_with("26.1.0", npm));
    let failed = case.fails();
    assert_snapshot!(failed.log(), @"
    Kouti Node.js [version]
      Settings
        BP_NODE_VERSION   26
      Choosing Node.js
        BP_NODE_VERSION   26     <- used
        default           24.x
        26.1.0 chosen (newest that fits; supported until 2028-04-30)
      Installing Node.js 26.1.0 for the build
        844 B from the buildpack in [time], sha256 ok
      Installing node_modules
      Running npm ci --include=dev
          npm error code EUSAGE
          npm error
          npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.
          npm error
          npm error Missing: debug@4.4.3 from lock file

    error[lockfile-out-of-date]: package-lock.json does not fit package.json: it lacks `debug@4.4.3`
      caused by: `npm ci --include=dev` ended with exit code 1

    hint: run `npm install` and commit package-lock.json
    ");
    // Neither the modules nor Node.js for the image: the next build starts anew.
    assert_snapshot!(failed.layers_left().join("\n"), @"
    node-build
    node-build.toml
    npm-cache
    npm-cache.toml
    ");
}

#[test]
fn a_failed_script_is_named() {
    let npm = Tool::script(r#"[ "$1" = run ] && echo "main.ts(3,7): error TS2322" && exit 2"#);
    let case = express().env("BP_NODE_VERSION", "26").artifact(node_with("26.1.0", npm));
    assert_snapshot!(case.fails().error(), @"
    error[command-failed]: `npm ci --include=dev` ended with exit code 1

    hint: its own message is above
    ");
}

#[test]
fn an_unknown_script_is_refused() {
    let failed = express().env("BP_NODE_RUN_SCRIPTS", "bulid").fails();
    assert_snapshot!(failed.error(), @"
    error[unknown-script]: BP_NODE_RUN_SCRIPTS names the script `bulid`, which package.json does not have

    hint: its scripts are: build, start
    ");
}

#[test]
fn a_wrong_checksum_installs_nothing() {
    let upstream = Upstream::start();
    let right = node_with("26.1.0", Tool::succeeds()).uri(upstream.url("/node-26.1.0.tar.gz"));
    upstream.serve(
        "/node-26.1.0.tar.gz",
        Page::simple(node_with("26.1.0", Tool::fails(1, "evil")).to_bytes()),
    );
    let failed = from(right).fails();
    assert_snapshot!(log(&failed, &upstream), @"
    Kouti Node.js [version]
      Settings
        BP_NODE_VERSION   26
      Choosing Node.js
        BP_NODE_VERSION   26     <- used
        default           24.x
        26.1.0 chosen (newest that fits; supported until 2028-04-30)
      Installing Node.js 26.1.0 for the build
        636 B came with the wrong checksum; downloading once more

    error[checksum-mismatch]: Node.js 26.1.0 from http://<upstream>/node-26.1.0.tar.gz is not what the catalogue promises
      expected sha256:0e07851cb4a6823ad4ed6a396f94e7f218a1abd494d13635540100ad04443159
      actual   sha256:cc928a7b535a466320ba3c0b665568550d22f440b061d76c4a35e9c146b14702 (636 B)

    hint: a mirror must serve exactly the same bytes as the original, not a repacked file
    hint: if the original was replaced upstream, update the buildpack
    ");
    assert_eq!(failed.layers_left(), ["downloads", "downloads.toml"]);
}

#[test]
fn a_truncated_download_installs_nothing() {
    let upstream = Upstream::start();
    let node = node_with("26.1.0", Tool::succeeds()).uri(upstream.url("/node-26.1.0.tar.gz"));
    upstream.serve("/node-26.1.0.tar.gz", Page::simple(node.to_bytes()));
    upstream.always("/node-26.1.0.tar.gz", Fault::TruncateAt(300));
    let failed = from(node).env("BP_DOWNLOAD_ATTEMPTS", "1").fails();
    assert_snapshot!(log(&failed, &upstream), @"
    Kouti Node.js [version]
      Settings
        BP_NODE_VERSION        26
        BP_DOWNLOAD_ATTEMPTS   1
      Choosing Node.js
        BP_NODE_VERSION   26     <- used
        default           24.x
        26.1.0 chosen (newest that fits; supported until 2028-04-30)
      Installing Node.js 26.1.0 for the build
        http://<upstream>/node-26.1.0.tar.gz: the connection broke after 300 B of 626 B

    error[download-failed]: cannot download Node.js 26.1.0 from http://<upstream>/node-26.1.0.tar.gz: the connection broke after 300 B of 626 B

    hint: try again: this may pass
    hint: set BP_DEPENDENCY_MIRROR to a mirror that has the file
    ");
    assert_eq!(failed.layers_left(), ["downloads", "downloads.toml"]);
}

/// An app that wants this Node.js.
fn from(node: Artifact) -> Case {
    express().artifact(node).env("BP_NODE_VERSION", "26")
}

/// The log, without the address that differs from run to run.
fn log(failed: &Failed, upstream: &Upstream) -> String {
    failed.log().replace(&upstream.address().to_string(), "<upstream>")
}

#[test]
fn a_full_disk_is_told_by_npm_and_explained() {
    let npm = Tool::fails(228, "npm error code ENOSPC");
    let failed = express().env("BP_NODE_VERSION", "26").artifact(node_with("26.1.0", npm)).fails();
    assert_snapshot!(failed.error(), @"
    error[no-space-left]: the disk of this build is full
      caused by: `npm ci --include=dev` ended with exit code 228

    hint: free some space, or give the build more
    ");
    assert!(!failed.layers_left().contains(&"node-modules-cache.toml".to_owned()));
}

#[test]
fn a_project_outside_the_app_is_refused() {
    for (path, message) in [
        ("../other", "leads out of the app"),
        ("/etc", "must be relative to the app"),
        ("missing", "does not exist"),
        ("package.json", "is not a directory"),
    ] {
        let failed = express().env("BP_NODE_PROJECT_PATH", path).fails();
        assert!(failed.error().contains(message), "{path}: {}", failed.error());
        assert_eq!(failed.exit_code(), 21, "{path}");
    }
    let failed = express().env("BP_NODE_PROJECT_PATH", "missing").fails();
    assert_snapshot!(failed.error(), @"
    error[bad-project-path]: BP_NODE_PROJECT_PATH is `missing`, which does not exist

    hint: name the directory of the package.json to build, such as `apps/shop`
    ");
    let failed = express()
        .file("apps/shop/package.json", "{}")
        .file("apps/admin/package.json", "{}")
        .file("apps/shop/node_modules/ms/package.json", "{}")
        .env("BP_NODE_PROJECT_PATH", "apps/shpo")
        .fails();
    assert_snapshot!(failed.error(), @"
    error[bad-project-path]: BP_NODE_PROJECT_PATH is `apps/shpo`, which does not exist

    hint: name a directory with a package.json: `apps/admin`, `apps/shop`
    ");
}

#[test]
fn the_next_build_after_a_failure_is_a_good_one() {
    let npm = Tool::fails(1, "npm error code ENOTFOUND");
    let build = express().build();
    let failed = build
        .rebuild_fails(|case| case.env("BP_NODE_VERSION", "26").artifact(node_with("26.1.0", npm)));
    assert!(failed.error().starts_with("error[registry-unreachable]"), "{}", failed.error());
    let again = failed.rebuild_with(|case| case.env("BP_NODE_VERSION", ""));
    assert_eq!(again.image_digest(), build.image_digest());
    assert!(again.log().contains("Reusing node_modules"));
}

#[test]
fn a_lint_only_package_json_is_no_app() {
    let detected = bare()
        .file(
            "package.json",
            r#"{"devDependencies": {"eslint": "9"}, "scripts": {"lint": "eslint"}}"#,
        )
        .detect();
    assert!(!detected.passes());
    assert_snapshot!(detected.skipped().unwrap_or_default(), @"no start script, no server.js, app.js, main.js or index.js, and no Procfile that runs Node.js");
}

#[test]
fn a_manifest_that_has_moved_on_without_its_lockfile_fails_every_time() {
    let npm = Tool::fails(1, "npm error code EUSAGE\nnpm error Missing: ms@2.1.3 from lock file");
    let case = express().env("BP_NODE_VERSION", "26").artifact(node_with("26.1.0", npm));
    let built = express().build();
    for failed in [case.fails(), built.rebuild_fails(|_| case.clone())] {
        assert!(failed.error().starts_with("error[lockfile-out-of-date]"), "{}", failed.error());
    }
}
