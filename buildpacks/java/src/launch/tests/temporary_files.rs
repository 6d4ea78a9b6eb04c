//! Security properties and certificates, which are written when a container starts.

use super::{container, run};

#[test]
fn security_properties_go_to_a_temporary_file() {
    let root = container("21.0.2");
    fs_err::create_dir_all(root.path().join("etc")).unwrap();
    fs_err::write(root.path().join("etc/resolv.conf"), "nameserver 169.254.0.2\n").unwrap();
    let (set, _) = run(
        root.path(),
        &[("SECURITY_PROVIDERS", "1|x.Y"), ("SECURITY_PROVIDERS_CLASSPATH", "/a/b.jar")],
    );
    let files = fs_err::read_dir(root.path()).unwrap().flatten();
    let file = files
        .map(|file| file.path())
        .find(|path| path.extension().is_some_and(|e| e == "security"));
    insta::assert_snapshot!(fs_err::read_to_string(file.unwrap()).unwrap(), @"
    networkaddress.cache.ttl=0
    networkaddress.cache.negative.ttl=0
    security.provider.1=x.Y
    security.provider.2=SUN
    security.provider.3=EC
    ");
    assert!(set.contains("CLASSPATH=/a/b.jar\n"), "{set}");
    assert!(set.contains("=-Djava.security.properties=<tmp>/kouti-"), "{set}");
}

#[test]
fn where_nothing_can_be_written_the_app_starts_all_the_same() {
    let root = container("21.0.2");
    let key = rcgen::generate_simple_self_signed(["one".to_owned()]).unwrap();
    let bundle = root.path().join("bundle.pem");
    fs_err::write(&bundle, key.cert.pem()).unwrap();
    let cacerts = root.path().join("java/lib/security/cacerts");
    fs_err::create_dir_all(cacerts.parent().unwrap()).unwrap();
    fs_err::write(&cacerts, crate::trust::write_store(&[])).unwrap();
    let (set, said) = run(
        root.path(),
        &[
            ("TMPDIR", "/proc/self"),
            ("SECURITY_PROVIDERS", "1|x.Y"),
            ("SSL_CERT_FILE", bundle.to_str().unwrap()),
            ("BPL_JVM_CACERTS_DISABLED", "false"),
        ],
    );
    assert!(set.contains("-Xmx") && !set.contains("/proc/self"), "{set}");
    for what in ["security properties are not set: ", "1 certificates of the system are not used: "]
    {
        let line =
            said.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.ends_with("give the container a writable /tmp"), "{line}");
    }
}

#[test]
fn starts_at_once_do_not_get_into_each_others_way() {
    let root = container("21.0.2");
    let home = root.path();
    let dumps = home.join("dumps").display().to_string();
    let starts = |providers: [&str; 8]| -> Vec<String> {
        std::thread::scope(|scope| {
            let starts = providers.map(|provider| {
                let variables =
                    [("SECURITY_PROVIDERS", provider), ("BPL_HEAP_DUMP_PATH", dumps.as_str())];
                scope.spawn(move || run(home, &variables))
            });
            let all = starts.into_iter().map(|start| start.join().unwrap());
            all.map(|(set, said)| {
                assert!(!said.contains("warning"), "{said}");
                let (_, file) = set.split_once("-Djava.security.properties=<tmp>/").unwrap();
                file.split_whitespace().next().unwrap().to_owned()
            })
            .collect()
        })
    };
    let providers = ["1|a.A", "1|b.B", "1|a.A", "1|b.B", "1|a.A", "1|b.B", "1|a.A", "1|b.B"];
    let files = starts(providers);
    for (file, provider) in files.iter().zip(providers) {
        let text = fs_err::read_to_string(home.join(file)).unwrap();
        let line = format!("security.provider.{}\n", provider.replace('|', "="));
        assert!(text.contains(&line), "{file}: {text}");
    }
    // Who is there already may be reading it.
    let time = std::time::SystemTime::UNIX_EPOCH;
    let file = fs_err::OpenOptions::new().write(true).open(home.join(&files[0])).unwrap();
    file.file().set_modified(time).unwrap();
    assert_eq!(starts(providers), files);
    assert_eq!(home.join(&files[0]).metadata().unwrap().modified().unwrap(), time);
}

#[test]
fn new_certificates_go_into_a_store_of_their_own() {
    let root = container("21.0.2");
    let key = rcgen::generate_simple_self_signed(["one".to_owned()]).unwrap();
    let bundle = root.path().join("bundle.pem");
    fs_err::write(&bundle, key.cert.pem()).unwrap();
    let cacerts = root.path().join("java/lib/security/cacerts");
    fs_err::create_dir_all(cacerts.parent().unwrap()).unwrap();
    fs_err::write(&cacerts, crate::trust::write_store(&[])).unwrap();
    let variables =
        [("SSL_CERT_FILE", bundle.to_str().unwrap()), ("BPL_JVM_CACERTS_DISABLED", "false")];
    let (set, _) = run(root.path(), &variables);
    assert!(set.contains("-Djavax.net.ssl.trustStore=<tmp>/kouti-"), "{set}");

    // Another image that knows more has the same ones added, and not the same store.
    let more = rcgen::generate_simple_self_signed(["two".to_owned()]).unwrap();
    fs_err::write(&cacerts, crate::trust::write_store(&[more.cert.der().to_vec()])).unwrap();
    assert_ne!(run(root.path(), &variables).0, set);

    // A build that has seen the same ones leaves nothing to do.
    let digest = crate::trust::Sources::find(bundle.to_str(), None).digest();
    let facts = crate::runtime::Facts { classes: 1, certificates: digest };
    facts.write(&root.path().join("java")).unwrap();
    assert!(!run(root.path(), &variables).0.contains("trustStore"));
}
