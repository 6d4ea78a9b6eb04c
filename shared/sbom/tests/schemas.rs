//! Every document is valid by the official schema of its format.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use kouti_sbom::{Component, Document, Format, Kind, Purl, Source, render};
use kouti_testing::schemas;
use proptest::prelude::*;
use serde_json::Value;

use crate::documents::{many, packages, runtime};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn validators() -> [(Format, Validator); 3] {
    Format::ALL.map(|format| {
        let extension = format.file_extension().trim_start_matches("sbom.");
        (format, schemas::sbom_validator(extension))
    })
}

fn faults(document: &Document, (format, validator): &(Format, Validator)) -> Vec<String> {
    let faults = schemas::faults(validator, &render(document, *format));
    faults.iter().map(|fault| format!("{format:?} {fault}")).collect()
}

#[test]
fn ordinary_documents_are_valid() {
    for validator in &validators() {
        for document in [runtime(), packages(), many(), Document::default()] {
            assert_eq!(faults(&document, validator), [""; 0]);
        }
    }
}

/// Shows that the test above can fail.
#[test]
fn the_schemas_find_faults() {
    for (format, validator) in validators() {
        let mut instance = json(&render(&packages(), format));
        let (list, field) = match format {
            Format::CycloneDx => ("components", "licenses"),
            Format::Spdx => ("packages", "filesAnalyzed"),
            Format::Syft => ("artifacts", "licenses"),
        };
        instance[list][0][field] = json(r#"[{"license": {"id": "Not-Listed"}}]"#);
        assert!(!validator.is_valid(&instance), "{format:?}");
    }
}

#[test]
fn every_word_for_a_licence_is_valid() {
    let sets: [&[&str]; 9] = [
        &["MIT"],
        &["mit", "Apache-2.0"],
        &["(MIT OR CC0-1.0)"],
        &["MIT OR ISC", "Zlib"],
        &["MIT OR ISC", "see the web site"],
        &["GPL-2.0 WITH Classpath-exception-2.0"],
        &["", " "],
        &["\"quoted\" <b>\u{7}"],
        &["((((("],
    ];
    for validator in &validators() {
        for licences in sets {
            let component = Component {
                name: "x".into(),
                licenses: licences.iter().map(ToString::to_string).collect(),
                ..Component::default()
            };
            let document = Document { components: vec![component], ..Document::default() };
            assert_eq!(faults(&document, validator), [""; 0], "{licences:?}");
        }
    }
}

#[test]
fn the_list_of_licences_is_that_of_the_schema() {
    let schema = json(include_str!("schemas/cyclonedx-spdx.json"));
    let known: BTreeSet<_> =
        schema["enum"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let ours: BTreeSet<_> = include_str!("../src/spdx_licences.txt").lines().collect();
    assert_eq!(ours.difference(&known).count(), 0);
    let left_out: Vec<_> = known.difference(&ours).collect();
    assert!(left_out.contains(&&"Classpath-exception-2.0"), "{left_out:?}");
    assert!(ours.contains("Apache-2.0") && ours.contains("PHP-3.01"));
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("@scope/pkg".into()),
        Just("1.0.0+build~1".into()),
        Just("https://u:p@host/a b?q=\"x\"#y".into()),
        "\\PC{0,12}",
        any::<String>(),
    ]
}

fn component() -> impl Strategy<Value = Component> {
    let kind = prop_oneof![Just(Kind::Application), Just(Kind::Library), Just(Kind::File)];
    let texts = || proptest::collection::vec(hostile(), 0..4);
    (hostile(), hostile(), kind, texts(), texts(), (hostile(), hostile(), hostile())).prop_map(
        |(name, version, kind, cpes, licenses, (address, location, property))| Component {
            purl: Purl::new("npm", &name)
                .ok()
                .map(|purl| purl.namespace(&location).version(&version)),
            name,
            version,
            kind,
            cpes: cpes.into_iter().map(|text| format!("cpe:2.3:a:x:{text}")).collect(),
            licenses,
            checksums: vec![format!("md5:{}", "0".repeat(32)).parse().unwrap()],
            download: Some(address.clone()),
            source: Some(Source { uri: address, digest: None }),
            location: Some(location),
            properties: BTreeMap::from([(property.clone(), property)]),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_names_are_valid_too(components in proptest::collection::vec(component(), 0..6)) {
        thread_local!(static VALIDATORS: [(Format, Validator); 3] = validators());
        let ids: BTreeSet<_> = components.iter().map(Component::id).collect();
        let dependencies = ids.iter().map(|id| (id.clone(), ids.clone())).collect();
        let document =
            Document { name: "app".into(), components, dependencies, ..Document::default() };
        let found: Vec<_> = VALIDATORS
            .with(|validators| validators.iter().flat_map(|v| faults(&document, v)).collect());
        prop_assert_eq!(found, Vec::<String>::new());
    }
}
