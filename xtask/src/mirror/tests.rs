//! Bringing a mirror up to date, with a made-up artifact.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::bail;

use super::*;

/// Makes one file from one input.
#[derive(Clone)]
struct Fake {
    pin: &'static str,
    input: &'static str,
    fails: bool,
    made: Arc<AtomicUsize>,
}

impl Recipe for Fake {
    fn name(&self) -> String {
        "thing-1".into()
    }

    fn pin(&self) -> String {
        self.pin.into()
    }

    fn resolve(&self, _: &Sources) -> Result<Resolved> {
        let input = Input { name: "part".into(), version: "1".into(), digest: self.input.into() };
        let record = toml::toml! { id = "thing" version = "1" };
        Ok(Resolved {
            file: "thing-1.tar.gz".into(),
            record,
            inputs: vec![input],
            debs: Vec::new(),
        })
    }

    fn make(&self, _: &Sources, _: &Resolved, work: &Path) -> Result<Made> {
        self.made.fetch_add(1, Ordering::Relaxed);
        fs_err::create_dir(work.join("tree"))?;
        fs_err::write(work.join("tree/part"), self.input)?;
        if self.fails {
            bail!("the disk is full");
        }
        Ok(Made::Tree { dir: work.join("tree"), contains: Vec::new() })
    }
}

struct Case {
    _root: tempfile::TempDir,
    workspace: Workspace,
    fake: Fake,
}

impl Case {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut workspace = Workspace::here();
        workspace.root = root.path().to_owned();
        let fake = Fake { pin: "a", input: "one", fails: false, made: Arc::default() };
        Self { _root: root, workspace, fake }
    }

    /// How often something was assembled so far.
    fn bring_up(&self, refresh: bool) -> Result<usize> {
        let recipes: Vec<(Box<dyn Recipe>, bool)> = vec![(Box::new(self.fake.clone()), true)];
        bring_up(&self.workspace, recipes, refresh, &toml::Table::new())?;
        Ok(self.fake.made.load(Ordering::Relaxed))
    }

    fn catalog(&self) -> String {
        fs_err::read_to_string(catalog(&self.workspace)).unwrap()
    }
}

#[test]
fn the_catalogue_names_the_artifact_and_its_checksum() {
    let case = Case::new();
    case.bring_up(false).unwrap();
    insta::assert_snapshot!(case.catalog(), @r#"
    # Written by `cargo xtask mirror` from local-profile.lock.

    extra-keys = ["contains", "debian-version", "upstream-version"]

    [default-versions]

    [[dependencies]]
    checksum = "sha256:53766b5451ab467855c28484db335e67623d012a1a6aa0dc5f1722f8a697b707"
    id = "thing"
    uri = "https://artifacts.kouti.invalid/thing-1.tar.gz"
    version = "1"
    "#);
    let file = artifact(&case.workspace, "https://artifacts.kouti.invalid/thing-1.tar.gz").unwrap();
    assert!(case.catalog().contains(&crate::stamp::sha256(&file).unwrap()));
}

#[test]
fn the_same_inputs_are_assembled_once() {
    let mut case = Case::new();
    assert_eq!(case.bring_up(false).unwrap(), 1);
    assert_eq!(case.bring_up(false).unwrap(), 1);
    assert_eq!(case.bring_up(true).unwrap(), 1);
    case.fake.pin = "b";
    assert_eq!(case.bring_up(false).unwrap(), 1);
    case.fake.input = "two";
    assert_eq!(case.bring_up(false).unwrap(), 1, "without a refresh nobody asks for newer inputs");
    assert_eq!(case.bring_up(true).unwrap(), 2);
}

#[test]
fn a_lost_archive_is_made_again() {
    let case = Case::new();
    case.bring_up(false).unwrap();
    let before = case.catalog();
    fs_err::write(archives(&case.workspace).join("thing-1.tar.gz"), "cut").unwrap();
    assert_eq!(case.bring_up(false).unwrap(), 2);
    assert_eq!(case.catalog(), before);
}

#[test]
fn after_a_failure_the_next_run_starts_clean() {
    let mut case = Case::new();
    case.fake.fails = true;
    let error = format!("{:#}", case.bring_up(false).unwrap_err());
    assert_eq!(error, "cannot make thing-1: the disk is full");
    assert!(!archives(&case.workspace).exists());
    case.fake.fails = false;
    assert_eq!(case.bring_up(false).unwrap(), 2);
}

#[test]
fn what_is_not_pinned_any_more_goes() {
    let case = Case::new();
    case.bring_up(false).unwrap();
    bring_up(&case.workspace, Vec::new(), false, &toml::Table::new()).unwrap();
    assert!(!case.catalog().contains("thing"));
    assert_eq!(fs_err::read_dir(archives(&case.workspace)).unwrap().count(), 0);
}

#[test]
fn the_order_of_inputs_does_not_matter() {
    let input = |name: &str| Input { name: name.into(), version: "1".into(), digest: "d".into() };
    assert_eq!(input_digest(&[input("a"), input("b")]), input_digest(&[input("b"), input("a")]));
    assert_ne!(input_digest(&[input("a")]), input_digest(&[input("b")]));
}

#[test]
fn families_are_found_by_what_they_supply() {
    assert_eq!(families_of(["pnpm", "tini"]), BTreeSet::from([Family::Node]));
    assert!(families_of(["watchexec"]).is_empty());
}

#[test]
fn every_pin_has_its_public_record() {
    let workspace = Workspace::here();
    let pins = Pins::read(&workspace.root).unwrap();
    for family in Family::value_variants() {
        let recipes = family.recipes(&workspace, &pins).unwrap();
        assert!(!recipes.is_empty());
        let names: BTreeSet<String> = recipes.iter().map(|recipe| recipe.name()).collect();
        assert_eq!(names.len(), recipes.len(), "names are unique in {family:?}");
    }
}
