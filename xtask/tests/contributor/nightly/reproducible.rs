//! Packages of two clean checkouts: the same bytes, whoever makes them and wherever.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::symlink;
use walkdir::WalkDir;

use crate::copy::{command_in, succeeds, xtask_in};
use crate::page::{self, root};

/// Where the checkouts are below a temporary directory, and what their users let others do with new files.
const CHECKOUTS: [(&str, &str); 2] = [("one", "022"), ("a/longer/way/to/another", "077")];

/// Makes a checkout of what is committed, in which nothing is compiled.
fn checkout(dir: &Path) {
    fs_err::create_dir_all(dir.parent().unwrap()).unwrap();
    let mut clone = command_in(root(), "git", "clone --quiet --local");
    clone.arg(root()).arg(dir);
    succeeds(clone);
}

/// `cargo xtask` in a checkout, with the arguments of a command line.
fn xtask(dir: &Path, umask: &str, line: &str) -> String {
    let mut shell = command_in(dir, "sh", "-c");
    shell.arg(format!("umask {umask} && exec '{}' {line}", env!("CARGO_BIN_EXE_xtask")));
    shell.env("CARGO_MANIFEST_DIR", dir.join("xtask"));
    succeeds(shell)
}

/// Both checkouts, after the commands were run in them; `only` are the buildpacks that are left there.
fn made(base: &Path, only: &[&str], lines: &[&str]) -> Vec<PathBuf> {
    let make = |(name, umask): (&str, &str)| {
        let dir = base.join(name);
        checkout(&dir);
        if !only.is_empty() {
            narrow(&dir, only);
        }
        for line in lines {
            xtask(&dir, umask, line);
        }
        dir
    };
    CHECKOUTS.into_iter().map(make).collect()
}

/// What has no descriptor is no buildpack, and is not compiled.
fn narrow(dir: &Path, only: &[&str]) {
    for entry in fs_err::read_dir(dir.join("buildpacks")).unwrap() {
        let entry = entry.unwrap();
        if !only.iter().any(|name| entry.file_name() == *name) {
            fs_err::remove_file(entry.path().join("buildpack.toml")).unwrap();
        }
    }
}

/// What is not the same in the two, each with the file and the first byte that differs.
fn differences(one: &Path, other: &Path) -> Vec<String> {
    let all: BTreeSet<_> = [one, other].into_iter().flat_map(products).collect();
    let content = |dir: &Path, file: &Path| {
        let path = dir.join(file);
        let target = fs_err::read_link(&path).map(|target| target.display().to_string());
        target.map(String::into_bytes).or_else(|_| fs_err::read(path)).ok()
    };
    let differs = |file: PathBuf| {
        let name = file.display();
        match (content(one, &file), content(other, &file)) {
            (Some(a), Some(b)) if a == b => None,
            (Some(a), Some(b)) => {
                let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
                Some(format!("{name} differs at byte {at} of {} and {}", a.len(), b.len()))
            }
            (None, _) => Some(format!("{name} is not in {}", one.display())),
            (_, None) => Some(format!("{name} is not in {}", other.display())),
        }
    };
    all.into_iter().filter_map(differs).collect()
}

/// All packages, as files and as directories, without what is remembered of how they were made.
fn products(dir: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(dir).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    let paths = files.map(|entry| entry.path().strip_prefix(dir).unwrap().to_owned());
    paths.filter(|path| path.extension().is_none_or(|end| end != "key")).collect()
}

