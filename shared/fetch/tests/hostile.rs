//! Archives that try something: refused by name, with nothing left of them.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use kouti_fetch::{Options, Unpack, UnpackLimits};
use kouti_report::{Colour, Problem};
use proptest::prelude::*;
use tar::EntryType;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::archive::{Tar, gz, noise};
use crate::scene::{Scene, artifact, names, options, small};

/// Unpacks bytes whose checksum is right, and looks at what is outside.
fn attempt(content: &[u8], strip: usize, outside_links: bool) -> (Scene, Result<(), Problem>) {
    let scene = Scene::new();
    fs_err::write(scene.path("victim"), "untouched").unwrap();
    let mut artifact = artifact("", content);
    artifact.strip_components = strip;
    let store = scene.path("store/sha256");
    fs_err::create_dir_all(&store).unwrap();
    fs_err::write(store.join(&artifact.checksum.hex), content).unwrap();
    let mut unpack = Unpack::into(scene.out());
    if outside_links {
        unpack = unpack.outside_links();
    }
    let options = Options { offline_store: Some(scene.path("store")), ..options() };
    let result = scene.unpack(&artifact, &unpack, options).map(drop);
    assert_eq!(fs_err::read(scene.path("victim")).unwrap(), b"untouched");
    assert_eq!(names(scene.dir.path()), ["layers", "store", "victim"]);
    (scene, result)
}

