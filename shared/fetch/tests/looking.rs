//! Where an artifact is looked for, in which order, and what is kept for the next time.

use insta::assert_snapshot;
use kouti_fetch::{BindingEntry, Fetcher, Mappings, Mirrors, Options, Origin, Unpack};
use kouti_report::Problem;
use kouti_testing::upstream::{Authority, Fault, Upstream};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::archive::{Tar, noise};
use crate::scene::{Scene, artifact, assert_small, mode, names, options, sha512, small};

fn stored(scene: &Scene, store: &str, name: &str, content: &[u8]) {
    let dir = scene.path(store).join("sha256");
    fs_err::create_dir_all(&dir).unwrap();
    fs_err::write(dir.join(name), content).unwrap();
}

fn all_stores(scene: &Scene) -> Options {
    Options {
        offline_store: Some(scene.path("dependencies")),
        cache: Some(scene.path("cache")),
        ..options()
    }
}

fn mapping(key: &str, value: &str) -> Mappings {
    Mappings::parse([BindingEntry { binding: "map", key, value }]).unwrap().0
}

fn mirror(value: &str) -> Mirrors {
    Mirrors::parse([("BP_DEPENDENCY_MIRROR", value)], []).unwrap().0
}

#[test]
fn stores_are_asked_before_the_network() {
    let scene = Scene::new();
    let hex = artifact("", &small()).checksum.hex;
    for (store, origin) in [("cache", Origin::Cache), ("dependencies", Origin::Buildpack)] {
        stored(&scene, store, &hex, &small());
        let fetched = scene.fetch(&small(), all_stores(&scene)).unwrap();
        assert_eq!(fetched.origin, origin);
        assert_small(&scene.out());
        fs_err::remove_dir_all(scene.out()).unwrap();
    }
    assert_eq!(scene.upstream.requests(), []);
    assert_snapshot!(scene.said(), @"
    3.3 kB from the download cache in [time], sha256 ok
    3.3 kB from the buildpack in [time], sha256 ok
    ");
}

#[test]
fn downloads_are_kept_for_the_next_time() {
    let content = [small(), Tar::new().file("a", b"plain tar").plain()];
    for content in content {
        let scene = Scene::new();
        scene.upstream.serve("/it.tar.gz", content.clone());
        scene.upstream.fault("/it.tar.gz", [Fault::TruncateAt(600)]);
        scene.fetch(&content, all_stores(&scene)).unwrap();
        fs_err::remove_dir_all(scene.out()).unwrap();
        let hex = artifact("", &content).checksum.hex;
        let kept = scene.path("cache/sha256");
        assert_eq!(names(&kept), [hex.as_str()]);
        assert_eq!(fs_err::read(kept.join(&hex)).unwrap(), content);
        assert_eq!(mode(&kept.join(&hex)), 0o644);
        assert_eq!(names(&scene.path("dependencies")), [] as [&str; 0]);
        let fetched = scene.fetch(&content, all_stores(&scene)).unwrap();
        assert_eq!(fetched.origin, Origin::Cache);
    }
}

#[test]
fn builds_can_share_a_cache_at_the_same_time() {
    let scene = Scene::new();
    let content = Tar::new().file("a", &noise(600_000)).gz();
    scene.upstream.serve("/it.tar.gz", content.clone());
    let artifact = artifact(&scene.upstream.url("/it.tar.gz"), &content);
    std::thread::scope(|scope| {
        for build in 0..8 {
            let (scene, artifact) = (&scene, &artifact);
            scope.spawn(move || {
                let dir = scene.path("layers").join(build.to_string());
                Fetcher::new(all_stores(scene))
                    .archive(artifact, &Unpack::into(&dir), &mut scene.log())
                    .unwrap();
                assert_eq!(fs_err::read(dir.join("a")).unwrap(), noise(600_000));
            });
        }
    });
    assert_eq!(names(&scene.path("cache/sha256")), [artifact.checksum.hex.as_str()]);
    assert_eq!(
        fs_err::read(scene.path("cache/sha256").join(artifact.checksum.hex)).unwrap(),
        content
    );
}

#[test]
fn wrong_bytes_are_not_kept() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", noise(1000));
    scene.fetch(&small(), all_stores(&scene)).unwrap_err();
    assert_eq!(names(&scene.path("cache/sha256")), [] as [&str; 0]);
}

