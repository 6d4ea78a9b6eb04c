//! Certificates in the build, and in the image if that is asked for.

use insta::assert_snapshot;
use kouti_testing::{Built, Fake, Types};
use rcgen::{BasicConstraints, CertificateParams, IsCa};

use super::{authority, bound, case, certificate};

/// Names of the files that OpenSSL looks at.
fn by_subject(build: &Built) -> Vec<String> {
    let files = build.layer("ca-certificates").files().into_iter();
    files.filter_map(|name| name.strip_prefix("ca-certificates/").map(str::to_owned)).collect()
}

fn fixture(name: &str) -> String {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");
    fs_err::read_to_string(format!("{dir}/{name}.pem")).unwrap()
}

#[test]
fn without_bindings_there_is_only_the_helper() {
    let build = case().build();
    assert_snapshot!(build.log(), @"
    Kouti CA Certificates [version]
      Installing launch helper
      Done in [time]
    ");
    assert_snapshot!(build.layers(), @"kouti/ca-certificates:helper (launch) Added");
    let layer = build.layer("helper");
    assert_eq!(layer.files(), ["bin/helper", "exec.d/10-ca-certificates-helper"]);
    assert!(build.rebuild().layer("helper").is_reused());
}

#[test]
fn bound_certificates_are_for_the_build_only() {
    let bundle = format!("# all of them\n{}\n\nSubject: x\n{}", fixture("blanks"), fixture("bmp"));
    let build = bound(&[("bundle.pem", &bundle), ("plain.crt", &fixture("plain"))]).build();
    assert_snapshot!(build.log(), @"
    Kouti CA Certificates [version]
      Certificates
        `bundle.pem` of the binding `corp`   2 certificates
        `plain.crt` of the binding `corp`    1 certificate
      Installing 3 CA certificates
      Installing bundle of all CA certificates
      Installing launch helper
      Done in [time]
    ");
    assert_snapshot!(build.layers(), @"
    kouti/ca-certificates:ca-bundle (build) Added
    kouti/ca-certificates:ca-certificates (build) Added
    kouti/ca-certificates:helper (launch) Added
    ");
    assert_eq!(build.layer("ca-certificates").types(), Types::BUILD);
    assert_eq!(by_subject(&build), ["2830c627.0", "619b0c18.0", "ffe28126.0"]);
}

#[test]
fn tools_of_the_build_are_pointed_at_them() {
    let build = bound(&[("ca.crt", &fixture("plain"))]).build();
    let mut env = build.build_env();
    let system = env.remove("SSL_CERT_FILE").expect("this machine has certificates");
    let lines: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    assert_snapshot!(lines.concat(), @"
    AWS_CA_BUNDLE=<layers>/kouti_ca-certificates/ca-bundle/bundle.pem
    COMPOSER_CAFILE=<layers>/kouti_ca-certificates/ca-bundle/bundle.pem
    CURL_CA_BUNDLE=<layers>/kouti_ca-certificates/ca-bundle/bundle.pem
    GIT_SSL_CAINFO=<layers>/kouti_ca-certificates/ca-bundle/bundle.pem
    NODE_EXTRA_CA_CERTS=<layers>/kouti_ca-certificates/ca-certificates/extra.pem
    PIP_CERT=<layers>/kouti_ca-certificates/ca-bundle/bundle.pem
    REQUESTS_CA_BUNDLE=<layers>/kouti_ca-certificates/ca-bundle/bundle.pem
    SSL_CERT_DIR=<layers>/kouti_ca-certificates/ca-certificates/ca-certificates
    ");

    let extra = build.layer("ca-certificates").read("extra.pem");
    let bundle = build.layer("ca-bundle").read("bundle.pem");
    assert_eq!(extra, fixture("plain"));
    let system = fs_err::read_to_string(system).unwrap();
    assert_eq!(bundle, format!("{}\n{extra}", system.trim_end_matches('\n')));
}

#[test]
fn tools_can_be_left_alone() {
    let build =
        bound(&[("ca.crt", &authority("One"))]).env("BP_CA_CERTS_TOOL_ENV", "false").build();
    let names: Vec<_> = build.build_env().into_keys().collect();
    assert_eq!(names, ["SSL_CERT_DIR", "SSL_CERT_FILE"]);
    assert!(build.find_layer("ca-bundle").is_none());
}

#[test]
fn what_is_set_already_stays() {
    let first = Fake::new("test/first").build(
        "mkdir -p $layers/x/env.build\nprintf '[types]\\nbuild = true\\n' >$layers/x.toml\n\
         for name in SSL_CERT_DIR SSL_CERT_FILE PIP_CERT NODE_EXTRA_CA_CERTS; do\n\
         printf /first >$layers/x/env.build/$name\ndone",
    );
    let env = bound(&[("ca.crt", &authority("One"))]).before(first).build().build_env();
    let by_subject = "<layers>/kouti_ca-certificates/ca-certificates/ca-certificates";
    assert_eq!(env["SSL_CERT_DIR"], format!("/first:{by_subject}"));
    for name in ["SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"] {
        assert_eq!(env[name], "/first", "{name}");
    }
}

#[test]
fn files_of_the_same_name_in_two_bindings_are_both_read() {
    let (one, two) = (authority("One"), authority("Two"));
    let case = case()
        .binding("a", "ca-certificates", [("ca.crt", one.as_str())])
        .binding("b", "CA-Certificates", [("ca.crt", two.as_str())])
        .env("BP_EMBED_CERTS", "true");
    let build = case.build();
    assert_eq!(by_subject(&build).len(), 2);
    assert_eq!(
        build.layer("ca-certificates").read("extra.pem"),
        format!("{one}{two}").replace('\r', "")
    );
}

#[test]
fn the_same_certificate_counts_once_and_the_same_subject_twice() {
    let (old, new) = (authority("Same"), authority("Same"));
    let bundle = format!("{old}{new}{old}");
    let build = bound(&[("a.pem", &bundle), ("b.pem", &new)]).build();
    let names = by_subject(&build);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].ends_with(".0") && names[1].ends_with(".1"), "{names:?}");
    assert!(build.log().contains("Installing 2 CA certificates"), "{}", build.log());
}

#[test]
fn other_buildpacks_may_want_files_to_be_believed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/plain.pem");
    let build = case().requires("ca-certificates", &format!("paths = [\"{path}\"]")).build();
    assert_eq!(by_subject(&build), ["619b0c18.0"]);
}

#[test]
fn a_service_of_cloud_foundry_is_a_binding() {
    let pem = fixture("plain").replace('\n', "\\n");
    let services = format!(
        r#"{{"user-provided": [{{"label": "user-provided", "name": "corp",
        "credentials": {{"type": "ca-certificates", "ca.crt": "{pem}"}}}}]}}"#
    );
    let build = case().env("VCAP_SERVICES", services).build();
    assert_eq!(by_subject(&build), ["619b0c18.0"]);
}

