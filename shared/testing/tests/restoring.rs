//! What the next build finds.

use insta::assert_snapshot;
use kouti_testing::{Case, Fake, Outcome, Types};

/// Makes one layer of these types, and says what it finds of the one before.
fn one_layer(types: Types) -> Case {
    let Types { build, cache, launch } = types;
    let script = format!(
        r#"
        found=nothing
        [ ! -f "$layers/it.toml" ] || found=metadata
        [ ! -f "$layers/it/file" ] || found="$found, content"
        [ ! -f "$layers/it.sbom.cdx.json" ] || found="$found, sbom"
        grep types "$layers/it.toml" 2>/dev/null && found="$found, types"
        echo "$found"
        mkdir -p "$layers/it"
        echo content >"$layers/it/file"
        echo '{{}}' >"$layers/it.sbom.cdx.json"
        printf '[types]\nbuild = {build}\ncache = {cache}\nlaunch = {launch}\n' >"$layers/it.toml"
        printf '[metadata]\nformat = 2\nversion = "1"\n' >>"$layers/it.toml"
        "#
    );
    Case::group([Fake::new("test/it")
        .header("sbom-formats = [\"application/vnd.cyclonedx+json\"]")
        .build(&script)])
}

#[test]
fn layers_come_back_by_their_types_and_by_what_is_left() {
    const ALL: &str = "metadata, content, sbom";
    const META: &str = "metadata, sbom";
    const NONE: &str = "nothing";
    for (types, warm, cache_lost, image_lost) in [
        (Types::ALL, ALL, NONE, ALL),
        (Types::BUILD_CACHE, ALL, NONE, ALL),
        (Types::LAUNCH_CACHE, ALL, NONE, ALL),
        (Types::CACHE, ALL, NONE, ALL),
        (Types::LAUNCH, META, META, NONE),
        (Types::BUILD_LAUNCH, NONE, NONE, NONE),
        (Types::BUILD, NONE, NONE, NONE),
        (Types::NONE, NONE, NONE, NONE),
    ] {
        let case = one_layer(types);
        let first = case.build();
        assert_eq!(first.log().trim(), NONE, "{types}: cold");
        let found = |change: fn(Case) -> Case| {
            // Each loss comes after a build that has left both.
            case.build().rebuild_with(change).log().trim().to_owned()
        };
        assert_eq!(found(|case| case), warm, "{types}: warm");
        assert_eq!(found(Case::without_cache), cache_lost, "{types}: cache lost");
        assert_eq!(found(Case::without_image), image_lost, "{types}: image lost");
        assert_eq!(found(|case| case.without_cache().without_image()), NONE, "{types}: both lost");
    }
}

#[test]
fn a_layer_that_was_dropped_once_does_not_come_back() {
    let claims = r#"printf '[types]\nlaunch = true\n' >"$layers/it.toml"; mkdir "$layers/it""#;
    let fake = |script: &str| Fake::new("test/it").build(&format!("ls $layers; {script}"));
    let case = Case::group([fake(&format!("[ -f claim ] || exit 0; {claims}"))]);
    let build = case.file("claim", "").build();
    assert_eq!(build.log(), "");
    let dropped = build.rebuild_with(|case| case.without("claim"));
    assert_snapshot!(dropped.log(), @"it.toml");
    assert!(dropped.find_layer("it").is_none());
    assert_eq!(dropped.rebuild().log(), "");
}

#[test]
fn metadata_loses_its_number_types_on_the_way() {
    let script = r#"
        cat "$layers/it.toml" 2>/dev/null || mkdir "$layers/it"
        printf '[types]\nlaunch = true\n[metadata]\nformat = 2\nversion = "1"\n' >"$layers/it.toml"
    "#;
    let build = Case::group([Fake::new("test/it").build(script)]).build();
    assert_snapshot!(build.rebuild().log(), @r#"
    [metadata]
    format = 2.0
    version = "1"
    "#);
}

#[test]
fn the_store_comes_back_from_the_image_only() {
    let script = r#"
        cat "$layers/store.toml" 2>/dev/null || echo none
        printf '[metadata]\nseen = "yes"\n' >"$layers/store.toml"
    "#;
    let build = Case::group([Fake::new("test/store").build(script)]).build();
    assert_snapshot!(build.log(), @"none");
    let again = build.rebuild_with(Case::without_cache);
    assert_snapshot!(again.log(), @r#"
    [metadata]
    seen = "yes"
    "#);
    assert_snapshot!(again.rebuild_with(Case::without_image).log(), @"none");
}

#[test]
fn a_cache_of_another_build_than_the_image_is_not_used() {
    let script = r#"
        cat "$layers/it/file" 2>/dev/null || echo nothing
        mkdir -p "$layers/it"
        cp version "$layers/it/file"
        printf '[types]\ncache = true\nlaunch = true\n' >"$layers/it.toml"
    "#;
    let case = Case::group([Fake::new("test/it").build(script)]);
    let first = case.clone().file("version", "one").build();
    assert_eq!(first.rebuild().log(), "one\n");
    let second = first.rebuild_with(|case| case.file("version", "two"));
    assert_eq!(second.log(), "one\n");
    assert_eq!(second.layer("it").outcome(), Outcome::Added);
    assert_eq!(second.rebuild().log(), "two\n");
}

#[test]
fn a_failed_build_keeps_the_image_and_the_cache_of_the_last_good_one() {
    let script = r#"
        cat "$layers/it/file" 2>/dev/null || echo nothing
        mkdir -p "$layers/it"
        cp version "$layers/it/file"
        printf '[types]\nlaunch = true\ncache = true\n' >"$layers/it.toml"
        [ ! -f fail ]
    "#;
    let good = Case::group([Fake::new("test/it").build(script)]).file("version", "one").build();
    let failed = good.rebuild_fails(|case| case.file("version", "two").file("fail", ""));
    assert_eq!(failed.exit_code(), 51);
    assert_eq!(failed.layers_left(), ["it", "it.toml"]);
    let again = failed.rebuild_with(|case| case.file("version", "one").without("fail"));
    assert_eq!(again.log(), "one\n");
    assert_eq!(again.layer("it").outcome(), Outcome::Reused);
}
