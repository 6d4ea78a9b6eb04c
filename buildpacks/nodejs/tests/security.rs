//! What is told about the security of an app, and settings that are refused.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{express, node_with};

/// An app with one package.
fn with_package(name: &str, version: &str) -> Case {
    let npm = format!(
        "[ \"$1\" = ci ] && mkdir -p node_modules && \
         echo '{{\"packages\": {{\"node_modules/{name}\": {{\"version\": \"{version}\"}}}}}}' \
         >node_modules/.package-lock.json; true"
    );
    express().artifact(node_with("24.19.0", Tool::script(npm)))
}

#[test]
fn a_package_that_lets_anybody_in_is_warned_about() {
    let case = with_package("next", "16.0.6");
    let log = case.clone().build().log();
    assert!(
        log.contains("warning: next 16.0.6 has a critical vulnerability, CVE-2025-55182"),
        "{log}"
    );
    let failed = case.clone().env("BP_NODE_SECURITY_POLICY", "error").fails();
    assert_snapshot!(failed.error(), @"
    error[vulnerable-package]: next 16.0.6 has a critical vulnerability, CVE-2025-55182

    hint: update it: 15.0.5, 15.1.9, 15.2.6, 15.3.6, 15.4.8, 15.5.7 and 16.0.7 are without
    hint: set BP_NODE_SECURITY_POLICY=warn to build nevertheless
    ");
    let log = case.env("BP_NODE_SECURITY_POLICY", "off").build().log();
    assert!(!log.contains("CVE"), "{log}");
    for (name, version) in [
        ("next", "16.0.7"),
        ("next", "15.1.9"),
        ("next", "14.2.0"),
        ("react-server-dom-webpack", "19.2.1"),
    ] {
        assert!(!with_package(name, version).build().log().contains("CVE"), "{name} {version}");
    }
    assert!(with_package("react-server-dom-webpack", "19.1.1").build().log().contains("CVE"));
}

#[test]
fn a_credential_in_the_app_is_warned_about() {
    let warned = |file: &str, text: &str| {
        let log = express().file(file, text).build().log();
        assert!(!log.contains("s3cret"), "{log}");
        log.contains(&format!("warning: {file} holds a credential, and so will the image"))
    };
    assert!(warned(".npmrc", "//npm.test/:_authToken=s3cret\n"));
    assert!(warned(".yarnrc.yml", "npmScopes:\n  corp:\n    npmAuthToken: s3cret\n"));
    assert!(!warned(".npmrc", "//npm.test/:_authToken=${NPM_TOKEN}\nregistry=https://npm.test/\n"));
    assert!(!warned(".npmrc", "# _authToken=example\n"));
}

#[test]
fn files_with_variables_are_remarked_upon() {
    let log = express().file(".env", "A=1\n").file(".env.production", "A=2\n").build().log();
    assert!(log.contains("warning: .env and .env.production will be in the image"), "{log}");
}

#[test]
fn a_layout_that_does_not_exist_is_refused() {
    let failed = express().env("BP_NODE_MODULES_LAYOUT", "layers").fails();
    assert_snapshot!(failed.error(), @"
    error[bad-setting]: BP_NODE_MODULES_LAYOUT is set to `layers`, which is not `app`: packages stay in the app, there is no layout of layers

    hint: set BP_NODE_MODULES_LAYOUT to `app`: packages stay in the app, there is no layout of layers
    ");
}

#[test]
fn python_is_required_if_a_buildpack_has_it() {
    let case = express().env("BP_NPM_INCLUDE_BUILD_PYTHON", "");
    let detected = case.clone().provides("cpython").detect();
    assert_eq!(detected.group(), ["test/provides-cpython", "kouti/nodejs"]);
    let log = case.build().log();
    assert!(log.contains("warning: BP_NPM_INCLUDE_BUILD_PYTHON is set, and neither"), "{log}");
    let off = express().env("BP_NPM_INCLUDE_BUILD_PYTHON", "false").provides("cpython").detect();
    assert!(off.failure().is_some());
}
