//! Documents and their JSON schemas: the published ones of bills of materials, and our own.

use jsonschema::{Registry, Validator};
use serde_json::Value;

const CYCLONEDX: &str = include_str!("../../sbom/tests/schemas/cyclonedx-1.5.json");
const CYCLONEDX_SPDX: &str = include_str!("../../sbom/tests/schemas/cyclonedx-spdx.json");
const CYCLONEDX_JSF: &str = include_str!("../../sbom/tests/schemas/cyclonedx-jsf-0.82.json");
const SPDX: &str = include_str!("../../sbom/tests/schemas/spdx-2.3.json");
const SYFT: &str = include_str!("../../sbom/tests/schemas/syft-16.0.0.json");

/// What checks the documents in files that end with `extension`: `cdx.json`, `spdx.json` or `syft.json`.
///
/// # Panics
///
/// If there is no such format.
#[must_use]
pub fn sbom_validator(extension: &str) -> Validator {
    let schema = match extension {
        "cdx.json" => CYCLONEDX,
        "spdx.json" => SPDX,
        "syft.json" => SYFT,
        _ => panic!("no format ends with {extension}"),
    };
    let base = "http://cyclonedx.org/schema";
    let valid = "the schemas are valid";
    let registry = Registry::new()
        .add(format!("{base}/spdx.SNAPSHOT.schema.json"), json(CYCLONEDX_SPDX))
        .expect(valid)
        .add(format!("{base}/jsf-0.82.SNAPSHOT.schema.json"), json(CYCLONEDX_JSF))
        .expect(valid)
        .prepare()
        .expect(valid);
    jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&json(schema))
        .expect(valid)
}

/// What checks documents by any schema that refers to no other.
///
/// # Panics
///
/// If it is no schema.
#[must_use]
pub fn validator(schema: &str) -> Validator {
    jsonschema::validator_for(&json(schema)).expect("the schema is valid")
}

/// What is wrong with a document, each with its place.
#[must_use]
pub fn faults(validator: &Validator, document: &str) -> Vec<String> {
    let instance = json(document);
    let errors = validator.iter_errors(&instance);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}
