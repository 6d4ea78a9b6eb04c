//! Builds that end in the middle: killed at any moment, or with a disk that fills up anywhere.

use std::time::{Duration, Instant};

use kouti_testing::upstream::{Fault, Upstream};
use kouti_testing::{Built, Case, Disk, SmallDisk, Tool, with_disks};

use crate::support::{bare, node_with};

/// The same moments in each run, as far as a machine can repeat itself; `KOUTI_TEST_SEED` gives others.
struct Random(u64);

impl Random {
    #[expect(clippy::disallowed_methods, reason = "a test is an entry point")]
    fn new() -> Self {
        let seed = std::env::var("KOUTI_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(0x2545_f491_4f6c_dd1d);
        // Shown of a test that fails.
        println!("KOUTI_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// An app whose Node.js comes slowly, in pieces, from a server of this test.
fn slow(upstream: &Upstream) -> Case {
    let mut random = Random(7);
    let ballast: Vec<u8> = (0..50_000).map(|_| random.below(256).to_le_bytes()[0]).collect();
    let npm = "mkdir -p node_modules/a && echo '{}' >node_modules/a/package.json && \
               head -c 20000 /dev/zero >node_modules/a/index.js";
    let node = node_with("26.1.0", Tool::script(npm))
        .file("include/node/large.h", ballast)
        .uri(upstream.url("/node.tar.gz"));
    upstream.serve("/node.tar.gz", node.to_bytes());
    upstream.always("/node.tar.gz", Fault::Trickle(4000));
    bare()
        .file("package.json", r#"{"dependencies": {"a": "1"}, "scripts": {"start": "node a"}}"#)
        .file("package-lock.json", "{\"lockfileVersion\": 3}\n")
        .artifact(node)
        .env("BP_NODE_VERSION", "26")
}

/// Everything a build leaves: the image, and what is kept for the next one.
fn result(built: &Built) -> String {
    let kept = ["downloads", "npm-cache"].map(|name| built.layer(name).files().join(" "));
    let sboms = built.sboms().join(" ");
    format!("{}\n{}\n{sboms}\n{}", built.image_digest(), built.layers(), kept.join("\n"))
}

#[test]
fn a_build_that_was_killed_leaves_nothing_that_the_next_one_could_trip_over() {
    let upstream = Upstream::start();
    let case = slow(&upstream);
    let expected = result(&case.build());
    let started = Instant::now();
    let _ = case.build();
    let mut usual = u64::try_from(started.elapsed().as_micros()).unwrap();

    let mut random = Random::new();
    let (mut killed, mut rests) = (0, std::collections::BTreeSet::new());
    for _ in 0..500 {
        let moment = Duration::from_micros(random.below(usual));
        // How fast a build is depends on what else this machine has to do.
        let Some(failed) = case.killed_after(moment) else {
            usual = u64::try_from(moment.as_micros()).unwrap().max(1000);
            continue;
        };
        usual += usual / 10;
        let rest = failed.layers_left().join(" ");
        let again = failed.build_on_rest();
        assert_eq!(result(&again), expected, "killed after {moment:?}, which left {rest}");
        rests.insert(rest);
        killed += 1;
        if killed == 50 {
            // Otherwise the moments were not as different as they should be.
            assert!(rests.len() >= 5, "{rests:#?}");
            return;
        }
    }
    panic!("only {killed} of 500 builds were killed in time");
}

#[test]
fn a_disk_that_fills_up_anywhere_is_said_so_and_leaves_nothing_in_the_way() {
    let name =
        "interrupted::a_disk_that_fills_up_anywhere_is_said_so_and_leaves_nothing_in_the_way";
    with_disks(name, || {
        let upstream = Upstream::start();
        let mut random = Random::new();
        // Where, how many builds, with up to so many pages of room, and how many have to fail at least.
        for (disk, builds, pages, at_least) in
            [(Disk::Layers, 20, 60, 10), (Disk::App, 6, 8, 2), (Disk::Temporary, 5, 5, 2)]
        {
            let mut full = 0;
            for _ in 0..builds {
                // In memory, a disk consists of pages.
                let room = 4096 * (1 + random.below(pages));
                let case = with_a_secret(slow(&upstream));
                let Err(failed) = case.build_in(disk, room) else { continue };
                // The platform itself may be the one who finds no room, for copies of what we have made.
                if failed.failure().contains("No space left") {
                    continue;
                }
                let error = failed.error();
                // A tool that finds no room says so in its own words.
                let known = ["error[disk-full]: ", "error[no-space-left]: "];
                assert!(known.iter().any(|id| error.starts_with(id)), "{disk:?} {room}: {error}");
                assert!(error.contains("hint: free some space"), "{disk:?} {room}: {error}");
                let again = result(&failed.build_on_rest_in(disk, 64_000_000));
                assert_eq!(again, result(&case.build()), "{disk:?} {room}");
                full += 1;
            }
            assert!(full >= at_least, "only {full} of {builds} disks were full: {disk:?}");
        }
    });
}

/// Bound as Cloud Foundry does: to be given to npm, it has to become a file.
fn with_a_secret(case: Case) -> Case {
    let long = format!("; {}", "x".repeat(15_000));
    let services = serde_json::json!({"user-provided": [
        {"name": "registry", "credentials": {"type": "npmrc", ".npmrc": long}}
    ]});
    case.env("VCAP_SERVICES", services.to_string())
}

#[test]
fn no_room_for_what_is_only_kept_does_not_stop_a_build() {
    let name = "interrupted::no_room_for_what_is_only_kept_does_not_stop_a_build";
    with_disks(name, || {
        let upstream = Upstream::start();
        let dir = tempfile::tempdir().unwrap();
        let (cache, reports) = (dir.path().join("cache"), dir.path().join("reports"));
        let disks = [&cache, &reports].map(|dir| SmallDisk::at(dir));
        disks.iter().for_each(SmallDisk::fill);

        let case = slow(&upstream).env("BP_DEPENDENCY_CACHE", cache.to_str().unwrap());
        let built = case.env("BP_REPORT_DIR", reports.to_str().unwrap()).build();

        assert!(
            built.log().contains("warning: the report of this build is lost: "),
            "{}",
            built.log()
        );
        assert!(built.layer("node").has("bin/node"));
        assert_eq!(fs_err::read_dir(cache.join("sha256")).unwrap().count(), 0);
    });
}

#[test]
fn a_full_disk_says_how_much_is_needed() {
    let name = "interrupted::a_full_disk_says_how_much_is_needed";
    with_disks(name, || {
        let upstream = Upstream::start();
        let failed = slow(&upstream).build_in(Disk::Layers, 40_960).err().unwrap();
        let error = failed.error();
        // Both depend on how well the archive is compressed and where it stopped.
        let hint = error.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
        let known = hint
            .strip_prefix("hint: free some space (more than ")
            .unwrap_or_else(|| panic!("{error}"));
        let (needed, rest) = known.split_once(" kB needed, ").unwrap_or_else(|| panic!("{error}"));
        assert!(needed.parse::<f64>().unwrap() > 50.0, "{error}");
        assert!(rest.ends_with(" kB left), or give the build more"), "{error}");
    });
}
