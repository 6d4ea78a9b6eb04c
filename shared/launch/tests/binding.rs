//! Service bindings from directories and from Cloud Foundry.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use insta::assert_snapshot;
use kouti_launch::binding::{Bindings, UnusableBindings};
use kouti_report::{Colour, Problem};
use proptest::prelude::*;
use tempfile::TempDir;

/// A platform directory with these files below `bindings/`.
fn platform(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join("bindings").join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }
    dir
}

fn env(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// One line per binding: name, type, provider, tags, keys.
fn listed(bindings: &Bindings) -> String {
    let lines: Vec<_> = bindings
        .iter()
        .map(|binding| {
            let keys: Vec<_> = binding.keys().collect();
            let provider = binding.provider.as_deref().unwrap_or("-");
            format!("{} {} {provider} {:?} {keys:?}", binding.name, binding.kind, binding.tags)
        })
        .collect();
    lines.join("\n")
}

fn page(problem: impl Into<Problem>) -> String {
    problem.into().page("kouti/test 0.0.0", Colour::Off)
}

fn at_build(files: &[(&str, &str)], variables: &[(&str, &str)]) -> (TempDir, Bindings) {
    let dir = platform(files);
    let bindings = Bindings::for_build(&env(variables), dir.path()).unwrap();
    (dir, bindings)
}

#[test]
fn a_directory_with_a_type_is_a_binding_and_its_other_files_are_entries() {
    let (dir, bindings) = at_build(
        &[
            ("settings/type", " Maven\n"),
            ("settings/provider", "corp\n"),
            ("settings/settings.xml", "<settings/>\n"),
            ("settings/.htpasswd", "user:x"),
            ("settings/nested/file", "not an entry"),
        ],
        &[],
    );
    assert_snapshot!(
        listed(&bindings),
        @r#"settings Maven corp [] [".htpasswd", "settings.xml"]"#
    );

    let binding = bindings.exactly_one("maven").unwrap().unwrap();
    assert_eq!(binding.text("settings.xml"), Some("<settings/>"));
    assert_eq!(binding.get("settings.xml").unwrap().reveal(), b"<settings/>\n");
    let file = binding.file("settings.xml").unwrap().unwrap();
    assert_eq!(file.path(), dir.path().join("bindings/settings/settings.xml"));
}

#[test]
fn the_old_layout_reads_metadata_and_lets_secrets_win() {
    let (_dir, bindings) = at_build(
        &[
            ("db/metadata/kind", "MySQL"),
            ("db/metadata/provider", "corp"),
            ("db/metadata/tags", "a,b"),
            ("db/metadata/url", "from metadata"),
            ("db/secret/url", "from secret"),
        ],
        &[],
    );
    assert_snapshot!(listed(&bindings), @r#"db MySQL corp [] ["tags", "url"]"#);
    assert_eq!(bindings.find("mysql")[0].text("url"), Some("from secret"));
}

#[test]
fn what_kubernetes_keeps_beside_the_files_is_no_entry() {
    let dir = platform(&[("db/..2026/type", "mysql"), ("db/..2026/password", "p")]);
    let db = dir.path().join("bindings/db");
    symlink("..2026", db.join("..data")).unwrap();
    symlink("..data/type", db.join("type")).unwrap();
    symlink("..data/password", db.join("password")).unwrap();
    // Mounted as a volume of several bindings, the links are one level up as well.
    symlink("db", dir.path().join("bindings/..data")).unwrap();
    symlink("db", dir.path().join("bindings/linked")).unwrap();

    let bindings = Bindings::for_build(&env(&[]), dir.path()).unwrap();
    assert_snapshot!(listed(&bindings), @r#"
    db mysql - [] ["password"]
    linked mysql - [] ["password"]
    "#);
}

#[test]
fn directories_that_are_no_bindings_are_noticed_and_left_out() {
    let dir = platform(&[
        ("good/type", "npmrc"),
        ("no-type/token", "x"),
        ("blank-type/type", "\n"),
        ("no-kind/metadata/provider", "x"),
        ("plain-file", "x"),
    ]);
    fs_err::create_dir(dir.path().join("bindings/empty")).unwrap();
    let bindings = Bindings::for_build(&env(&[]), dir.path()).unwrap();
    assert_snapshot!(listed(&bindings), @"good npmrc - [] []");
    let mut notices: Vec<_> = bindings
        .notices()
        .iter()
        .map(|notice| notice.text.replace(dir.path().to_str().unwrap(), "<platform>"))
        .collect();
    notices.sort();
    assert_snapshot!(notices.join("\n"), @"
    `<platform>/bindings/blank-type` is not a binding and is left out
    `<platform>/bindings/empty` is not a binding and is left out
    `<platform>/bindings/no-kind` is not a binding and is left out
    `<platform>/bindings/no-type` is not a binding and is left out
    ");
}

#[test]
fn no_directory_and_no_services_are_no_bindings() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Bindings::for_build(&env(&[]), dir.path()).unwrap().iter().count(), 0);
    let empty = env(&[("SERVICE_BINDING_ROOT", ""), ("VCAP_SERVICES", " ")]);
    assert_eq!(Bindings::for_launch(&empty).unwrap().iter().count(), 0);
}

#[test]
fn service_binding_root_wins_over_cnb_bindings_and_both_over_the_platform() {
    let dir = platform(&[("in-platform/type", "a")]);
    let new = platform(&[("in-root/type", "a")]);
    let old = platform(&[("in-cnb/type", "a")]);
    let new = new.path().join("bindings");
    let old = old.path().join("bindings");
    let names = |variables: &[(&str, &str)]| {
        let bindings = Bindings::for_build(&env(variables), dir.path()).unwrap();
        bindings.iter().map(|binding| binding.name.clone()).collect::<Vec<_>>()
    };
    let (root, cnb) = (new.to_str().unwrap(), old.to_str().unwrap());
    assert_eq!(names(&[("SERVICE_BINDING_ROOT", root), ("CNB_BINDINGS", cnb)]), ["in-root"]);
    assert_eq!(names(&[("SERVICE_BINDING_ROOT", ""), ("CNB_BINDINGS", cnb)]), ["in-cnb"]);
    assert_eq!(names(&[]), ["in-platform"]);
}

#[test]
fn a_root_meant_for_the_launch_does_not_hide_the_platforms_bindings() {
    let (_dir, bindings) =
        at_build(&[("in-platform/type", "a")], &[("SERVICE_BINDING_ROOT", "/nowhere")]);
    assert_eq!(bindings.find("a").len(), 1);
    assert_eq!(bindings.remarks(), ["SERVICE_BINDING_ROOT is /nowhere, which is no directory"]);
}

const SERVICES: &str = r#"{
  "p-mysql": [
    {
      "name": "orders", "label": "p-mysql", "tags": ["mysql", "relational"],
      "credentials": { "uri": "mysql://u:p@h/d", "port": 3306, "tls": { "ca": "x" }, "none": null }
    }
  ],
  "user-provided": [
    {
      "name": "registry", "label": "user-provided",
      "credentials": { "type": "npmrc", "provider": "corp", ".npmrc": "//h/:_authToken=t" }
    },
    { "binding_name": "plain", "label": "user-provided", "credentials": null }
  ]
}"#;

#[test]
fn cloud_foundry_services_are_bindings() {
    let bindings = Bindings::for_launch(&env(&[("VCAP_SERVICES", SERVICES)])).unwrap();
    assert_snapshot!(listed(&bindings), @r#"
    orders p-mysql p-mysql ["mysql", "relational"] ["port", "tls", "uri"]
    plain user-provided user-provided [] []
    registry npmrc corp [] [".npmrc"]
    "#);
    let orders = bindings.exactly_one("MySQL").unwrap().unwrap();
    assert_eq!(orders.text("port"), Some("3306"));
    assert_eq!(orders.text("tls"), Some(r#"{"ca":"x"}"#));
}

#[test]
fn services_may_come_in_a_file_and_the_variable_wins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vcap.json");
    fs_err::write(&path, SERVICES).unwrap();
    let path = path.to_str().unwrap();
    let from_file = Bindings::for_launch(&env(&[("VCAP_SERVICES_FILE_PATH", path)])).unwrap();
    assert_eq!(from_file.iter().count(), 3);
    let both = env(&[("VCAP_SERVICES_FILE_PATH", path), ("VCAP_SERVICES", "{}")]);
    assert_eq!(Bindings::for_launch(&both).unwrap().iter().count(), 0);
}

#[test]
fn a_directory_wins_over_a_service_of_the_same_name() {
    let (_dir, bindings) =
        at_build(&[("ORDERS/type", "from-directory")], &[("VCAP_SERVICES", SERVICES)]);
    assert_snapshot!(listed(&bindings), @r#"
    ORDERS from-directory - [] []
    plain user-provided user-provided [] []
    registry npmrc corp [] [".npmrc"]
    "#);
}

#[test]
fn a_service_without_a_file_gets_a_private_one_that_goes_away() {
    let bindings = Bindings::for_launch(&env(&[("VCAP_SERVICES", SERVICES)])).unwrap();
    let binding = bindings.find("npmrc")[0];
    let file = binding.file(".npmrc").unwrap().unwrap();
    let path = file.path().to_owned();
    assert_eq!(path.file_name().unwrap(), ".npmrc");
    assert_eq!(fs_err::read_to_string(&path).unwrap(), "//h/:_authToken=t");
    assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(file);
    assert!(!path.exists());

    let kept = binding.file(".npmrc").unwrap().unwrap().keep();
    assert!(kept.exists());
    fs_err::remove_dir_all(kept.parent().unwrap()).unwrap();
    assert!(binding.file("absent").unwrap().is_none());
}

#[test]
fn a_key_cannot_choose_where_its_file_is() {
    let services = r#"{"a": [{"name": "n", "credentials": {"../../x": "v", "..": "w"}}]}"#;
    let bindings = Bindings::for_launch(&env(&[("VCAP_SERVICES", services)])).unwrap();
    for key in ["../../x", ".."] {
        let file = bindings.find("a")[0].file(key).unwrap().unwrap();
        assert_eq!(file.path().file_name().unwrap(), "value");
        assert!(file.path().is_file());
    }
}

#[test]
fn binary_values_are_kept_and_have_no_text() {
    let dir = platform(&[("keys/type", "jks")]);
    let bytes = [0xff, 0x00, 0x0a, 0xfe];
    fs_err::write(dir.path().join("bindings/keys/store"), bytes).unwrap();
    let bindings = Bindings::for_build(&env(&[]), dir.path()).unwrap();
    let binding = bindings.find("jks")[0];
    assert_eq!(binding.get("store").unwrap().reveal(), bytes);
    assert_eq!(binding.text("store"), None);
}

#[test]
fn values_are_hidden_when_a_binding_is_printed_for_debugging() {
    let bindings = Bindings::for_launch(&env(&[("VCAP_SERVICES", SERVICES)])).unwrap();
    let printed = format!("{bindings:?}");
    assert!(printed.contains("registry") && !printed.contains("authToken"), "{printed}");
    let secrets: Vec<_> = bindings.find("npmrc")[0].secrets().collect();
    assert_eq!(secrets, ["//h/:_authToken=t"]);
}

#[test]
fn errors_say_what_to_do() {
    let (_dir, bindings) =
        at_build(&[("a/type", "maven"), ("b/type", "Maven"), ("a/one", "1")], &[]);
    assert_snapshot!(page(bindings.exactly_one("maven").unwrap_err()), @"
    error[several-bindings]: there is more than one binding of type `maven`: a, b

    hint: keep one binding of type `maven` and remove the others
    ");
    assert_snapshot!(page(bindings.find("maven")[0].require("Two").unwrap_err()), @"
    error[binding-entry-missing]: the binding `a` has no entry `Two`

    hint: add a file `Two` to the binding
    hint: keys are case-sensitive; it has: one
    ");
    let failed = |json: &str| {
        let error: UnusableBindings =
            Bindings::for_launch(&env(&[("VCAP_SERVICES", json)])).unwrap_err();
        page(error)
    };
    assert_snapshot!(failed("{\n  \"a\": [{\"password\": \"hunter2\"]\n}"), @"
    error[vcap-services-invalid]: VCAP_SERVICES is not valid JSON (line 2, column 31)

    hint: the platform sets it; if you set it yourself, check its quotes and brackets
    ");
    assert_snapshot!(failed(r#"{"a": "hunter2"}"#), @"
    error[vcap-services-invalid]: VCAP_SERVICES is not a JSON object of lists of services

    hint: the platform sets it; if you set it yourself, check its quotes and brackets
    ");
    let missing = env(&[("VCAP_SERVICES_FILE_PATH", "/nowhere/vcap.json")]);
    assert_snapshot!(page(Bindings::for_launch(&missing).unwrap_err()), @"
    error[vcap-services-unreadable]: the file named by VCAP_SERVICES_FILE_PATH cannot be read
      caused by: failed to open file `/nowhere/vcap.json`: No such file or directory (os error 2)

    hint: let the user who builds and the user who runs the app read it
    ");
    let unreadable = UnusableBindings::Directory {
        root: Path::new("/platform/bindings").into(),
        error: std::io::ErrorKind::PermissionDenied.into(),
    };
    assert_snapshot!(page(unreadable), @"
    error[bindings-unreadable]: the bindings in `/platform/bindings` cannot be read
      caused by: permission denied

    hint: let the user who builds and the user who runs the app read it
    ");
}

proptest! {
    #[test]
    fn no_services_text_breaks_the_reader(text in "\\PC{0,60}", json in arbitrary_json()) {
        for services in [text, json.clone(), format!(r#"{{"s": [{json}]}}"#)] {
            let _ = Bindings::for_launch(&env(&[("VCAP_SERVICES", &services)]));
        }
    }

    #[test]
    fn every_value_and_key_survives(
        key in "[a-zA-Z0-9_.-]{1,20}".prop_filter("not a name of its own", |key| {
            !key.starts_with("..") && !matches!(key.as_str(), "." | "type" | "provider")
        }),
        value in proptest::collection::vec(any::<u8>(), 0..200),
        text in "\\PC{0,40}",
    ) {
        let dir = platform(&[("b/type", "t")]);
        fs_err::write(dir.path().join("bindings/b").join(&key), &value).unwrap();
        let services = serde_json::json!({"s": [{"name": "v", "credentials": {&key: &text}}]});
        let variables = env(&[("VCAP_SERVICES", &services.to_string())]);
        let bindings = Bindings::for_build(&variables, dir.path()).unwrap();
        prop_assert_eq!(bindings.find("t")[0].get(&key).unwrap().reveal(), value.as_slice());
        prop_assert_eq!(bindings.find("s")[0].get(&key).unwrap().reveal(), text.as_bytes());
    }
}

fn arbitrary_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "(name|label|tags|credentials|user-provided|\\PC{0,5})".prop_map(Into::into),
    ];
    let tree = leaf.prop_recursive(4, 40, 6, |inner| {
        let key = "(name|label|tags|credentials|type|provider|[a-z]{1,3})";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    });
    tree.prop_map(|value: serde_json::Value| value.to_string())
}
