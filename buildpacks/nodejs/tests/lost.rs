//! Rebuilds that do not find all that the last build has left.

use kouti_testing::lifecycle::Target;
use kouti_testing::{Built, Case};

use crate::support::express;

/// Rebuilds after a change; the image has to be the same.
fn again(build: &Built, change: fn(Case) -> Case) -> Built {
    let again = build.rebuild_with(change);
    assert_eq!(again.image_digest(), build.image_digest(), "{}", again.log());
    again
}

#[test]
fn what_is_lost_is_made_again_and_nothing_else() {
    let build = express().build();
    let scripts = ["npm run build", "npm prune --omit=dev --ignore-scripts"];
    let all = [&["npm ci --include=dev"][..], &scripts].concat();

    let without_cache = again(&build, Case::without_cache);
    assert_eq!(without_cache.commands(), all);
    assert!(without_cache.layer("node").is_reused());

    let without_image = again(&build, Case::without_image);
    assert_eq!(without_image.commands(), scripts);
    assert!(!without_image.layer("node").is_reused());

    let without_both = again(&build, |case| case.without_cache().without_image());
    assert_eq!(without_both.commands(), all);
}

#[test]
fn on_another_system_packages_are_installed_anew_and_node_stays() {
    let build = express().build();
    let other = build.rebuild_with(|case| {
        case.target(Target { distro_version: "26.04".to_owned(), ..Target::default() })
    });
    let reason = "Rebuilding node_modules: platform was linux/amd64 ubuntu 24.04, is linux/amd64 \
                  ubuntu 26.04\n";
    assert!(other.log().contains(reason), "{}", other.log());
    assert!(other.layer("node").is_reused());
}
