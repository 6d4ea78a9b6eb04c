//! What `pack` says of the packages and the builder.

use kouti_image_tests::{builder, pack, packages};

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
    let package = packages().join("kouti_nodejs-offline.cnb");
    let text = pack(&["buildpack", "inspect", package.to_str().unwrap()]);
    assert!(text.contains("kouti/nodejs"), "{text}");
    assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
}
