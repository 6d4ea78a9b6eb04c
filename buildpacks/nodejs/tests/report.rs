//! The machine-readable report of a build, as its schema promises it.

use kouti_testing::{Case, Tool, schemas};
use serde_json::Value;

use crate::support::{express, node_with};

/// The report of a build, after a look whether it is what `docs/report.schema.json` says.
fn report(build: impl Fn(Case)) -> Value {
    let dir = tempfile::tempdir().unwrap();
    build(express().env("BP_REPORT_DIR", dir.path().to_str().unwrap()));
    let text = fs_err::read_to_string(dir.path().join("kouti_nodejs.json")).unwrap();
    let schema = include_str!("../../../docs/report.schema.json");
    assert_eq!(schemas::faults(&schemas::validator(schema), &text), [""; 0], "{text}");
    serde_json::from_str(&text).unwrap()
}

fn events(report: &Value) -> Vec<String> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    let events = report["events"].as_array().unwrap().iter();
    events
        .map(|event| {
            format!("{} {}: {}", text(event, "kind"), text(event, "name"), text(event, "outcome"))
        })
        .collect()
}

#[test]
fn a_report_tells_what_was_done() {
    let report = report(|case| drop(case.env("BP_NODE_VERSION", "22").build()));
    assert_eq!(report["error"], Value::Null);
    assert_eq!(report["settings"][0]["name"], "BP_NODE_VERSION");
    let events = events(&report);
    for event in [
        "choice Node.js: 22.23.1",
        "layer Node.js 22.23.1: made",
        "command npm run build: exit code 0",
    ] {
        assert!(events.iter().any(|found| found == event), "{event} is not in {events:#?}");
    }
    let layers = report["layers"].as_array().unwrap();
    let node = layers.iter().find(|layer| layer["name"] == "node").unwrap();
    assert_eq!(node["launch"], true);
    assert!(node["bytes"].as_u64().unwrap() > 0, "{node}");
}

#[test]
fn a_report_tells_why_a_build_failed() {
    let npm = Tool::fails(1, "npm error code ENOSPC");
    let node = node_with("26.1.0", npm);
    let report =
        report(|case| drop(case.artifact(node.clone()).env("BP_NODE_VERSION", "26").fails()));
    assert_eq!(report["error"]["id"], "no-space-left");
    assert!(events(&report).contains(&"command npm ci --include=dev: exit code 1".to_owned()));
}

#[test]
fn a_report_tells_why_a_build_could_not_begin() {
    for (variable, value, phase, id) in [
        ("VCAP_SERVICES", "{", "detect", "vcap-services-invalid"),
        ("BP_ARCH", "amd64", "build", ""),
        ("BP_SBOM_FORMATS", "pdf", "build", "bad-setting"),
        ("BP_NODE_PROJECT_PATH", "missing", "detect", "bad-project-path"),
    ] {
        let report = report(|case| {
            let case = case.env(variable, value);
            if id.is_empty() { drop(case.build()) } else { drop(case.fails()) }
        });
        assert_eq!(report["phase"], phase, "{variable}");
        assert_eq!(report["error"]["id"].as_str().unwrap_or_default(), id, "{variable}");
        assert_eq!(report["events"].as_array().unwrap().is_empty(), !id.is_empty(), "{variable}");
        assert_eq!(report["target"]["os"], "linux");
    }
}

#[test]
fn a_secret_in_a_broken_binding_is_not_in_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let case = express().env("BP_REPORT_DIR", dir.path().to_str().unwrap());
    let failed =
        case.env("VCAP_SERVICES", r#"{"db": [{"credentials": {"password": "s3cret"}]}"#).fails();
    let report = fs_err::read_to_string(dir.path().join("kouti_nodejs.json")).unwrap();
    assert!(report.contains("vcap-services-invalid"), "{report}");
    assert!(!report.contains("s3cret") && !failed.log().contains("s3cret"), "{report}");
}

#[test]
fn a_report_that_cannot_be_written_is_a_warning() {
    let built = express().env("BP_REPORT_DIR", "/proc/nowhere").build();
    assert!(built.log().contains("warning: the report of this build is lost: "), "{}", built.log());
}
