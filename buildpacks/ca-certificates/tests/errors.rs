//! Every mistake and what is said about it.

use insta::assert_snapshot;

use super::{authority, bound, case};

fn error(content: impl AsRef<[u8]>) -> String {
    let case = case()
        .platform_file("bindings/corp/type", "ca-certificates")
        .platform_file("bindings/corp/ca.crt", content);
    case.fails().error()
}

#[test]
fn an_entry_has_to_hold_a_certificate() {
    assert_snapshot!(error(" \n"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` is empty

    hint: bind certificates in PEM, from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`
    ");
    assert_snapshot!(error("hello\n"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` holds no certificate

    hint: bind certificates in PEM, from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`
    ");
    assert_snapshot!(error("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` holds no X.509 certificate in its block

    hint: bind certificates in PEM, from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`
    ");
}

#[test]
fn a_damaged_bundle_has_a_place() {
    let (one, two) = (authority("One"), authority("Two"));
    let cut = &two[..two.len() - 40];
    assert!(error(format!("{one}{cut}")).contains("that is cut off or damaged"));
    assert_snapshot!(error("# one\n-----BEGIN CERTIFICATE-----\naGVsbG8\n"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` has a block in line 2 that is cut off or damaged

    hint: bind certificates in PEM, from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`
    ");
    let behind = error(format!("# one\n{one}\nMIIBtTCC\n"));
    assert!(behind.contains("has something behind its certificates, in line "), "{behind}");
    let second = format!("{one}-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
    assert!(error(second).contains("holds no X.509 certificate in its block 2"));
}

#[test]
fn a_private_key_is_refused_and_not_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    let error = error(format!("{}{key}", authority("One")));
    assert!(!error.contains("Y2FuYXJ5"));
    assert_snapshot!(error, @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` holds a private key

    hint: remove the key: to believe an authority takes its certificate only
    ");
}

#[test]
fn other_blocks_are_refused() {
    let request =
        "-----BEGIN CERTIFICATE REQUEST-----\naGVsbG8=\n-----END CERTIFICATE REQUEST-----\n";
    assert_snapshot!(error(request), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` holds a block `CERTIFICATE REQUEST`, which is no certificate

    hint: bind certificates in PEM, from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`
    ");
}

#[test]
fn containers_are_recognised() {
    assert_snapshot!(error(b"\x30\x82\x00\x05\x02\x01\x03\x30\x00"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` is a PKCS#12 container

    hint: bind what `openssl pkcs12 -in <file> -cacerts -nokeys` prints
    ");
    assert_snapshot!(error(b"\xfe\xed\xfe\xed\x00\x00\x00\x02"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` is a Java key store

    hint: bind what `keytool -exportcert -rfc -keystore <file> -alias <alias>` prints
    ");
    assert_snapshot!(error(b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), @"
    error[bad-ca-certificate]: `ca.crt` of the binding `corp` is a PKCS#7 container

    hint: bind what `openssl pkcs7 -inform der -in <file> -print_certs` prints
    ");
}

#[test]
fn other_buildpacks_have_to_name_files() {
    assert_snapshot!(case().requires("ca-certificates", "").fails().error(), @r#"
    error[bad-ca-certificates-plan]: a buildpack requires `ca-certificates` without a list of texts as `paths`

    hint: leave that buildpack out, or ask its authors for `paths = ["/absolute/path"]`
    "#);
    for metadata in ["paths = \"/x\"", "paths = [1]"] {
        let error = case().requires("ca-certificates", metadata).fails().error();
        assert!(error.starts_with("error[bad-ca-certificates-plan]"), "{error}");
    }
    let missing = case().requires("ca-certificates", "paths = [\"/nowhere/ca.pem\"]").fails();
    assert!(missing.error().contains("/nowhere/ca.pem"), "{}", missing.error());
}

#[test]
fn a_setting_of_the_wrong_kind_is_told_by_the_build() {
    let case = bound(&[]).env("BP_RUNTIME_CERT_BINDING_DISABLED", "maybe");
    assert!(case.detect().passes());
    assert_snapshot!(case.fails().error(), @"
    error[bad-setting]: BP_RUNTIME_CERT_BINDING_DISABLED is set to `maybe`, which is not true or false

    hint: set BP_RUNTIME_CERT_BINDING_DISABLED to true or false
    ");
    let embed = bound(&[("ca.crt", &authority("x"))]).env("BP_EMBED_CERTS", "maybe");
    assert!(embed.fails().error().starts_with("error[bad-setting]: BP_EMBED_CERTS"));
}
