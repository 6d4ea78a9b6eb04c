#![no_main]
//! Bindings in all layouts: directories of any files, and any text in `VCAP_SERVICES`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use kouti_launch::binding::Bindings;
use kouti_report::Problem;

const DIRS: [&str; 8] =
    ["one", "two", "one/metadata", "two/secret", "two/metadata", "..data", "One", "a b"];
const FILES: [&str; 16] = [
    "type", "kind", "provider", "password", "..data", ".npmrc", "Type", "ca.crt", "TYPE", "secret", "metadata",
    "a\nb", "-", "user name", "x.", "\u{e4}",
];

type File<'a> = (u8, u8, &'a [u8]);

libfuzzer_sys::fuzz_target!(|input: (Vec<File<'_>>, &str)| {
    let (files, vcap) = input;
    let platform = tempfile::TempDir::new_in("/dev/shm").expect("there is shared memory");
    for (dir, name, content) in files.into_iter().take(16) {
        let dir = PathBuf::from("bindings").join(DIRS[usize::from(dir % 8)]);
        let path = platform.path().join(dir).join(FILES[usize::from(name % 16)]);
        if path.parent().is_some_and(|dir| fs::create_dir_all(dir).is_ok()) {
            // A directory may have that name already.
            let _ = fs::write(path, content);
        }
    }
    let env = BTreeMap::from([("VCAP_SERVICES".to_owned(), vcap.to_owned())]);
    let bindings = match Bindings::for_build(&env, platform.path()) {
        Ok(bindings) => bindings,
        Err(error) => {
            let problem = Problem::from(error);
            assert_eq!(problem.id, "vcap-services-invalid");
            return;
        }
    };
    let names: Vec<_> = bindings.iter().map(|binding| binding.name.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    for binding in bindings.iter() {
        assert!(!binding.kind.trim().is_empty() || !vcap.is_empty(), "{binding:?}");
        assert!(bindings.find(&binding.kind).contains(&binding));
        let shown = format!("{binding:?}");
        for key in binding.keys() {
            let secret = binding.require(key).expect("it has its keys");
            let file = binding.file(key).expect("it can be written").expect("it has its keys");
            assert_eq!(fs::read(file.path()).expect("it can be read"), secret.reveal());
        }
        for secret in binding.secrets().filter(|secret| secret.len() > 40) {
            assert!(!shown.contains(&format!("{secret:?}")), "{shown}");
        }
    }
});
