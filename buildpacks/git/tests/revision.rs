//! What is checked out, of each kind of repository.

use std::path::Path;

use insta::assert_snapshot;
use kouti_testing::{Built, Types};
use tempfile::TempDir;

use super::{case, repository, run};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn with_repository(more: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path(), more);
    dir
}

fn built(dir: &Path) -> Built {
    case().app_dir(dir).build()
}

/// The labels without what they all begin with.
fn labels(build: &Built) -> String {
    let line = |(key, value): (&String, &String)| {
        format!("{} {value}\n", key.trim_start_matches("org.opencontainers.image."))
    };
    build.labels().iter().map(line).collect()
}

fn commit(dir: &Path) -> String {
    run(dir, &["rev-parse", "HEAD"])
}

#[test]
fn an_app_without_a_repository_is_left_alone() {
    assert_snapshot!(case().file("app.txt", "").detect().skipped().unwrap(), @"neither a .git directory nor a binding of type git-credentials or git-ssh");
}

#[test]
fn a_repository_gives_labels_and_a_variable() {
    let dir = with_repository(&[]);
    run(dir.path(), &["remote", "add", "origin", "git@example.org:team/app.git"]);
    let build = built(dir.path());
    let commit = commit(dir.path());
    assert_snapshot!(build.log().replace(&commit, "<commit>"), @"
    Kouti Git [version]
      Reading .git
        name       main
        revision   <commit>
        source     https://example.org/team/app.git
      Installing variable REVISION
      Done in [time]
    ");
    assert_snapshot!(labels(&build).replace(&commit, "<commit>"), @"
    ref.name main
    revision <commit>
    source https://example.org/team/app.git
    ");
    let types = build.layer("git").types();
    assert_eq!(types, Types { build: true, launch: true, cache: false });
    assert_eq!(build.build_env()["REVISION"], commit);
    assert_eq!(build.layer("git").env()["env/REVISION.default"], commit);
    assert_eq!(build.rebuild().image_digest(), build.image_digest());
}

#[test]
fn another_commit_is_another_revision() {
    let dir = with_repository(&[]);
    let build = built(dir.path());
    run(dir.path(), &["commit", "--quiet", "--allow-empty", "--message=second"]);
    let again = build.rebuild_with(|case| case.app_dir(dir.path()));
    assert_ne!(again.labels(), build.labels());
    assert_eq!(again.build_env()["REVISION"], commit(dir.path()));
}

#[test]
fn a_repository_may_belong_to_somebody_else() {
    let dir = with_repository(&[]);
    let walk = walkdir::WalkDir::new(dir.path());
    for entry in walk.into_iter().map(Result::unwrap) {
        // Only root can give files away; then git itself would refuse.
        if std::os::unix::fs::lchown(entry.path(), Some(4321), Some(4321)).is_err() {
            return;
        }
    }
    let revision = fs_err::read_to_string(dir.path().join(".git/refs/heads/main")).unwrap();
    assert_snapshot!(labels(&built(dir.path())).replace(revision.trim(), "<commit>"), @"
    ref.name main
    revision <commit>
    ");
}

#[test]
fn a_detached_head_has_the_name_of_its_tag() {
    let dir = with_repository(&[]);
    let commit = commit(dir.path());
    run(dir.path(), &["checkout", "--quiet", "--detach"]);
    assert_eq!(labels(&built(dir.path())), format!("revision {commit}\n"));
    for tag in ["v1.0", "release/v1.1"] {
        run(dir.path(), &["tag", tag]);
    }
    assert_eq!(labels(&built(dir.path())), format!("ref.name v1.0\nrevision {commit}\n"));
    run(dir.path(), &["tag", "--annotate", "v2.0", "--message=two"]);
    run(dir.path(), &["pack-refs", "--all"]);
    assert_eq!(labels(&built(dir.path())), format!("ref.name v2.0\nrevision {commit}\n"));
}

#[test]
fn references_may_be_packed() {
    let dir = with_repository(&[]);
    run(dir.path(), &["checkout", "--quiet", "-b", "feature/login"]);
    run(dir.path(), &["pack-refs", "--all"]);
    assert!(!dir.path().join(".git/refs/heads/feature/login").exists());
    let expected = format!("ref.name feature/login\nrevision {}\n", commit(dir.path()));
    assert_eq!(labels(&built(dir.path())), expected);
}

#[test]
fn revisions_may_be_of_sha_256() {
    let dir = with_repository(&["--object-format=sha256"]);
    let commit = commit(dir.path());
    assert_eq!(commit.len(), 64);
    assert_eq!(labels(&built(dir.path())), format!("ref.name main\nrevision {commit}\n"));
}

#[test]
fn a_working_tree_that_brings_its_repository_is_read() {
    let dir = with_repository(&[]);
    let root = dir.path();
    run(root, &["worktree", "add", "--quiet", "-b", "side", "tree"]);
    // As in an app that holds both: git itself writes absolute paths.
    let own = root.join(".git/worktrees/tree");
    fs_err::rename(root.join(".git"), root.join("tree/repository")).unwrap();
    fs_err::write(root.join("tree/.git"), "gitdir: repository/worktrees/tree\n").unwrap();
    let build = built(&root.join("tree"));
    assert!(!own.exists());
    let revision = build.build_env()["REVISION"].clone();
    assert_eq!(labels(&build), format!("ref.name side\nrevision {revision}\n"));
    assert_eq!(revision.len(), 40);
}

#[test]
fn a_working_tree_or_submodule_alone_is_remarked_on() {
    let build = case().file(".git", "gitdir: ../.git/modules/app\n").build();
    assert_snapshot!(build.log(), @"
    Kouti Git [version]
    warning: `.git` leads to `../.git/modules/app`, which is not part of the build
    hint: set BP_OCI_REVISION, or build from a clone of its own instead of a working tree or submodule
      Done in [time]
    warning: `.git` leads to `../.git/modules/app`, which is not part of the build
    hint: set BP_OCI_REVISION, or build from a clone of its own instead of a working tree or submodule
    ");
    assert!(build.labels().is_empty() && build.find_layer("git").is_none());
}

#[test]
fn a_repository_without_a_commit_is_remarked_on() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    let build = built(dir.path());
    let warning = "warning: the branch `main` has no commit, so the image gets no revision\n\
        hint: commit before you build\n";
    assert!(build.log().contains(warning), "{}", build.log());
    assert!(build.labels().is_empty());
}

#[test]
fn what_git_would_not_write_is_remarked_on() {
    let warning = |files: &[(&str, &str)]| {
        let case = files.iter().fold(case(), |case, (path, text)| case.file(path, *text));
        let log = case.build().log();
        log.lines().find_map(|line| line.strip_prefix("warning: ")).unwrap_or("none").to_owned()
    };
    let unknown = "the revision of the app is not known: ";
    for (files, expected) in [
        (&[(".git/config", "")][..], "`.git` has no file `HEAD`"),
        (&[(".git", "x")], "the file `.git` names no directory"),
        (&[(".git/HEAD", "x")], "`HEAD` names no revision"),
        (&[(".git/HEAD", "\0\u{fffd}")], "`HEAD` names no revision"),
        (
            &[(".git/HEAD", "ref: refs/heads/../../../secret"), ("secret", COMMIT)],
            "`refs/heads/../../../secret` is no reference that git would write",
        ),
        (
            &[(".git/HEAD", "ref: refs/a"), (".git/refs/a", "ref: refs/a")],
            "`refs/a` is no reference that git would write",
        ),
        (
            &[(".git/HEAD", "ref: refs/heads/a"), (".git/refs/heads/a", "")],
            "`refs/heads/a` names no revision",
        ),
        (
            &[(".git/HEAD", "ref: refs/heads/.invalid"), (".git/reftable/tables.list", "")],
            "its references are kept in the format `reftable`",
        ),
    ] {
        assert_eq!(warning(files), format!("{unknown}{expected}"), "{files:?}");
    }
    assert_eq!(warning(&[(".git/HEAD", COMMIT)]), "none");
}

#[test]
fn no_password_of_a_remote_is_in_the_image() {
    let remote =
        "[remote \"origin\"]\nurl = https://me:canary-7@example.org/app.git?token=canary-7\n";
    let build = case().file(".git/HEAD", COMMIT).file(".git/config", remote).build();
    assert_eq!(build.labels()["org.opencontainers.image.source"], "https://example.org/app.git");
    assert!(
        !build.log().contains("canary-7") && !format!("{:?}", build.labels()).contains("canary-7")
    );
}
