//! `cargo xtask new-buildpack`: what it makes is ready as it is.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::copy::{Copy, fails, succeeds};

/// One for each variant; names of different lengths, for they end lines elsewhere.
const VARIANTS: [(&str, &str); 4] = [
    ("start", "lua"),
    ("provider", "provided-language"),
    ("tool", "language-with-a-tool-of-its-own"),
    ("utility", "variables"),
];

#[test]
#[ignore = "compiles for a minute: `cargo xtask test unit` runs it"]
fn every_variant_compiles_is_tidy_and_passes_its_tests() {
    let copy = Copy::new();
    let packages: String = VARIANTS.iter().flat_map(|(_, name)| [" -p kouti-", name]).collect();
    for (variant, name) in VARIANTS {
        let said = succeeds(copy.xtask(&format!("new-buildpack {name} --variant {variant}")));
        assert!(said.contains(&format!("next: cargo test -p kouti-{name}")), "{said}");
    }
    let tested = succeeds(copy.cargo(&format!("test --locked --offline{packages}")));
    for (_, name) in VARIANTS {
        assert!(tested.contains(&format!("kouti_{}-", name.replace('-', "_"))), "{tested}");
    }
    succeeds(copy.cargo(&format!("fmt --check{packages}")));
    let lint = format!("clippy --all-targets --locked --offline{packages} -- -D warnings");
    succeeds(copy.cargo(&lint));
    succeeds(copy.xtask("docs --check"));
    assert!(copy.read("README.md").contains("(buildpacks/lua)"));
    assert!(copy.read("docs/errors.md").contains("## `no-lua-command`"));

    let refused = fails(copy.xtask("new-buildpack lua"));
    assert!(
        refused.contains("error: the name `lua` is taken: there is buildpacks/lua"),
        "{refused}"
    );
}

#[test]
fn what_cannot_be_finished_leaves_nothing() {
    let copy = Copy::new();
    // A workspace that Cargo cannot read: the buildpack is in place by the time this is noticed.
    let manifest = copy.read("shared/web/Cargo.toml");
    fs_err::write(copy.path("shared/web/Cargo.toml"), manifest + "\nnonsense\n").unwrap();
    let before = files(&copy);
    let said = fails(copy.xtask("new-buildpack lua"));
    assert!(said.contains("error: kouti/lua was not made, and nothing has changed"), "{said}");
    assert!(said.contains("caused by: Cargo.lock cannot be written"), "{said}");
    assert_eq!(files(&copy), before);
}

/// Every file with a fingerprint of its content.
fn files(copy: &Copy) -> BTreeMap<String, u64> {
    let files = walkdir::WalkDir::new(copy.path("")).into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let mut hasher = DefaultHasher::new();
            fs_err::read(entry.path()).unwrap().hash(&mut hasher);
            (entry.path().display().to_string(), hasher.finish())
        })
        .collect()
}
