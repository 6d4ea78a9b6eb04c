//! No space left on a disk that is really full.

use insta::assert_snapshot;
use kouti_fetch::{Fetcher, Options, Unpack};
use kouti_report::Problem;
use kouti_testing::{SmallDisk, with_disks};

use crate::archive::{Tar, noise};
use crate::scene::{Scene, artifact, names, options};

fn large() -> Tar {
    Tar::new().file("small", b"x").file("large", &noise(3_000_000)).file("after", b"y")
}

#[test]
fn a_full_disk_is_said_so_and_left_clean() {
    with_disks("full_disk::a_full_disk_is_said_so_and_left_clean", || {
        for content in [large().gz(), large().plain()] {
            let scene = Scene::new();
            scene.upstream.serve("/it.tar.gz", content.clone());
            let _disk = SmallDisk::at(&scene.path("layers"));
            let problem = scene.fetch(&content, options()).unwrap_err();
            assert_eq!(problem.id, "disk-full");
            let out = scene.out();
            let summary = format!("the disk is full: no space for It 1.2.3 in {}", out.display());
            assert_eq!(problem.summary, summary);
            assert_eq!(scene.upstream.requests().len(), 1);
        }
    });
}

#[test]
fn a_file_that_does_not_fit_is_said_so() {
    with_disks("full_disk::a_file_that_does_not_fit_is_said_so", || {
        let scene = Scene::new();
        scene.upstream.serve("/it", noise(3_000_000));
        let _disk = SmallDisk::at(&scene.path("layers"));
        let artifact = artifact(&scene.upstream.url("/it"), &noise(3_000_000));
        let path = scene.path("layers/it.jar");
        let file = Fetcher::new(options()).file(&artifact, &path, false, &mut scene.log());
        let problem = scene.checked(file.map_err(Problem::from)).unwrap_err();
        assert_snapshot!(scene.page(&problem), @"
    error[disk-full]: the disk is full: no space for It 1.2.3 in DIR/layers/it.jar
      caused by: cannot write DIR/layers/it.jar: No space left on device (os error 28)

    hint: free some space (more than 3.0 MB needed, 1.0 MB left), or give the build more
    ");
    });
}

#[test]
fn a_full_cache_does_not_stop_a_build() {
    with_disks("full_disk::a_full_cache_does_not_stop_a_build", || {
        let scene = Scene::new();
        scene.upstream.serve("/it", large().gz());
        let _disk = SmallDisk::at(&scene.path("cache"));
        let artifact = artifact(&scene.upstream.url("/it"), &large().gz());
        let options = Options { cache: Some(scene.path("cache")), ..options() };
        let unpack = Unpack::into(scene.out());
        scene.unpack(&artifact, &unpack, options).unwrap();
        assert_eq!(names(&scene.out()), ["after", "large", "small"]);
        assert_eq!(names(&scene.path("cache/sha256")), [] as [&str; 0]);
        assert!(
            scene.said().contains("not kept for later: cannot write DIR/cache/sha256/"),
            "{}",
            scene.said()
        );
    });
}