#[test]
fn embedded_certificates_are_in_the_image() {
    let case = bound(&[("ca.crt", &fixture("plain"))]).env("BP_EMBED_CERTS", "true");
    let build = case.build();
    assert_snapshot!(build.layers(), @"
    kouti/ca-certificates:ca-bundle (build) Added
    kouti/ca-certificates:ca-certificates (build, launch) Added
    kouti/ca-certificates:helper (launch) Added
    ");
    let mut env = build.launch_env("web");
    env.remove("SSL_CERT_FILE").expect("this machine has certificates");
    env.remove("PATH");
    let lines: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    assert_snapshot!(lines.concat(), @"
    NODE_EXTRA_CA_CERTS=<layers>/kouti_ca-certificates/ca-certificates/extra.pem
    SSL_CERT_DIR=<layers>/kouti_ca-certificates/ca-certificates/ca-certificates
    ");

    let again = build.rebuild();
    assert_eq!(again.image_digest(), build.image_digest());
    let rotated = authority("Plain Test CA");
    let again = build.rebuild_with(|case| {
        case.binding("corp", "ca-certificates", [("ca.crt", rotated.as_str())])
    });
    assert_ne!(again.layer("ca-certificates").digest(), build.layer("ca-certificates").digest());
}

#[test]
fn without_the_helper_the_build_still_gets_certificates() {
    let case = bound(&[("ca.crt", &authority("One"))]);
    let build = case.clone().env("BP_RUNTIME_CERT_BINDING_DISABLED", "true").build();
    assert!(build.find_layer("helper").is_none());
    assert!(build.find_layer("ca-certificates").is_some());

    let old = case.env("BP_ENABLE_RUNTIME_CERT_BINDING", "false").build();
    assert!(old.find_layer("helper").is_none());
    let warning = "warning: BP_ENABLE_RUNTIME_CERT_BINDING is deprecated\n\
        hint: use BP_RUNTIME_CERT_BINDING_DISABLED, which means the opposite\n";
    assert!(old.log().contains(warning), "{}", old.log());
}

#[test]
fn strange_certificates_are_believed_and_remarked_on() {
    let certificate =
        |name: &str, change: fn(&mut CertificateParams)| certificate(name, change).pem();
    let leaf = certificate("www.example.org", |params| params.is_ca = IsCa::ExplicitNoCa);
    let old = certificate("Old", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2011, 12, 31);
    });
    let young = certificate("Young", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.not_before = rcgen::date_time_ymd(2090, 1, 1);
    });
    let case = bound(&[
        ("leaf.crt", leaf.as_str()),
        ("old.crt", &old),
        ("weak.crt", &fixture("weak")),
        ("young.crt", &young),
    ]);
    let build = case.env("KOUTI_TODAY", "2026-12-01").build();
    let log = build.log_of("kouti/ca-certificates");
    let is_remark = |line: &&str| line.starts_with("warning: ") || line.starts_with("hint: ");
    let warnings: Vec<_> = log.lines().filter(is_remark).take(8).collect();
    assert_snapshot!(warnings.join("\n"), @"
    warning: `www.example.org` in `leaf.crt` of the binding `corp` is no certificate authority
    hint: bind the certificate of the authority that has signed it
    warning: `Old` in `old.crt` of the binding `corp` has expired on 2011-12-31
    hint: bind the certificate that follows it
    warning: `Weak Test CA` in `weak.crt` of the binding `corp` has a key of 1024 bits, which most programs refuse
    hint: ask its authority for one with at least 2048 bits
    warning: `Young` in `young.crt` of the binding `corp` does not count before 2090-01-01
    hint: check the clock of this machine
    ");
    assert_eq!(by_subject(&build).len(), 4);
}

#[test]
fn a_debug_log_lists_every_certificate() {
    let build = bound(&[("ca.crt", &fixture("plain"))]).env("BP_LOG_LEVEL", "debug").build();
    let log = build.log();
    assert!(log.contains("[debug] Plain Test CA, until 2126-10-31, sha256 "), "{log}");
}

#[test]
fn one_certificate_may_be_in_der() {
    let certificate = certificate("One", |_| ());
    let build = case()
        .platform_file("bindings/corp/type", "ca-certificates")
        .platform_file("bindings/corp/ca.der", certificate.der())
        .build();
    let extra = build.layer("ca-certificates").read("extra.pem");
    assert_eq!(extra, certificate.pem().replace('\r', ""));
}
