//! A real program under test, in the shape the packager would give it.

use insta::assert_snapshot;
use kouti_testing::{Artifact, Case, Fake, Subject, Tool};

/// A program that runs both phases by its name, like any Kouti buildpack.
const PROGRAM: &str = r#"#!/bin/sh
set -eu
if [ "${0##*/}" = detect ]; then
    [ -f package.json ] || { echo "skipped: no package.json"; exit 100; }
    printf 'provides = [{ name = "node" }]\nrequires = [{ name = "node" }]\n' >"$2"
    exit 0
fi
for archive in "$CNB_BUILDPACK_DIR"/dependencies/sha256/*; do
    mkdir -p "$1/node"
    tar -xzf "$archive" -C "$1/node"
done
printf '[types]\nlaunch = true\n' >"$1/node.toml"
mkdir -p "$1/node/exec.d"
[ ! -e "$CNB_BUILDPACK_DIR/bin/helper" ] || cp "$CNB_BUILDPACK_DIR/bin/helper" "$1/node/exec.d/10-help"
PATH="$1/node/bin:$PATH" npm ci
printf '[[processes]]\ntype = "web"\ncommand = ["node", "server.js"]\n' >"$1/launch.toml"
cp "$CNB_BUILDPACK_DIR/buildpack.toml" .
"#;

const DESCRIPTOR: &str = r#"
api = "0.10"

[buildpack]
id = "kouti/nodejs"
version = "0.0.0"

[[targets]]
os = "linux"

[metadata]
catalog = "catalog.toml"

[[metadata.configurations]]
name = "BP_NODE_VERSION"
"#;

/// The program and its descriptor, on disk.
fn subject(dir: &tempfile::TempDir) -> Subject {
    let program = dir.path().join("kouti-nodejs");
    kouti_testing::write_program(&program, PROGRAM).expect("the program can be written");
    let descriptor = dir.path().join("buildpack.toml");
    fs_err::write(&descriptor, DESCRIPTOR).expect("the descriptor can be written");
    Subject::new(program, descriptor)
}

fn node() -> Artifact {
    Artifact::new("node", "22.11.0")
        .tool("bin/node", Tool::prints("serving"))
        .tool("bin/npm", Tool::prints("added 1 package"))
        .link("bin/nodejs", "node")
        .file("README", "about")
}

#[test]
fn its_catalogue_is_made_of_the_artifacts_of_the_test() {
    let dir = tempfile::tempdir().unwrap();
    let build = Case::group([subject(&dir)])
        .file("package.json", "{}")
        .artifact(node().with("arch", "amd64"))
        .default_version("node", "22.*")
        .default_version("npm", "10.*")
        .metadata("[[lines]]\nid = \"node\"\nline = \"22\"\n")
        .build();
    let descriptor = build.app_file("buildpack.toml").replace(&node().sha256(), "<sha256>");
    assert_snapshot!(descriptor, @r#"
    api = "0.10"

    [buildpack]
    id = "kouti/nodejs"
    version = "0.0.0"

    [[metadata.configurations]]
    name = "BP_NODE_VERSION"

    [metadata.default-versions]
    node = "22.*"
    npm = "10.*"

    [[metadata.dependencies]]
    arch = "amd64"
    checksum = "sha256:<sha256>"
    id = "node"
    name = "node"
    strip-components = 0
    uri = "https://artifacts.test/node-22.11.0.tar.gz"
    version = "22.11.0"

    [[metadata.lines]]
    id = "node"
    line = "22"

    [[targets]]
    os = "linux"
    "#);
    assert_eq!(build.layer("node").files(), ["README", "bin/node", "bin/nodejs", "bin/npm"]);
}

#[test]
fn tools_of_an_artifact_note_their_calls_wherever_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::group([subject(&dir)]).file("package.json", "{}").artifact(node());
    let build = case.build();
    assert_eq!(build.log(), "added 1 package\n");
    assert_eq!(build.commands(), ["npm ci"]);
    assert_eq!(build.calls("npm")[0].dir, "<app>");

    let exit = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(exit.log, "serving\n");
    assert_eq!(build.commands(), ["npm ci"], "what runs later is no part of the build");
    assert_eq!(build.launch_calls()[0].line(), "node server.js");
}

#[test]
fn an_artifact_has_the_same_bytes_in_every_case() {
    assert_eq!(node().to_bytes(), node().to_bytes());
    assert_ne!(node().sha256(), node().file("more", "").sha256());
    assert_eq!(Artifact::new("jar", "1.0.0").bytes("raw").to_bytes(), b"raw");
}

#[test]
fn an_artifact_with_an_address_has_to_be_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let failed = Case::group([subject(&dir)])
        .file("package.json", "{}")
        .artifact(node().uri("http://127.0.0.1:9/node.tar.gz"))
        .fails();
    assert!(failed.log().contains("dependencies/sha256"), "{}", failed.log());
}

#[test]
fn its_helper_is_part_of_the_package() {
    let dir = tempfile::tempdir().unwrap();
    let helper = dir.path().join("kouti-nodejs-helper");
    kouti_testing::write_program(&helper, "#!/bin/sh\necho 'HELP = \"yes\"' >&3\n").unwrap();
    let case = Case::group([subject(&dir).helper(helper)]).artifact(node());
    let build = case.file("package.json", "{}").build();
    assert_eq!(build.launch_env("web")["HELP"], "yes");
}

#[test]
fn shortcuts_are_about_the_subject_among_others() {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::group([subject(&dir)])
        .provides("watchexec")
        .requires("watchexec", "launch = true")
        .before(Fake::new("test/first").build("echo first"))
        .artifact(node());
    assert_eq!(case.detect().skipped().as_deref(), Some("no package.json"));
    let build = case.file("package.json", "{}").build();
    assert_eq!(build.id(), "kouti/nodejs");
    assert_snapshot!(build.log(), @"
    first
    added 1 package
    ");
    assert_eq!(build.log_of("kouti/nodejs"), "added 1 package\n");
}