#[test]
fn a_cache_that_cannot_be_written_is_only_read() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    // A file where a directory should be stops even root.
    fs_err::write(scene.path("cache"), "").unwrap();
    let options = Options { cache: Some(scene.path("cache")), ..options() };
    scene.fetch(&small(), options).unwrap();
    assert_small(&scene.out());
    assert!(scene.said().contains("[debug] not kept for later: "), "{}", scene.said());
}

#[test]
fn a_damaged_copy_is_as_good_as_none() {
    let scene = Scene::new();
    let hex = artifact("", &small()).checksum.hex;
    stored(&scene, "dependencies", &hex, &small()[..2000]);
    stored(&scene, "cache", &hex, b"");
    scene.upstream.serve("/it.tar.gz", small());
    let fetched = scene.fetch(&small(), all_stores(&scene)).unwrap();
    assert_eq!(fetched.origin, Origin::Host("127.0.0.1".to_owned()));
    assert_small(&scene.out());
    let said = scene.said().replace(&hex, "HEX");
    assert_snapshot!(said, @"
    warning: It 1.2.3 in the buildpack is damaged
    hint: remove DIR/dependencies/sha256/HEX
    warning: It 1.2.3 in the download cache is damaged
    hint: remove DIR/cache/sha256/HEX
        [debug] GET http://127.0.0.1:PORT/it.tar.gz
        3.3 kB from 127.0.0.1 in [time], sha256 ok
    ");
    // The download has taken the place of the damaged copy.
    assert_eq!(fs_err::read(scene.path("cache/sha256").join(&hex)).unwrap(), small());
}

#[test]
fn without_network_nothing_is_asked_for() {
    let scene = Scene::new();
    scene.upstream.serve("/it.tar.gz", small());
    let options = || Options { offline: true, ..all_stores(&scene) };
    let problem = scene.fetch(&small(), options()).unwrap_err();
    assert_eq!(scene.upstream.requests(), []);
    assert_snapshot!(scene.page(&problem), @"
    error[offline-artifact-missing]: It 1.2.3 is not available offline

    hint: use the offline package of this buildpack, which brings its artifacts
    hint: add a binding of type `dependency-mapping` with the key `sha256_4511ef3143835cb1a10fbcd891ea28938c73cf954c918c9f32c63e4a0a3c5488` and a file:// address
    hint: set BP_DEPENDENCY_MIRROR to a file:// address that holds the file
    ");

    fs_err::create_dir_all(scene.path("files")).unwrap();
    fs_err::write(scene.path("files/it.tar.gz"), small()).unwrap();
    let mirrors = mirror(&format!("file://{}", scene.path("files").display()));
    let fetched = scene.fetch(&small(), Options { mirrors, ..options() }).unwrap();
    assert_eq!(fetched.origin, Origin::File);
    assert_small(&scene.out());
}

#[test]
fn a_mirror_of_files_has_them_by_their_plain_names() {
    let scene = Scene::new();
    fs_err::create_dir_all(scene.path("some files/dist")).unwrap();
    fs_err::write(scene.path("some files/dist/it+1.tar.gz"), small()).unwrap();
    let address = format!("file://{}/some%20files", scene.path("").display());
    let artifact = artifact("https://artifacts.test/dist/it%2B1.tar.gz", &small());
    scene.archive(&artifact, Options { mirrors: mirror(&address), ..options() }).unwrap();
    assert_small(&scene.out());
}

#[test]
fn a_mapping_takes_the_place_of_all_addresses() {
    let scene = Scene::new();
    scene.upstream.serve("/mapped", small());
    let mut artifact = artifact("http://127.0.0.1:1/it.tar.gz", &small());
    artifact.alternates = vec!["http://127.0.0.1:1/other".to_owned()];
    let options = |path| Options {
        mappings: mapping(&artifact.checksum.hex, &scene.upstream.url(path)),
        // A mapping wins.
        mirrors: mirror("https://mirror.test"),
        ..options()
    };
    scene.archive(&artifact, options("/mapped")).unwrap();
    assert_small(&scene.out());
    fs_err::remove_dir_all(scene.out()).unwrap();

    let problem = scene.archive(&artifact, options("/missing")).unwrap_err();
    let page = scene.page(&problem).replace(&artifact.checksum.hex, "HEX");
    assert_snapshot!(page, @"
    error[download-failed]: cannot download It 1.2.3 from http://127.0.0.1:PORT/missing: HTTP 404 Not Found
      instead of http://127.0.0.1:1/it.tar.gz (because of binding `map`, key `HEX`)

    hint: put the file there, or correct binding `map`, key `HEX`
    ");
}

#[test]
fn a_mirror_takes_the_place_of_the_host() {
    let authority = Authority::new("CA");
    let scene = Scene::on(Upstream::tls(&authority.issue(&["127.0.0.1"])));
    fs_err::write(scene.path("ca.pem"), authority.pem()).unwrap();
    scene.upstream.serve("/m/artifacts.test/dist/it%2B1.tar.gz?x=1", small());
    let artifact = artifact("https://artifacts.test/dist/it%2B1.tar.gz?x=1", &small());
    let address = scene.upstream.url("/m/{originalHost}/");
    let options = || {
        let mut options = Options { mirrors: mirror(&address), ..options() };
        options.trust.files.push(scene.path("ca.pem"));
        options
    };
    scene.archive(&artifact, options()).unwrap();
    assert_small(&scene.out());
    fs_err::remove_dir_all(scene.out()).unwrap();

    // Without the file there is no way back to the original.
    scene.upstream.always("/m/artifacts.test/dist/it%2B1.tar.gz?x=1", Fault::Status(404));
    let problem = scene.archive(&artifact, options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[download-failed]: cannot download It 1.2.3 from https://127.0.0.1:PORT/m/artifacts.test/dist/it%2B1.tar.gz: HTTP 404 Not Found
      instead of https://artifacts.test/dist/it%2B1.tar.gz (because of BP_DEPENDENCY_MIRROR)

    hint: put the file there, or correct BP_DEPENDENCY_MIRROR
    ");

    let repacked = Fault::Instead("application/gzip", noise(100));
    scene.upstream.always("/m/artifacts.test/dist/it%2B1.tar.gz?x=1", repacked);
    let problem = scene.archive(&artifact, options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[checksum-mismatch]: It 1.2.3 from https://127.0.0.1:PORT/m/artifacts.test/dist/it%2B1.tar.gz is not what the catalogue promises
      expected sha256:4511ef3143835cb1a10fbcd891ea28938c73cf954c918c9f32c63e4a0a3c5488
      actual   sha256:93329ea05355a203cec2c2913fb93e2a3dbb2529806eb580ce5759ca993d8d2a (100 B)
      instead of https://artifacts.test/dist/it%2B1.tar.gz (because of BP_DEPENDENCY_MIRROR)

    hint: a mirror must serve exactly the same bytes as the original, not a repacked file
    hint: if the original was replaced upstream, update the buildpack
    ");
}

#[test]
fn an_artifact_without_address_is_a_fault_of_ours() {
    let scene = Scene::new();
    let mut artifact = artifact("", &small());
    artifact.uri = None;
    let problem = scene.archive(&artifact, options()).unwrap_err();
    assert_snapshot!(scene.page(&problem), @"
    error[artifact-without-address]: the catalogue has no address for It 1.2.3

    hint: report this at https://github.com/kouti/kouti/issues (kouti/test 1.0.0, error artifact-without-address)
    ");
}

#[test]
fn a_single_file_is_not_unpacked() {
    let scene = Scene::new();
    scene.upstream.serve("/it.jar", small());
    let mut artifact = artifact(&scene.upstream.url("/it.jar"), &small());
    artifact.checksum = sha512(&small());
    let fetcher = Fetcher::new(all_stores(&scene));
    for (executable, expected) in [(false, 0o644), (true, 0o755)] {
        let path = scene.path("layers/tool/it");
        let found = fetcher.file(&artifact, &path, executable, &mut scene.log()).unwrap();
        assert_eq!(found.size, small().len() as u64);
        assert_eq!(fs_err::read(&path).unwrap(), small());
        assert_eq!(mode(&path), expected);
        assert_eq!(names(&scene.path("layers/tool")), ["it"]);
    }
    assert_eq!(scene.upstream.requests().len(), 1);

    artifact.checksum = sha512(b"other");
    let path = scene.path("other/it");
    let problem =
        Problem::from(fetcher.file(&artifact, &path, true, &mut scene.log()).unwrap_err());
    assert_eq!(problem.id, "checksum-mismatch");
    assert_eq!(names(&scene.path("other")), [] as [&str; 0]);
}

#[test]
fn several_archives_are_logged_one_after_the_other() {
    let scene = Scene::new();
    let contents: Vec<_> =
        (0..6).map(|n| Tar::new().file("a", &noise(5000 * (6 - n))).gz()).collect();
    let mut artifacts = Vec::new();
    for (n, content) in contents.iter().enumerate() {
        let path = format!("/{n}");
        scene.upstream.serve(&path, content.clone());
        scene.upstream.fault(&path, [Fault::Status(503)]);
        let mut artifact = artifact(&scene.upstream.url(&path), content);
        artifact.name = format!("Part {n}");
        artifacts.push(artifact);
    }
    let wanted: Vec<_> = artifacts
        .iter()
        .enumerate()
        .map(|(n, artifact)| (artifact, Unpack::into(scene.path(&format!("layers/{n}")))))
        .collect();
    let fetched = Fetcher::new(options()).archives(&wanted, &mut scene.log()).unwrap();
    for (fetched, content) in fetched.iter().zip(&contents) {
        assert_eq!(fetched.size, content.len() as u64);
    }
    assert_eq!(names(&scene.path("layers")), ["0", "1", "2", "3", "4", "5"]);
    let said = scene.said();
    let parts: Vec<_> = said
        .lines()
        .filter_map(|line| line.trim_start_matches(" [debu]").trim().split(' ').nth(1))
        .filter(|word| word.len() == 1)
        .collect();
    let mut sorted = parts.clone();
    sorted.sort_unstable();
    assert_eq!(parts, sorted, "{said}");
    assert!(
        said.contains("    Part 5 1.2.3: HTTP 503 Service Unavailable; attempt 2 of 5 in "),
        "{said}"
    );
}

#[test]
fn downloads_overlap() {
    let content = small();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = content.clone();
    // Answers none before both are there.
    let server = std::thread::spawn(move || {
        for mut connection in [listener.accept().unwrap().0, listener.accept().unwrap().0] {
            let _ = connection.read(&mut [0; 4096]).unwrap();
            let length = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            connection.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    let scene = Scene::new();
    let one = artifact(&format!("http://{address}/1"), &content);
    let two = artifact(&format!("http://{address}/2"), &content);
    let mut options = options();
    options.limits.response_header = Some(Duration::from_secs(20));
    options.limits.attempts = 1;
    let to = |name: &str| Unpack::into(scene.path("layers").join(name));
    let both = [(&one, to("1")), (&two, to("2"))];
    Fetcher::new(options).archives(&both, &mut scene.log()).unwrap();
    server.join().unwrap();
    assert_eq!(names(&scene.path("layers")), ["1", "2"]);
}

#[test]
fn one_failure_fails_all_archives() {
    let scene = Scene::new();
    scene.upstream.serve("/good", small());
    let good = artifact(&scene.upstream.url("/good"), &small());
    let bad = artifact(&scene.upstream.url("/bad"), &small());
    let to = |name: &str| Unpack::into(scene.path("layers").join(name));
    let mut options = options();
    options.limits.concurrency = 1;
    let problem = Fetcher::new(options)
        .archives(&[(&good, to("1")), (&bad, to("2")), (&good, to("3"))], &mut scene.log())
        .unwrap_err();
    assert_eq!(Problem::from(problem).id, "download-failed");
    assert_eq!(names(&scene.path("layers")), ["1"]);
    assert_eq!(scene.upstream.requests().len(), 2);
}
