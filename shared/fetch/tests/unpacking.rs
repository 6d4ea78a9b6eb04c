//! Honest archives, in all formats and with all that real ones have in them.

use std::ffi::OsStr;
use std::io::{Cursor, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use insta::assert_snapshot;
use kouti_fetch::{Options, Unpack};
use kouti_report::Problem;
use tar::EntryType;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::archive::{Tar, gz, noise};
use crate::scene::{Scene, artifact, assert_small, mode, names, options, small};

/// Serves an archive and unpacks it as the test asks.
fn unpack(
    content: &[u8],
    strip: usize,
    unpack: impl FnOnce(&Scene) -> Unpack<'static>,
) -> (Scene, Result<(), Problem>) {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", content);
    let mut artifact = artifact(&scene.upstream.url("/it.tar.gz"), content);
    artifact.strip_components = strip;
    let unpack = unpack(&scene);
    let result = scene.unpack(&artifact, &unpack, options()).map(drop);
    (scene, result)
}

/// Everything into one directory, which has to work.
fn unpacked(content: &[u8], strip: usize) -> Scene {
    let (scene, result) = unpack(content, strip, |scene| Unpack::into(scene.out()));
    result.unwrap();
    scene
}

fn read(scene: &Scene, path: &str) -> Vec<u8> {
    fs_err::read(scene.out().join(path)).unwrap()
}

fn small_tar() -> Tar {
    Tar::new().dir("bin", 0o755).program("bin/it", &noise(3000)).file("README", b"hello")
}

fn small_zip() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().unix_permissions(0o644);
    zip.add_directory("bin/", plain.unix_permissions(0o755)).unwrap();
    zip.start_file("bin/it", plain.unix_permissions(0o755)).unwrap();
    zip.write_all(&noise(3000)).unwrap();
    zip.start_file("README", plain).unwrap();
    zip.write_all(b"hello").unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn formats_are_told_by_their_content() {
    let tar = small_tar().plain();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&tar).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&tar).unwrap();
    for (format, content) in [
        ("gzip", small()),
        ("gzip, two members", [gz(&tar[..700]), gz(&tar[700..])].concat()),
        ("xz", xz.finish().unwrap()),
        ("zstd", zstd::encode_all(tar.as_slice(), 1).unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
        ("tar", tar),
        ("zip", small_zip()),
    ] {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", content.clone());
        let options = || Options { cache: Some(scene.path("cache")), ..options() };
        for _ in ["from the network", "from the cache"] {
            scene
                .fetch(&content, options())
                .unwrap_or_else(|problem| panic!("{format}: {problem:?}"));
            assert_small(&scene.out());
            fs_err::remove_dir_all(scene.out()).unwrap();
        }
        assert_eq!(scene.upstream.requests().len(), 1, "{format}");
    }
}

#[test]
fn leading_components_are_removed() {
    let content = Tar::new()
        .dir("./node-24/", 0o755)
        .file("./node-24/bin/node", b"node")
        .file("./node-24/a", b"a")
        .file("top", b"dropped")
        .hard_link("./node-24/b", "./node-24/a")
        .symlink("./node-24/c", "bin/node")
        .gz();
    let scene = unpacked(&content, 0);
    assert_eq!(names(&scene.out()), ["node-24", "top"]);
    let scene = unpacked(&content, 1);
    assert_eq!(names(&scene.out()), ["a", "b", "bin", "c"]);
    assert_eq!(read(&scene, "c"), b"node");
    let scene = unpacked(&content, 2);
    assert_eq!(names(&scene.out()), ["node"]);
}

#[test]
fn only_what_is_wanted_is_written() {
    let content = Tar::new()
        .dir("bin", 0o755)
        .program("bin/node", b"node")
        .program("bin/npm", b"npm")
        .dir("include", 0o755)
        .file("include/node.h", &noise(1000))
        .gz();
    let (scene, result) =
        unpack(&content, 0, |scene| Unpack::into(scene.out()).keep(|path| path == "bin/node"));
    result.unwrap();
    assert_eq!(names(&scene.out()), ["bin"]);
    assert_eq!(names(&scene.out().join("bin")), ["node"]);
}

