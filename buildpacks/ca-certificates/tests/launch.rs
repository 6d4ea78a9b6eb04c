//! Certificates that are bound when the app starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use kouti_testing::{Built, Launch};

use super::{authority, bound, case};

/// A process of the image, with a temporary directory and a directory for bindings of its own.
struct Start {
    /// Its directories go away with it.
    _build: Built,
    dir: tempfile::TempDir,
    launch: Launch,
}

impl Start {
    fn of(build: Built) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("tmp")).unwrap();
        let launch = build
            .launch("web")
            .env("TMPDIR", dir.path().join("tmp"))
            .env("SERVICE_BINDING_ROOT", dir.path().join("bindings"))
            .env("CF_SYSTEM_CERT_PATH", dir.path().join("operator"));
        Self { _build: build, dir, launch }
    }

    fn bind(self, name: &str, file: &str, content: impl AsRef<[u8]>) -> Self {
        let binding = self.dir.path().join("bindings").join(name);
        fs_err::create_dir_all(&binding).unwrap();
        fs_err::write(binding.join("type"), "ca-certificates").unwrap();
        fs_err::write(binding.join(file), content).unwrap();
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.launch = self.launch.env(name, value);
        self
    }

    /// Variables that the helper has set, and what it said.
    fn run(&self) -> (BTreeMap<String, String>, String) {
        let (env, log) = self.launch.prepare().unwrap();
        let known = ["TMPDIR", "SERVICE_BINDING_ROOT", "CF_SYSTEM_CERT_PATH", "PATH", "HOME"];
        let text = |value: &std::ffi::OsStr| value.to_str().unwrap().to_owned();
        let set = env.iter().map(|(name, value)| (text(name), text(value)));
        (set.filter(|(name, _)| !known.contains(&name.as_str())).collect(), log)
    }

    fn refusal(&self) -> String {
        let place = self.dir.path().display().to_string();
        self.launch.prepare().unwrap_err().to_string().replace(&place, "<dir>")
    }

    fn shown(&self, set: &BTreeMap<String, String>) -> String {
        let place = self.dir.path().display().to_string();
        let lines = set.iter().map(|(name, value)| format!("{name}={value}\n"));
        lines.collect::<String>().replace(&place, "<dir>")
    }

    fn temporary(&self) -> Vec<PathBuf> {
        let entries = fs_err::read_dir(self.dir.path().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn certificates_in(dir: &str) -> usize {
    fs_err::read_dir(dir).unwrap().count()
}

#[test]
fn without_a_binding_nothing_happens() {
    let start = Start::of(case().build());
    assert_eq!(start.run(), (BTreeMap::new(), String::new()));
    assert!(start.temporary().is_empty());
}

#[test]
fn bound_certificates_are_added() {
    let bundle = format!("{}{}", authority("One"), authority("Two"));
    let start = Start::of(case().build()).bind("corp", "ca.pem", &bundle);
    let (mut set, log) = start.run();
    assert_eq!(log, "2 CA certificates added\n");
    assert_eq!(certificates_in(&set["SSL_CERT_DIR"]), 2);
    let extra = fs_err::read_to_string(&set["NODE_EXTRA_CA_CERTS"]).unwrap();
    assert_eq!(extra, bundle.replace('\r', ""));
    let system = fs_err::read_to_string(set.remove("SSL_CERT_FILE").unwrap()).unwrap();
    let all = fs_err::read_to_string(&set["CURL_CA_BUNDLE"]).unwrap();
    assert!(all.starts_with(&system) && all.ends_with(&extra));

    let fingerprint = start.temporary()[0].file_name().unwrap().display().to_string();
    assert_snapshot!(start.shown(&set).replace(&fingerprint, "kouti-<fingerprint>"), @"
    AWS_CA_BUNDLE=<dir>/tmp/kouti-<fingerprint>/bundle.pem
    COMPOSER_CAFILE=<dir>/tmp/kouti-<fingerprint>/bundle.pem
    CURL_CA_BUNDLE=<dir>/tmp/kouti-<fingerprint>/bundle.pem
    GIT_SSL_CAINFO=<dir>/tmp/kouti-<fingerprint>/bundle.pem
    NODE_EXTRA_CA_CERTS=<dir>/tmp/kouti-<fingerprint>/extra.pem
    PIP_CERT=<dir>/tmp/kouti-<fingerprint>/bundle.pem
    REQUESTS_CA_BUNDLE=<dir>/tmp/kouti-<fingerprint>/bundle.pem
    SSL_CERT_DIR=<dir>/tmp/kouti-<fingerprint>/ca-certificates
    ");
}

#[test]
fn a_restart_finds_them_where_they_are() {
    let start = Start::of(case().build()).bind("corp", "ca.pem", authority("One"));
    let (first, _) = start.run();
    let (second, _) = start.run();
    assert_eq!(first, second);
    assert_eq!(start.temporary().len(), 1);
}

#[test]
fn what_the_user_has_set_stays() {
    let start = Start::of(case().build())
        .bind("corp", "ca.pem", authority("One"))
        .env("SSL_CERT_DIR", "/mine:/other")
        .env("SSL_CERT_FILE", "/mine.pem")
        .env("NODE_EXTRA_CA_CERTS", "/node.pem");
    let (set, _) = start.run();
    assert!(set["SSL_CERT_DIR"].starts_with("/mine:/other:"), "{}", set["SSL_CERT_DIR"]);
    assert_eq!(set["SSL_CERT_FILE"], "/mine.pem");
    assert_eq!(set["NODE_EXTRA_CA_CERTS"], "/node.pem");
}

#[test]
fn tools_can_be_left_alone() {
    let start = Start::of(case().build())
        .bind("corp", "ca.pem", authority("One"))
        .env("BPL_CA_CERTS_TOOL_ENV", "false");
    let names: Vec<_> = start.run().0.into_keys().collect();
    assert_eq!(names, ["BPL_CA_CERTS_TOOL_ENV", "SSL_CERT_DIR", "SSL_CERT_FILE"]);
}

#[test]
fn embedded_and_bound_certificates_are_both_believed() {
    let (embedded, bound_now) = (authority("Embedded"), authority("Bound"));
    let build = bound(&[("ca.crt", &embedded)]).env("BP_EMBED_CERTS", "true").build();
    let start = Start::of(build).bind("late", "ca.crt", &bound_now);
    let (set, _) = start.run();
    let dirs: Vec<_> = set["SSL_CERT_DIR"].split(':').map(certificates_in).collect();
    assert_eq!(dirs, [1, 1]);
    let extra = fs_err::read_to_string(&set["NODE_EXTRA_CA_CERTS"]).unwrap();
    assert_eq!(extra, format!("{embedded}{bound_now}").replace('\r', ""));
}

#[test]
fn services_of_cloud_foundry_and_certificates_of_its_operator_count() {
    let start = Start::of(case().build());
    let operator = start.dir.path().join("operator");
    fs_err::create_dir(&operator).unwrap();
    fs_err::write(operator.join("one.crt"), authority("One")).unwrap();
    fs_err::write(operator.join("two.crt"), "no certificate").unwrap();
    fs_err::write(operator.join("readme.txt"), "no certificate").unwrap();
    let pem = authority("Two").replace("\r\n", "\n").replace('\n', "\\n");
    let services = format!(
        r#"{{"trust": [{{"label": "trust", "name": "corp", "tags": ["ca-certificates"],
        "credentials": {{"ca.crt": "{pem}"}}}}]}}"#
    );
    let start = start.env("VCAP_SERVICES", &services);
    let (set, log) = start.run();
    assert_eq!(certificates_in(&set["SSL_CERT_DIR"]), 2);
    let log = log.replace(&operator.display().to_string(), "<operator>");
    assert_snapshot!(log, @"
    warning: <operator>/two.crt holds no certificate
    2 CA certificates added
    ");
}