#[test]
fn what_is_refused_is_the_fault_of_who_chose_it() {
    let page = |content: &[u8]| {
        let (scene, result) = attempt(content, 0, false);
        scene.page(&result.unwrap_err())
    };
    assert_snapshot!(page(&Tar::new().file("../../victim", b"x").gz()), @"
    error[unsafe-archive]: the archive of It 1.2.3 is not safe to unpack: `../../victim`: its path leads out of the archive

    hint: report this at https://github.com/kouti/kouti/issues (kouti/test 1.0.0, error unsafe-archive)
    ");
    assert_snapshot!(page(b"just a text"), @"
    error[damaged-archive]: the archive of It 1.2.3 cannot be unpacked: it is none of tar, tar.gz, tar.xz, tar.zst, tar.bz2 and zip

    hint: report this at https://github.com/kouti/kouti/issues (kouti/test 1.0.0, error damaged-archive)
    ");
}

fn refused(content: &[u8]) -> String {
    let problem = attempt(content, 0, false).1.unwrap_err();
    format!("{}: {}", problem.id, problem.summary)
}

#[test]
fn paths_do_not_lead_outside() {
    assert_snapshot!(refused(&Tar::new().file("../../victim", b"x").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `../../victim`: its path leads out of the archive");
    assert_snapshot!(refused(&Tar::new().file("a/../../victim", b"x").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `a/../../victim`: its path leads out of the archive");
    assert_snapshot!(refused(&Tar::new().file("/tmp/victim", b"x").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `/tmp/victim`: its path is absolute");
    assert_snapshot!(refused(&Tar::new().dir("..", 0o755).gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `..`: its path leads out of the archive");
    // Stripping does not make it safe.
    let (_, result) = attempt(&Tar::new().file("../victim", b"x").gz(), 1, false);
    assert_eq!(result.unwrap_err().id, "unsafe-archive");
}

#[test]
fn nothing_is_written_through_a_symbolic_link() {
    // The classic: a link out, then a file behind it.
    let content = Tar::new().symlink("esc", "/tmp").file("esc/pwn", b"x").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `esc/pwn`: it lies behind the symbolic link `esc`");
    let content = Tar::new().symlink("esc", "../..").file("esc/victim", b"x").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `esc/victim`: it lies behind the symbolic link `esc`");
    // Even if it leads inside, and even if links may lead outside.
    let content = Tar::new().dir("dir", 0o755).symlink("esc", "dir").file("esc/file", b"x").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `esc/file`: it lies behind the symbolic link `esc`");
    let content = Tar::new().symlink("esc", "../..").file("esc/victim", b"x").gz();
    assert_eq!(attempt(&content, 0, true).1.unwrap_err().id, "unsafe-archive");
    // A link in place of a directory with a link in it.
    let content = Tar::new().symlink("a/b", "x").symlink("a", "../..").gz();
    assert_eq!(attempt(&content, 0, true).1.unwrap_err().id, "unsafe-archive");
    let content = Tar::new().symlink("a", "../..").symlink("a/b", "x").gz();
    assert_eq!(attempt(&content, 0, true).1.unwrap_err().id, "unsafe-archive");
    // A file over a link replaces the link.
    let content = Tar::new().symlink("esc", "../../victim").file("esc", b"x").gz();
    attempt(&content, 0, false).1.unwrap();
    // Stripped, the link is where the file's directory is.
    let content = Tar::new().symlink("x/esc", "/tmp").file("y/esc/pwn", b"x").gz();
    assert_eq!(attempt(&content, 1, false).1.unwrap_err().id, "unsafe-archive");
}

#[test]
fn symbolic_links_stay_inside() {
    assert_snapshot!(refused(&Tar::new().symlink("dir/link", "../../victim").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `dir/link`: it is a symbolic link to `../../victim`, which is outside of the archive");
    assert_snapshot!(refused(&Tar::new().symlink("link", "/etc/passwd").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `link`: it is a symbolic link to `/etc/passwd`, which is outside of the archive");
    // Each step inside, the sum outside.
    let content = Tar::new().symlink("a/up", "..").symlink("x", "a/up/../..").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `x`: it is a symbolic link to `a/up/../..`, which is outside of the archive");
    let content = Tar::new().symlink("d/e/f/top", "../../..").symlink("x", "d/e/f/top/../y").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `x`: it is a symbolic link to `d/e/f/top/../y`, which is outside of the archive");
    // In circles.
    let content = Tar::new().symlink("a", "b").symlink("b", "a").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `a`: it is a symbolic link to `b`, which leads in circles");
    // Long way round, but inside.
    let content = Tar::new().symlink("a/b", "../a/../c/./d").file("c/d", b"x").gz();
    attempt(&content, 0, false).1.unwrap();
    // Who asks for it may have links to the system.
    let content = Tar::new().symlink("cacerts", "/etc/ssl/certs/java/cacerts").gz();
    let (scene, result) = attempt(&content, 0, true);
    result.unwrap();
    let target = fs_err::read_link(scene.out().join("cacerts")).unwrap();
    assert_eq!(target, Path::new("/etc/ssl/certs/java/cacerts"));
}

#[test]
fn hard_links_stay_inside() {
    assert_snapshot!(refused(&Tar::new().hard_link("link", "../../victim").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `../../victim`: its path leads out of the archive");
    assert_snapshot!(refused(&Tar::new().hard_link("link", "/etc/passwd").gz()), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `/etc/passwd`: its path is absolute");
    assert_snapshot!(refused(&Tar::new().hard_link("link", "missing").gz()), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: `link`: it is a hard link to `missing`, which is not there");
    assert_snapshot!(refused(&Tar::new().dir("dir", 0o755).hard_link("link", "dir").gz()), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: `link`: it is a hard link to `dir`, which is not there");
    let content = Tar::new().symlink("esc", "../..").hard_link("link", "esc/victim").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `esc/victim`: it lies behind the symbolic link `esc`");
    // Through the name of a symbolic link to the outside: it becomes one, and is refused as one.
    let content = Tar::new().symlink("esc", "../../victim").hard_link("link", "esc").gz();
    assert_snapshot!(refused(&content), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `esc`: it is a symbolic link to `../../victim`, which is outside of the archive");
    // To what is left out.
    let (_, result) = attempt(&Tar::new().file("a", b"x").hard_link("d/b", "a").gz(), 1, false);
    assert_snapshot!(result.unwrap_err().summary, @"the archive of It 1.2.3 cannot be unpacked: `b`: it is a hard link to `a`, which is left out");
}

#[test]
fn devices_and_pipes_are_ignored() {
    let content = Tar::new()
        .entry(EntryType::Char, b"null", 0o666, b"", b"")
        .entry(EntryType::Block, b"disk", 0o666, b"", b"")
        .entry(EntryType::Fifo, b"pipe", 0o666, b"", b"")
        .entry(EntryType::new(b'V'), b"volume", 0o644, b"", b"")
        .file("file", b"x")
        .gz();
    let (scene, result) = attempt(&content, 0, false);
    result.unwrap();
    assert_eq!(names(&scene.out()), ["file"]);
    assert_snapshot!(scene.said(), @"
    [debug] `null` is a device: ignored
    [debug] `disk` is a device: ignored
    [debug] `pipe` is a named pipe: ignored
    [debug] `volume` is of the unknown type `V`: ignored
    208 B from the buildpack in [time], sha256 ok
    ");
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let content = Tar::new().symlink("a\u{1b}[2J\nerror: b", "/x").gz();
    assert_snapshot!(refused(&content), @r"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `a\u{1b}[2J\nerror: b`: it is a symbolic link to `/x`, which is outside of the archive");
}

#[test]
fn names_that_no_file_system_takes_are_errors() {
    let zero = Tar::new().raw(&pax("path", b"a\0b")).file("short", b"x").gz();
    assert_snapshot!(refused(&zero), @r"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `a\u{0}b`: its name has a zero byte");
    let long = Tar::new().file(&"n".repeat(300), b"x").gz();
    assert!(
        refused(&long).starts_with("install-failed: cannot install It 1.2.3: failed to "),
        "{}",
        refused(&long)
    );
}

fn pax(key: &str, value: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([(key, value)]).unwrap();
    builder.get_ref().clone()
}

#[test]
fn bombs_are_defused() {
    let zeros = |count| Tar::new().file("zeros", &vec![0; count]).gz();
    let limited = |content: &[u8], bytes, entries| {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", content);
        let mut options = options();
        options.limits.unpack = UnpackLimits { bytes, entries };
        scene.fetch(content, options)
    };
    let problem = limited(&zeros(2_000_000), 1_000_000, 10).unwrap_err();
    assert_eq!(problem.id, "archive-too-large");
    assert_snapshot!(problem.summary, @"the archive of It 1.2.3 has more than 1.0 MB");
    limited(&zeros(1_000_000), 1_000_000, 10).unwrap();

    let many = (0..12).fold(Tar::new(), |tar, n| tar.file(&n.to_string(), b"")).gz();
    let problem = limited(&many, 1_000_000, 11).unwrap_err();
    assert_snapshot!(problem.page("kouti/test 1.0.0", Colour::Off), @"
    error[archive-too-large]: the archive of It 1.2.3 has more than 11 entries

    hint: report this at https://github.com/kouti/kouti/issues (kouti/test 1.0.0, error archive-too-large)
    ");
    limited(&many, 1_000_000, 12).unwrap();

    // What is left out counts as well: it has to be decompressed.
    let (_, result) = {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", zeros(2_000_000));
        let mut options = options();
        options.limits.unpack.bytes = 1_000_000;
        let artifact = artifact(&scene.upstream.url("/it.tar.gz"), &zeros(2_000_000));
        let unpack = Unpack::into(scene.out()).keep(|_| false);
        let result = scene.unpack(&artifact, &unpack, options);
        (scene, result)
    };
    assert_eq!(result.unwrap_err().id, "archive-too-large");

    // Names and attributes are held in memory.
    let endless = vec![b'n'; 10_000_000];
    for content in [
        Tar::new().entry(EntryType::GNULongName, b"././@LongLink", 0, b"", &endless),
        Tar::new().raw(&pax("comment", &endless)),
    ] {
        assert_eq!(
            refused(&content.file("a", b"").gz()),
            "damaged-archive: the archive of It 1.2.3 cannot be unpacked: an entry has endless headers"
        );
    }
}

#[test]
fn sparse_files_are_not_bombs() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_path("sparse").unwrap();
    header.set_mode(0o644);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    let size = b"77777777777\0";
    gnu.sparse[0].offset.copy_from_slice(size);
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    gnu.realsize.copy_from_slice(size);
    header.set_cksum();
    let content = Tar::new().raw(header.as_bytes()).gz();
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", content.clone());
    let mut options = options();
    options.limits.unpack.bytes = 1_000_000;
    assert_eq!(scene.fetch(&content, options).unwrap_err().id, "archive-too-large");

    // Written by other tools as a regular file with a note.
    let content = Tar::new().raw(&pax("GNU.sparse.major", b"1")).file("a", b"x").gz();
    assert_snapshot!(refused(&content), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: it has a sparse file in pax notation");
}

#[test]
fn damaged_archives_are_told_from_wrong_bytes() {
    // All with the right checksum: it is the publisher's fault.
    assert_snapshot!(refused(b"just a text"), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: it is none of tar, tar.gz, tar.xz, tar.zst, tar.bz2 and zip");
    assert_snapshot!(refused(b""), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: it is none of tar, tar.gz, tar.xz, tar.zst, tar.bz2 and zip");
    assert_snapshot!(refused(&Tar::new().gz()), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: nothing is in it that could be unpacked");
    let half = small();
    let half = &half[..half.len() / 2];
    assert_snapshot!(refused(half), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: incomplete deflate stream");
    // What a library says may quote the archive.
    let mut strange = Tar::new().file("a", b"x").plain();
    strange[148..156].copy_from_slice(b"\x1b[31m\n\0\0");
    assert!(!refused(&gz(&strange)).contains(char::is_control), "{}", refused(&gz(&strange)));
    assert_snapshot!(refused(&gz(b"not a tar")), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: failed to read entire block");
    let tar = Tar::new().file("a", &noise(2000)).plain();
    assert_snapshot!(refused(&gz(&tar[..1500])), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: unexpected EOF during skip");
    assert_snapshot!(refused(b"PK\x03\x04 this is no zip"), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: invalid Zip archive: Could not find EOCD");
    assert_snapshot!(refused(b"\xfd7zXZ\0 this is no xz"), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: lzma data error");
    assert_snapshot!(refused(b"\x28\xb5\x2f\xfd this is no zstd"), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: Data corruption detected");
    assert_snapshot!(refused(b"BZh9 this is no bzip2"), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: bzip2: invalid data");
    let content = Tar::new().file("a/b", b"x").symlink("a", "c").gz();
    assert_snapshot!(refused(&content), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: `a`: it is a directory and something else");
}

#[test]
fn a_zip_has_the_same_rules() {
    let zip = |name: &str, target: Option<&str>| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        match target {
            Some(target) => zip.add_symlink(name, target, options).unwrap(),
            None => zip.start_file(name, options).unwrap(),
        }
        zip.write_all(b"").unwrap_or_default();
        zip.finish().unwrap().into_inner()
    };
    assert_snapshot!(refused(&zip("../victim", None)), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `../victim`: its path leads out of the archive");
    assert_snapshot!(refused(&zip("link", Some("/etc/passwd"))), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `link`: it is a symbolic link to `/etc/passwd`, which is outside of the archive");
    assert_snapshot!(refused(&zip("a\nb", Some(""))), @r"damaged-archive: the archive of It 1.2.3 cannot be unpacked: `a\nb`: it is a symbolic link to nothing");
    let endless = "x".repeat(5000);
    assert_snapshot!(refused(&zip("link", Some(&endless))), @"damaged-archive: the archive of It 1.2.3 cannot be unpacked: `link`: it is a symbolic link that no file system takes");
    assert_snapshot!(refused(&zip("link", Some("../victim"))), @"unsafe-archive: the archive of It 1.2.3 is not safe to unpack: `link`: it is a symbolic link to `../victim`, which is outside of the archive");
}

/// Names that meet each other, and lead up and around.
fn path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["a", "b", "c", "..", ".", "", "victim", "layers", "it"]);
    let parts = prop::collection::vec(part, 1..5);
    (any::<bool>(), parts).prop_map(|(absolute, parts)| {
        let path = parts.join("/");
        if absolute && path.starts_with("victim") { format!("/{path}") } else { path }
    })
}

#[derive(Clone, Debug)]
enum Piece {
    File(String),
    Dir(String),
    Symlink(String, String),
    HardLink(String, String),
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        path().prop_map(Piece::File),
        path().prop_map(Piece::Dir),
        (path(), path()).prop_map(|(name, target)| Piece::Symlink(name, target)),
        (path(), path()).prop_map(|(name, target)| Piece::HardLink(name, target)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// `attempt` checks that nothing is written outside and nothing is left of a failure.
    #[test]
    fn nothing_is_ever_written_outside(
        pieces in prop::collection::vec(piece(), 1..8),
        strip in 0_usize..3,
        outside_links: bool,
    ) {
        let content = pieces.iter().fold(Tar::new(), |tar, piece| match piece {
            Piece::File(name) => tar.file(name, b"written"),
            Piece::Dir(name) => tar.dir(name, 0o755),
            Piece::Symlink(name, target) => tar.symlink(name, target),
            Piece::HardLink(name, target) => tar.hard_link(name, target),
        });
        let (scene, result) = attempt(&content.gz(), strip, outside_links);
        if result.is_ok() && !outside_links {
            let root = fs_err::canonicalize(scene.out()).unwrap();
            for link in links(&scene.out()) {
                // A link may lead nowhere, but never out.
                if let Ok(end) = fs_err::canonicalize(&link) {
                    prop_assert!(end.starts_with(&root), "{} leads to {}", link.display(), end.display());
                }
            }
        }
    }
}

fn links(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            found.push(path);
        } else if path.is_dir() {
            found.extend(links(&path));
        }
    }
    found
}