#[test]
fn one_archive_can_become_several_directories() {
    let content = Tar::new()
        .dir("bin", 0o755)
        .program("bin/node", b"node")
        .symlink("bin/npm", "../lib/npm")
        .file("lib/npm", b"npm")
        .hard_link("lib/node", "bin/node")
        .hard_link("bin/node2", "bin/node")
        .file("include/node.h", b"header")
        .file("LICENSE", b"text")
        .gz();
    let route = |path: &Path| {
        if path == "bin/node" || path == "bin/node2" {
            Some(0)
        } else if path.starts_with("include") {
            Some(2)
        } else if path == "LICENSE" {
            None
        } else {
            Some(1)
        }
    };
    let (scene, result) = unpack(&content, 0, |scene| {
        Unpack::split(["run", "build", "headers"].map(|n| scene.path("layers").join(n)), route)
    });
    result.unwrap();
    let files = |layer: &str| names(&scene.path("layers").join(layer));
    assert_eq!(files("run"), ["bin"]);
    assert_eq!(files("run/bin"), ["node", "node2"]);
    assert_eq!(files("build/bin"), ["npm"]);
    assert_eq!(files("build/lib"), ["node", "npm"]);
    assert_eq!(files("headers/include"), ["node.h"]);
    let inode = |path: &str| fs_err::metadata(scene.path("layers").join(path)).unwrap().ino();
    assert_eq!(inode("run/bin/node"), inode("run/bin/node2"));
    // Layers are apart, so is what is in them.
    assert_ne!(inode("run/bin/node"), inode("build/lib/node"));
    assert_eq!(fs_err::read(scene.path("layers/build/lib/node")).unwrap(), b"node");
}

#[test]
fn modes_are_kept_but_for_what_is_dangerous_or_keeps_others_out() {
    let content = Tar::new()
        .dir("closed", 0o500)
        .dir("shared", 0o2750)
        .entry(EntryType::Regular, b"closed/setuid", 0o4755, b"", b"x")
        .entry(EntryType::Regular, b"closed/setgid", 0o2711, b"", b"x")
        .entry(EntryType::Regular, b"sticky", 0o1600, b"", b"x")
        .entry(EntryType::Regular, b"unreadable", 0o000, b"", b"x")
        .file("implicit/file", b"x")
        .gz();
    let scene = unpacked(&content, 0);
    for (path, expected) in [
        ("", 0o775),
        ("closed", 0o775),
        ("shared", 0o775),
        ("implicit", 0o775),
        ("closed/setuid", 0o755),
        ("closed/setgid", 0o755),
        ("sticky", 0o644),
        ("unreadable", 0o444),
        ("implicit/file", 0o644),
    ] {
        let found = mode(&scene.out().join(path));
        assert_eq!(found, expected, "{path}: {found:o}");
    }
}

#[test]
fn links_are_kept() {
    let content = Tar::new()
        .symlink("before", "dir/file")
        .file("dir/file", b"content")
        .symlink("dir/up", "../dir/./file")
        .symlink("dangling", "nowhere")
        .symlink("to-dir", "dir")
        .symlink("through", "to-dir/file")
        .hard_link("hard", "dir/file")
        .hard_link("hard-to-symlink", "before")
        .gz();
    let scene = unpacked(&content, 0);
    for link in ["before", "dir/up", "through", "hard-to-symlink"] {
        assert!(scene.out().join(link).is_symlink(), "{link}");
        assert_eq!(read(&scene, link), b"content", "{link}");
    }
    assert_eq!(fs_err::read_link(scene.out().join("dangling")).unwrap(), Path::new("nowhere"));
    let inode = |path: &str| fs_err::metadata(scene.out().join(path)).unwrap().ino();
    assert_eq!(inode("hard"), inode("dir/file"));
}

#[test]
fn the_last_entry_of_a_name_wins() {
    let content = Tar::new()
        .file("file", b"first")
        .hard_link("other", "file")
        .file("file", b"second")
        .symlink("link", "file")
        .file("link", b"no link any more")
        .file("was-file", b"x")
        .symlink("was-file", "file")
        .file("becomes-dir", b"x")
        .file("becomes-dir/inside", b"y")
        .dir("becomes-file", 0o755)
        .file("becomes-file", b"z")
        .symlink("twice", "nowhere")
        .symlink("twice", "file")
        .gz();
    let scene = unpacked(&content, 0);
    assert_eq!(read(&scene, "file"), b"second");
    assert_eq!(read(&scene, "other"), b"first");
    assert_eq!(read(&scene, "link"), b"no link any more");
    assert!(!scene.out().join("link").is_symlink());
    assert!(scene.out().join("was-file").is_symlink());
    assert_eq!(read(&scene, "becomes-dir/inside"), b"y");
    assert_eq!(read(&scene, "becomes-file"), b"z");
    assert_eq!(read(&scene, "twice"), b"second");
}

