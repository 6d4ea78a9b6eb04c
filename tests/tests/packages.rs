//! What `pack` says of the packages and the builder.

use kouti_image_tests::pack;

fn builder() -> String {
    #[expect(clippy::disallowed_methods, reason = "the entry point of the tests")]
    let given = std::env::var("KOUTI_BUILDER");
    given.unwrap_or_else(|_| "kouti/builder:local".to_owned())
}

#[test]
#[ignore = "image test"]
fn the_builder_shows_its_buildpacks_and_their_order() {
    let text = pack(&["builder", "inspect", &builder()]);
    assert!(text.contains("kouti/nodejs"), "{text}");
    assert!(text.contains("Detection Order"), "{text}");
}

#[test]
#[ignore = "image test"]
fn a_package_shows_its_id_and_version() {
    let package = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/packages/kouti_nodejs-offline.cnb"
    );
    let text = pack(&["buildpack", "inspect", package]);
    assert!(text.contains("kouti/nodejs"), "{text}");
    assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
}
