//! The arithmetic against a table that was computed by Paketo's own `libjvm` 1.46.0.

use super::*;
use crate::launch::memory_flags::size;
use crate::launch::options::Words;

const CASES: &str = include_str!("paketo_cases.txt");

fn inputs(total: &str, threads: u64, classes: u64, head_room: u64, flags: &str) -> Inputs {
    let flags = MemoryFlags::read(&Words::split("JAVA_TOOL_OPTIONS", flags).unwrap());
    Inputs { total: size(total).unwrap(), head_room, threads, classes, flags }
}

fn shown_regions(inputs: &Inputs, regions: &Regions) -> String {
    let flags = &inputs.flags;
    let all = [
        ("-XX:MaxDirectMemorySize=", regions.direct, flags.direct),
        ("-Xmx", regions.heap, flags.heap),
        ("-XX:MaxMetaspaceSize=", regions.metaspace, flags.metaspace),
        ("-XX:ReservedCodeCacheSize=", regions.code_cache, flags.code_cache),
        ("-Xss", regions.stack, flags.stack),
    ];
    let fixed_by_nobody = all.iter().filter(|(_, _, fixed)| fixed.is_none());
    fixed_by_nobody
        .map(|(name, bytes, _)| format!("{name}{}", shown(*bytes)))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_case_of_the_table_gives_the_same() {
    let mut count = 0;
    for case in CASES.lines() {
        let [total, threads, classes, head_room, flags, expected] =
            case.split('|').collect::<Vec<_>>()[..]
        else {
            panic!("{case}")
        };
        let number = |text: &str| text.parse().unwrap();
        let inputs = inputs(total, number(threads), number(classes), number(head_room), flags);
        let found = match inputs.divide(NORMAL) {
            Ok(regions) => shown_regions(&inputs, &regions),
            Err(Shortage::Fixed(needed)) => format!("fixed {}", shown(needed)),
            Err(Shortage::NonHeap(needed)) => format!("non-heap {}", shown(needed)),
            Err(Shortage::All(needed)) => format!("all {}", shown(needed)),
        };
        assert_eq!(found, expected, "{case}");
        count += 1;
    }
    assert!(count >= 200, "{count}");
}

#[test]
fn classes_are_estimated_as_paketo_does() {
    for (adjustment, classes, loaded) in [
        (None, 100, 35),
        (Some("10"), 100, 38),
        (Some("110%"), 100, 38),
        (Some("-40"), 100, 21),
        (Some("60%"), 100, 21),
        (None, 36_000, 12_600),
    ] {
        assert_eq!(Adjustment::read(adjustment).unwrap().loaded(classes), loaded, "{adjustment:?}");
    }
    assert!(Adjustment::read(Some("x%")).is_err());
}

/// Total, user flags, threads that the user has set, threads then, stack, code cache, heap.
type Low = (&'static str, &'static str, Option<u64>, u64, &'static str, &'static str, &'static str);

const LOW: &[Low] = &[
    ("512M", "", None, 125, "512K", "120M", "242128K"),
    ("256M", "", None, 62, "256K", "60M", "89552K"),
    ("384M", "", None, 93, "384K", "90M", "170064K"),
    ("640M", "", None, 156, "640K", "150M", "306640K"),
    ("768M", "", None, 250, "1M", "240M", "189392K"),
    // With flags the profile is asked for: by itself the heap might be large enough.
    ("512M", "-XX:MaxMetaspaceSize=100M", Some(50), 50, "512K", "120M", "257M"),
    ("256M", "-XX:MaxMetaspaceSize=100M -Xss384K", None, 62, "384K", "60M", "64256K"),
    (
        "256M",
        "-XX:MaxMetaspaceSize=100M -XX:ReservedCodeCacheSize=120M",
        None,
        62,
        "256K",
        "120M",
        "10752K",
    ),
];

#[test]
fn below_a_gigabyte_regions_shrink() {
    for (total, flags, set, threads, stack, code_cache, heap) in LOW {
        let inputs = inputs(total, set.unwrap_or(THREADS), 12_600, 0, flags);
        let profile = if flags.is_empty() { Profile::Auto } else { Profile::Always };
        let Division { inputs, regions, .. } = divide(&inputs, profile, set.is_some()).unwrap();
        let found =
            (inputs.threads, shown(regions.stack), shown(regions.code_cache), shown(regions.heap));
        let expected =
            (*threads, (*stack).to_owned(), (*code_cache).to_owned(), (*heap).to_owned());
        assert_eq!(found, expected, "{total} {flags}");
    }
    let never = divide(&inputs("512M", THREADS, 12_600, 0, ""), Profile::Never, false);
    assert!(matches!(never, Err(Shortage::Fixed(needed)) if shown(needed) == "597039K"));
}
