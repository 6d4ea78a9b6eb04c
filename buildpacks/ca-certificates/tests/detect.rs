//! What is offered and wanted.

use insta::assert_snapshot;

use super::{authority, bound, case};

#[test]
fn without_bindings_only_the_helper_is_certain() {
    assert_snapshot!(case().detect().plan(), @r#"
    [[provides]]
    name = "ca-certificates"

    [[provides]]
    name = "ca-certificates-helper"

    [[requires]]
    name = "ca-certificates-helper"

    [[or]]

    [[or.provides]]
    name = "ca-certificates-helper"

    [[or.requires]]
    name = "ca-certificates-helper"
    "#);
    let group = case().detect();
    assert_eq!(group.group(), ["kouti/ca-certificates", "test/language"]);
}

#[test]
fn with_bindings_the_build_gets_certificates() {
    let case = bound(&[("ca.crt", &authority("One"))]);
    assert_snapshot!(case.detect().plan(), @r#"
    [[provides]]
    name = "ca-certificates"

    [[provides]]
    name = "ca-certificates-helper"

    [[requires]]
    name = "ca-certificates"

    [requires.metadata]
    paths = []

    [[requires]]
    name = "ca-certificates-helper"

    [[or]]

    [[or.provides]]
    name = "ca-certificates-helper"

    [[or.requires]]
    name = "ca-certificates-helper"
    "#);
}

#[test]
fn without_the_helper_nobody_may_need_it() {
    for (name, value) in
        [("BP_RUNTIME_CERT_BINDING_DISABLED", "true"), ("BP_ENABLE_RUNTIME_CERT_BINDING", "false")]
    {
        let detected = case().env(name, value).detect();
        assert_eq!(detected.group(), ["test/language"], "{name}");
    }
    let disabled = case().env("BP_RUNTIME_CERT_BINDING_DISABLED", "true");
    assert_snapshot!(disabled.detect().plan(), @r#"
    [[provides]]
    name = "ca-certificates"
    "#);
}

#[test]
fn an_empty_binding_is_none() {
    let plan = bound(&[]).detect().plan();
    assert_eq!(plan, case().detect().plan());
}