#[track_caller]
fn assert_same(dirs: &[PathBuf], below: &str, expected: &[&str]) {
    let [one, other] = dirs else { panic!("{dirs:?}") };
    let (one, other) = (one.join(below), other.join(below));
    for name in expected {
        assert!(one.join(name).is_file(), "{name} was not made: {:?}", products(&one));
    }
    let differences = differences(&one, &other);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// For whoever has changed the packager: the same for a buildpack that is compiled in a minute.
#[test]
#[ignore = "compiles a release twice: `cargo xtask test unit -- nightly::reproducible` runs it"]
fn one_buildpack_is_the_same_from_two_checkouts() {
    let base = tempfile::tempdir().unwrap();
    let dirs = made(base.path(), &["procfile"], &["package"]);
    assert_same(&dirs, "target/packages", &["kouti_procfile.cnb", "kouti_procfile/bin/build"]);
}

#[test]
#[ignore = "needs Docker, compiles everything twice: `cargo xtask test unit -- nightly::reproducible` runs it"]
fn every_package_and_the_builder_are_the_same_from_two_checkouts() {
    let base = tempfile::tempdir().unwrap();
    let lines = ["package", "package --cf", "package --cf --stack cflinuxfs4 nodejs"];
    let dirs = made(base.path(), &[], &lines);
    let expected = ["kouti_java.cnb", "kouti_nodejs.zip", "kouti_nodejs-cflinuxfs4.zip"];
    assert_same(&dirs, "target/packages", &expected);
    assert_same(&dirs, "target/tools", &["lifecycle.tgz"]);

    // Both on the same bases: what `pack` adds to them are the buildpacks, their order and the lifecycle.
    succeeds(xtask_in(root(), "base"));
    let layers: Vec<_> = dirs.iter().map(|dir| builder_layers(dir)).collect();
    assert!(layers[0].lines().count() > 20, "{}", layers[0]);
    assert_eq!(layers[0], layers[1]);
}

/// The digests of the layers of a builder image.
fn builder_layers(dir: &Path) -> String {
    const IMAGE: &str = "kouti/builder:reproduced";
    let config = dir.join("builder-local.toml");
    let text = fs_err::read_to_string(dir.join("builder.toml")).unwrap();
    fs_err::write(&config, on_local_bases(&text)).unwrap();
    let pack = dir.join("target/tools/pack").display().to_string();
    let mut create = command_in(dir, &pack, "builder create --pull-policy never --config");
    create.arg(&config).arg(IMAGE).env("PACK_HOME", dir.join("target/pack"));
    succeeds(create);
    let format = "{{range .RootFS.Layers}}{{println .}}{{end}}";
    let mut inspect = command_in(dir, "docker", "image inspect --format");
    inspect.arg(format).arg(IMAGE);
    let layers = succeeds(inspect);
    succeeds(command_in(dir, "docker", &format!("image rm {IMAGE}")));
    layers
}

/// The builder's descriptor with images that are in the daemon, and the lifecycle of the checkout.
fn on_local_bases(text: &str) -> String {
    let mut lines = Vec::new();
    let mut table = "";
    for line in text.lines() {
        if line.starts_with('[') {
            table = line;
        }
        let line = match (table, line.split(' ').next()) {
            ("[build]", Some("image")) => "image = \"kouti/build:local\"",
            ("[[run.images]]", Some("image")) => "image = \"kouti/run:local\"",
            ("[lifecycle]", Some("version")) => "uri = \"target/tools/lifecycle.tgz\"",
            _ => line,
        };
        lines.push(line);
    }
    lines.join("\n")
}

#[test]
fn a_difference_is_named_by_file_and_place() {
    let base = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = base.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    };
    for dir in ["one", "other"] {
        write(&format!("{dir}/same"), "same");
        write(&format!("{dir}/sub/text"), &format!("text of {dir}"));
        write(&format!("{dir}/made.key"), dir);
        symlink(dir, base.path().join(dir).join("link")).unwrap();
    }
    write("one/alone", "");
    write("other/longer", "");
    let (one, other) = (base.path().join("one"), base.path().join("other"));
    let shown = differences(&one, &other).join("\n");
    insta::assert_snapshot!(shown.replace(&base.path().display().to_string(), "<dir>"), @"
    alone is not in <dir>/other
    link differs at byte 1 of 3 and 5
    longer is not in <dir>/one
    sub/text differs at byte 9 of 11 and 13
    ");
    assert_eq!(differences(&one, &one), [""; 0]);
}

#[test]
fn the_builder_is_moved_to_other_bases_and_nothing_else() {
    let text = page::read(Path::new("builder.toml"));
    let local = on_local_bases(&text);
    let read = |text: &str| text.parse::<toml::Table>().unwrap();
    let (was, is) = (read(&text), read(&local));
    assert_eq!(is["build"]["image"].as_str(), Some("kouti/build:local"));
    assert_eq!(is["run"]["images"][0]["image"].as_str(), Some("kouti/run:local"));
    assert_eq!(is["lifecycle"]["uri"].as_str(), Some("target/tools/lifecycle.tgz"));
    assert_eq!((&is["buildpacks"], &is["order"]), (&was["buildpacks"], &was["order"]));
}
