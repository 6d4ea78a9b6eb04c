//! What becomes of the layers, processes and SBOMs that buildpacks declare.

use insta::assert_snapshot;
use kouti_testing::{Case, Fake, Outcome};

fn case(script: &str) -> Case {
    Case::group([Fake::new("test/it").build(script)])
}

#[test]
fn a_launch_layer_without_content_stays_as_it_was() {
    let script = r#"
        if [ ! -f "$layers/it.toml" ]; then mkdir "$layers/it"; cp version "$layers/it/"; fi
        printf '[types]\nlaunch = true\n' >"$layers/it.toml"
    "#;
    let first = case(script).file("version", "one").build();
    let digest = first.layer("it").digest().to_owned();

    let kept = first.rebuild_with(|case| case.file("version", "two"));
    assert_eq!(kept.layer("it").outcome(), Outcome::Kept);
    assert_eq!(kept.layer("it").digest(), digest);
    assert_eq!(kept.layer("it").read("version"), "one", "its content is in the new image too");

    let again = kept.rebuild();
    assert_eq!(again.layer("it").read("version"), "one");
    assert_eq!(again.image_digest(), kept.image_digest());
}

#[test]
fn layers_without_the_content_they_need_stop_the_export() {
    let missing = case(r#"printf '[types]\nlaunch = true\n' >"$layers/it.toml""#).fails();
    assert_eq!(missing.exit_code(), 62);
    assert_snapshot!(
        missing.failure(),
        @"export: test/it:it has no content and the previous image does not have it either"
    );
    let cached = case(r#"printf '[types]\nlaunch = true\ncache = true\n' >"$layers/it.toml""#);
    assert_snapshot!(
        cached.fails().failure(),
        @"export: test/it:it is to be cached but has no content"
    );
    // The real exporter only warns here, whatever the specification says.
    let only_cached = case(r#"printf '[types]\ncache = true\n' >"$layers/it.toml""#).build();
    assert_eq!(only_cached.warnings(), ["test/it:it is not cached because it has no content"]);
}

#[test]
fn what_breaks_the_contract_stops_the_build() {
    for (file, content, reason) in [
        (
            "it.toml",
            "launch = true",
            "build, cache and launch belong into the `types` table of it.toml",
        ),
        ("build.toml", "[[unmet]]\nname = \"x\"", "build.toml: `x` is not in its plan"),
        (
            "launch.toml",
            "[[processes]]\ntype = \"a\"\ncommand = [\"x\"]\ndirect = true",
            "launch.toml: `direct` is gone since Buildpack API 0.9",
        ),
        (
            "launch.toml",
            "[[processes]]\ntype = \"a\"\ncommand = []",
            "launch.toml: process `a` has no command",
        ),
        (
            "launch.toml",
            "[[processes]]\ntype = \"a\"\ncommand = [\"x\"]\ndefault = true\n\
             [[processes]]\ntype = \"b\"\ncommand = [\"x\"]\ndefault = true",
            "launch.toml: more than one process is the default",
        ),
        (
            "launch.sbom.cdx.json",
            "{}",
            "launch.sbom.cdx.json: buildpack.toml does not declare application/vnd.cyclonedx+json",
        ),
        ("launch.sbom.xml.json", "{}", "launch.sbom.xml.json: unsupported SBOM format"),
    ] {
        let failed = case(&format!("cat >\"$layers/{file}\" <<'END'\n{content}\nEND")).fails();
        assert_eq!(failed.failure(), format!("test/it: {reason}"));
    }
}

#[test]
fn a_process_type_that_is_no_file_name_stops_the_export() {
    let script =
        r#"printf '[[processes]]\ntype = "a/b"\ncommand = ["x"]\n' >"$layers/launch.toml""#;
    assert_eq!(case(script).fails().exit_code(), 62);
}

fn process(r#type: &str, command: &str, rest: &str) -> String {
    let table = format!("[[processes]]\ntype = \"{type}\"\ncommand = [\"{command}\"]\n{rest}\n");
    format!("cat >>\"$layers/launch.toml\" <<'END'\n{table}END\n")
}

#[test]
fn the_last_default_wins_and_a_redefinition_takes_the_mark_away() {
    let fake = |id: &str, script: String| Fake::new(id).build(&script);
    let first = fake("test/first", process("web", "one", "default = true"));
    let worker = fake("test/worker", process("worker", "two", "default = true"));
    let second = fake("test/second", process("web", "three", "working-dir = \"/srv\""));

    let both = Case::group([first.clone(), worker]).build();
    assert_snapshot!(both.processes(), @"
    web: one
    worker (default): two
    ");
    let redefined = Case::group([first, second]).build();
    assert_snapshot!(redefined.processes(), @"web: three in /srv");
    assert_snapshot!(
        redefined.warnings().join("\n"),
        @"test/second redefines the default process `web` without marking it as default"
    );
}

#[test]
fn sboms_are_sorted_by_what_their_layer_is_for() {
    let script = r#"
        for layer in run tool; do mkdir "$layers/$layer"; echo "$layer" >"$layers/$layer.sbom.cdx.json"; done
        echo stray >"$layers/stray.sbom.cdx.json"
        echo whole >"$layers/launch.sbom.cdx.json"
        printf '[types]\nlaunch = true\n' >"$layers/run.toml"
        printf '[types]\nbuild = true\n' >"$layers/tool.toml"
    "#;
    let fake = Fake::new("test/it")
        .header("sbom-formats = [\"application/vnd.cyclonedx+json;version=1.5\"]")
        .build(script);
    let build = Case::group([fake]).build();
    assert_eq!(build.sboms(), ["test_it/run/sbom.cdx.json", "test_it/sbom.cdx.json"]);
    assert_eq!(build.sbom("test_it/run/sbom.cdx.json"), "run\n");
}

#[test]
fn labels_and_slices_reach_the_image() {
    let script = r#"
        cat >"$layers/launch.toml" <<'END'
        [[labels]]
        key = "org.example.part"
        value = "first"
        [[slices]]
        paths = ["public/*"]
END
    "#;
    let build = case(script).file("public/a.css", "").file("server.js", "").build();
    assert_eq!(build.labels()["org.example.part"], "first");
    assert_eq!(build.slices(), [["public/a.css"], ["server.js"]]);
}

#[test]
fn only_launch_layers_are_left_where_the_app_will_run() {
    let script = r#"
        for layer in run tool lost; do mkdir "$layers/$layer"; echo "$layer" >"$layers/$layer/name"; done
        printf '[types]\nlaunch = true\n' >"$layers/run.toml"
        printf '[types]\nbuild = true\ncache = true\n' >"$layers/tool.toml"
        printf '[metadata]\nx = 1\n' >"$layers/lost.toml"
        printf '[[processes]]\ntype = "web"\ncommand = ["ls", "%s"]\n' "$layers" >"$layers/launch.toml"
    "#;
    let build = case(script).build();
    let exit = build.launch("web").start().unwrap().wait().unwrap();
    assert_eq!(exit.log, "run\n");
    assert_eq!(build.layer("tool").read("name"), "tool\n", "a test can still look at it");
    assert_snapshot!(build.layers(), @"
    test/it:run (launch) Added
    test/it:tool (build, cache) Added
    ");
}
