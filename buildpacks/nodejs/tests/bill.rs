//! The bill of materials of a large app: complete, valid, and without what is not in the image.

use std::collections::{BTreeMap, BTreeSet};

use kouti_testing::{Case, Tool, schemas};
use serde_json::Value;

use crate::support::{bare, node_with};

const LOCKFILE: &str = include_str!("apps/large/package-lock.json");

/// "Installs" what the lockfile says, and leaves the record that npm leaves.
const NPM: &str = r#"
case "$1" in ci)
    mkdir -p node_modules/express
    echo "{}" >node_modules/express/package.json
    cp package-lock.json node_modules/.package-lock.json
    ;;
esac
"#;

fn large() -> Case {
    bare()
        .app_dir("tests/apps/large")
        .file("server.js", "")
        .env("BP_NODE_VERSION", "26")
        .env("BP_NODE_PRUNE_DEV_DEPENDENCIES", "false")
        .artifact(node_with("26.1.0", Tool::script(NPM)))
}

/// Name and version of every package of the lockfile, and whether only developers need it.
fn locked() -> BTreeMap<(String, String), bool> {
    let lockfile: Value = serde_json::from_str(LOCKFILE).unwrap();
    let packages = lockfile["packages"].as_object().unwrap();
    let mut found = BTreeMap::new();
    for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        let installed_as = path.rsplit_once("node_modules/").unwrap().1;
        let name = package["name"].as_str().unwrap_or(installed_as).to_owned();
        let version = package["version"].as_str().unwrap().to_owned();
        let dev = package["dev"].as_bool().unwrap_or(false);
        *found.entry((name, version)).or_insert(true) &= dev;
    }
    found
}

/// Names and versions in a document of each format.
fn named(extension: &str, document: &str) -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(document).unwrap();
    let (list, name, version) = match extension {
        "cdx.json" => ("components", "name", "version"),
        "spdx.json" => ("packages", "name", "versionInfo"),
        _ => ("artifacts", "name", "version"),
    };
    let text =
        |component: &Value, field: &str| component[field].as_str().unwrap_or_default().to_owned();
    let components = document[list].as_array().unwrap().iter();
    components
        .map(|component| {
            let group =
                component["group"].as_str().map(|group| format!("{group}/")).unwrap_or_default();
            (group + &text(component, name), text(component, version))
        })
        .collect()
}

#[test]
fn every_package_of_a_large_lockfile_is_in_a_valid_bill_of_materials() {
    let built = large().build();
    let locked = locked();
    assert!(locked.len() > 500, "{}", locked.len());
    for extension in ["cdx.json", "spdx.json", "syft.json"] {
        let validator = schemas::sbom_validator(extension);
        let launch = built.sbom(&format!("kouti_nodejs/sbom.{extension}"));
        assert_eq!(schemas::faults(&validator, &launch), [""; 0], "{extension}");
        let launch = named(extension, &launch);
        let dev = built.build_sbom(&format!("kouti_nodejs/sbom.{extension}"));
        assert_eq!(schemas::faults(&validator, &dev), [""; 0], "{extension}");
        let development = named(extension, &dev);
        for (package, is_dev) in &locked {
            assert_eq!(launch.contains(package), !is_dev, "{package:?} in {extension}");
            assert_eq!(development.contains(package), *is_dev, "{package:?} in {extension}");
        }
    }
}