#[test]
fn names_may_be_long_or_no_text() {
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(200));
    let deep = "0123456789/".repeat(60) + "leaf";
    let mut pax = tar::Builder::new(Vec::new());
    pax.append_pax_extensions([("path", long.replace('f', "p").as_bytes())]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(3);
    header.set_mode(0o644);
    header.set_path("short").unwrap();
    header.set_cksum();
    pax.append(&header, &b"pax"[..]).unwrap();
    let pax = pax.get_ref().clone();
    let content = Tar::new()
        .file(&long, b"long")
        .file(&deep, b"deep")
        .entry(EntryType::Regular, b"latin-\xe9", 0o644, b"", b"latin")
        .entry(EntryType::XGlobalHeader, b"pax_global_header", 0o644, b"", b"13 comment=x\n")
        .raw(&pax)
        .gz();
    let scene = unpacked(&content, 0);
    assert_eq!(read(&scene, &long), b"long");
    assert_eq!(read(&scene, &long.replace('f', "p")), b"pax");
    assert_eq!(read(&scene, &deep), b"deep");
    let latin = scene.out().join(OsStr::from_bytes(b"latin-\xe9"));
    assert_eq!(fs_err::read(latin).unwrap(), b"latin");
    assert!(!scene.out().join("pax_global_header").exists());
}

#[test]
fn holes_are_filled() {
    // A sparse file with one block of data at 8192, and 16384 bytes in all.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_path("sparse").unwrap();
    header.set_mode(0o644);
    header.set_size(512);
    let gnu = header.as_gnu_mut().unwrap();
    for (at, offset, length) in [(0, "8192", "512"), (1, "16384", "0")] {
        let (offset, length) = (offset.parse().unwrap(), length.parse::<u64>().unwrap());
        octal(&mut gnu.sparse[at].offset, offset);
        octal(&mut gnu.sparse[at].numbytes, length);
    }
    octal(&mut gnu.realsize, 16384);
    header.set_cksum();
    let content = Tar::new().raw(header.as_bytes()).raw(&noise(512)).file("next", b"n").gz();
    let scene = unpacked(&content, 0);
    let expected = [vec![0; 8192], noise(512), vec![0; 7680]].concat();
    assert_eq!(read(&scene, "sparse"), expected);
    assert_eq!(read(&scene, "next"), b"n");
}

fn octal(field: &mut [u8; 12], value: u64) {
    field.copy_from_slice(format!("{value:011o}\0").as_bytes());
}

#[test]
fn empty_files_and_directories_are_made() {
    let scene = unpacked(&Tar::new().file("empty", b"").dir("dir", 0o755).gz(), 0);
    assert_eq!(read(&scene, "empty"), b"");
    assert_eq!(names(&scene.out().join("dir")), [] as [&str; 0]);
}

#[test]
fn old_archives_mark_directories_by_a_slash() {
    let content =
        Tar::new().entry(EntryType::Regular, b"dir/", 0o755, b"", b"").file("dir/file", b"x").gz();
    assert_eq!(read(&unpacked(&content, 0), "dir/file"), b"x");
}

#[test]
fn what_follows_the_end_of_a_tar_does_not_matter() {
    let mut content = small_tar().plain();
    content.extend(vec![0; 100_000]);
    assert_small(&unpacked(&gz(&content), 0).out());
    // Nor what follows the gzip stream: the checksum is right.
    let content = [small(), b"a signature".to_vec()].concat();
    assert_small(&unpacked(&content, 0).out());
}

#[test]
fn an_empty_directory_may_be_there_before() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    fs_err::create_dir_all(scene.out()).unwrap();
    // And what a killed build has left.
    let leftover = scene.path("layers/.it.partial");
    fs_err::create_dir_all(&leftover).unwrap();
    fs_err::write(leftover.join("old"), "").unwrap();
    scene.fetch(&small(), options()).unwrap();
    assert_small(&scene.out());
}

#[test]
fn what_is_there_is_not_overwritten() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    fs_err::create_dir_all(scene.out()).unwrap();
    fs_err::write(scene.out().join("mine"), "").unwrap();
    let artifact = artifact(&scene.upstream.url("/it.tar.gz"), &small());
    let unpack = Unpack::split([scene.path("layers/first"), scene.out()], |path| {
        Some(usize::from(path != "README"))
    });
    let fetcher = kouti_fetch::Fetcher::new(options());
    let error = fetcher.archive(&artifact, &unpack, &mut scene.log()).unwrap_err();
    let page = scene.page(&Problem::from(error));
    assert_snapshot!(page, @"
    error[install-failed]: cannot install It 1.2.3: failed to rename file from `DIR/layers/.it.partial` to `DIR/layers/it`: Directory not empty (os error 39)

    hint: let the build user read and write there
    ");
    assert_eq!(names(&scene.path("layers")), ["it"]);
    assert_eq!(names(&scene.out()), ["mine"]);
}

#[test]
fn a_zip_keeps_links_and_modes() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default();
    zip.start_file("top/bin/tool", plain.unix_permissions(0o4755)).unwrap();
    zip.write_all(b"tool").unwrap();
    zip.add_symlink("top/link", "bin/tool", plain).unwrap();
    let content = zip.finish().unwrap().into_inner();
    let scene = unpacked(&content, 1);
    assert_eq!(read(&scene, "link"), b"tool");
    assert_eq!(mode(&scene.out().join("bin/tool")), 0o755);
    assert!(scene.out().join("link").is_symlink());
}
