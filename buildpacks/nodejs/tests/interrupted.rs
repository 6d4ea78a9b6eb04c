//! Builds that end in the middle: killed at any moment, or with a disk that fills up anywhere.

use std::time::{Duration, Instant};

use kouti_testing::upstream::{Fault, Upstream};
use kouti_testing::{Built, Case, Tool, with_disks};

use crate::support::{bare, node_with};

/// The same moments in each run, as far as a machine can repeat itself.
struct Random(u64);

impl Random {
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
    let npm = "mkdir -p node_modules/a && echo '{}' >node_modules/a/package.json";
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

    let mut random = Random(0x2545_f491_4f6c_dd1d);
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
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut full = 0;
        for _ in 0..25 {
            // In memory, a disk consists of pages.
            let room = 4096 * (1 + random.below(60));
            let case = slow(&upstream);
            let Err(failed) = case.build_in(room) else { continue };
            let error = failed.error();
            assert!(error.starts_with("error[disk-full]: "), "{room}: {error}");
            assert!(error.contains("hint: free some space"), "{room}: {error}");
            let again = result(&failed.build_on_rest_in(64_000_000));
            assert_eq!(again, result(&case.build()), "{room}");
            full += 1;
        }
        assert!(full >= 10, "only {full} of 25 disks were full");
    });
}