#[test]
fn a_bad_certificate_keeps_the_app_from_starting() {
    let start = Start::of(case().build()).bind("corp", "ca.pem", "hello");
    assert_snapshot!(start.refusal(), @"
    launch: exec.d kouti_ca-certificates/helper/exec.d/10-ca-certificates-helper: exit status: 1
    error[ca-certificates-not-added]: `ca.pem` of the binding `corp` holds no certificate

    hint: set BPL_CA_CERTS_REQUIRED=false to start without it
    ");

    let start = start.env("BPL_CA_CERTS_REQUIRED", "false");
    let (set, log) = start.run();
    assert_snapshot!(log, @"warning: `ca.pem` of the binding `corp` holds no certificate");
    assert_eq!(set.len(), 1, "{set:?}");
}

#[test]
fn a_bad_switch_is_remarked_on_and_counts_as_unset() {
    let start = Start::of(case().build())
        .bind("corp", "ca.pem", authority("One"))
        .env("BPL_CA_CERTS_TOOL_ENV", "maybe");
    let (set, log) = start.run();
    assert!(log.contains("warning: BPL_CA_CERTS_TOOL_ENV is `maybe`, not `true` or `false`"));
    assert!(set.contains_key("CURL_CA_BUNDLE"));
}

#[test]
fn other_entries_of_other_bindings_are_nobodys_business() {
    let start = Start::of(case().build()).bind("corp", "ca.pem", authority("One"));
    let other = start.dir.path().join("bindings/database");
    fs_err::create_dir(&other).unwrap();
    fs_err::write(other.join("type"), "postgresql").unwrap();
    fs_err::write(other.join("password"), "canary-42").unwrap();
    let (set, log) = start.run();
    assert!(!format!("{set:?}{log}").contains("canary"));
    for dir in start.temporary() {
        assert!(!contains(&dir, "canary"));
    }
}

fn contains(dir: &Path, text: &str) -> bool {
    fs_err::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contains(&path, text)
        } else {
            fs_err::read_to_string(path).unwrap().contains(text)
        }
    })
}
