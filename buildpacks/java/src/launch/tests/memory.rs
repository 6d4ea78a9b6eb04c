//! How much memory the JVM gets, and what is said where there is too little.

use super::{container, run};

#[test]
fn a_bad_number_keeps_the_app_from_starting() {
    let root = container("21.0.2");
    for (name, value) in [
        ("BPL_JVM_THREAD_COUNT", "abc"),
        ("BPL_JVM_THREAD_COUNT", "0"),
        ("BPL_JVM_HEAD_ROOM", "91"),
        ("BPL_JVM_LOADED_CLASS_COUNT", "-1"),
        ("BPL_JVM_CLASS_ADJUSTMENT", "much"),
        ("BPL_JVM_TOTAL_MEMORY", "lots"),
        ("BPL_JVM_LOW_MEMORY_PROFILE", "maybe"),
        ("BPL_JMX_ENABLED", "perhaps"),
        ("JAVA_TOOL_OPTIONS", "-Da='b"),
    ] {
        let (set, said) = run(root.path(), &[(name, value)]);
        assert_eq!(set, "", "{name}");
        assert!(said.contains(&format!("]: {name}")), "{name}: {said}");
    }
    let (_, said) = run(root.path(), &[("BPL_JVM_THREAD_COUNT", "abc")]);
    insta::assert_snapshot!(said, @"
    error[bad-launch-setting]: BPL_JVM_THREAD_COUNT is `abc`, which is not a whole number from 1 on

    hint: correct it, or unset it
    ");
}

#[test]
fn the_old_name_of_the_head_room_still_counts() {
    let root = container("21.0.2");
    let (set, said) = run(root.path(), &[("BPL_JVM_HEADROOM", "10")]);
    assert!(set.contains("-Xmx417848K"), "{set}");
    assert!(
        said.contains("warning: BPL_JVM_HEADROOM is deprecated: set BPL_JVM_HEAD_ROOM"),
        "{said}"
    );
}

#[test]
fn a_heap_that_begins_larger_than_it_may_become() {
    let root = container("21.0.2");
    let (set, said) = run(root.path(), &[("JAVA_TOOL_OPTIONS", "-Xms2g")]);
    assert_eq!(set, "");
    insta::assert_snapshot!(said, @"
    error[initial-heap-too-large]: -Xms2G is more than the heap of 522705K that 1G of memory leave

    hint: leave -Xms out, or give the container more memory
    ");
}

#[test]
fn too_little_memory_says_what_would_do() {
    let root = container("21.0.2");
    let (_, said) = run(
        root.path(),
        &[
            ("JAVA_TOOL_OPTIONS", "-Xmx2g"),
            ("BPL_JVM_LOADED_CLASS_COUNT", "12600"),
            ("BPL_JVM_LOW_MEMORY_PROFILE", "never"),
        ],
    );
    insta::assert_snapshot!(said, @"
    error[too-little-memory]: the app needs more memory than it has: the heap and all other regions take 2694191K of 1G (the limit of the container)
      direct memory           10M, default
      metaspace            85039K, calculated
      code cache             240M, default
      stack of a thread        1M for each of 250 threads, default
      head room                 0, calculated
      heap                     2G, set by the user

    hint: give the container at least 2688M
    hint: or lower -Xmx
    hint: or set BPL_JVM_THREAD_COUNT to the threads that the app really has
    hint: or leave BPL_JVM_LOW_MEMORY_PROFILE at auto
    ");
}

#[test]
fn no_heap_at_all_says_what_would_do() {
    let root = container("21.0.2");
    let (_, said) = run(
        root.path(),
        &[("BPL_JVM_TOTAL_MEMORY", "64M"), ("BPL_JVM_LOADED_CLASS_COUNT", "12600")],
    );
    insta::assert_snapshot!(said, @"
    error[too-little-memory]: the app needs more memory than it has: the fixed regions of the JVM take 118319K of 64M (BPL_JVM_TOTAL_MEMORY)
      direct memory           10M, default
      metaspace            85039K, calculated
      code cache             240M, default
      stack of a thread        1M for each of 250 threads, default
      head room                 0, calculated
      heap                      0, what is left

    hint: give the container at least 320M
    hint: or set BPL_JVM_THREAD_COUNT to the threads that the app really has
    hint: or set BPL_JVM_LOADED_CLASS_COUNT to the classes it really loads
    ");
}

#[test]
fn the_total_comes_from_the_best_source() {
    let total = |limit: Option<&str>, free: Option<&str>, given: Option<&str>| {
        let root = container("21.0.2");
        match limit {
            Some(limit) => fs_err::write(root.path().join("sys/fs/cgroup/memory.max"), limit),
            None => fs_err::remove_file(root.path().join("sys/fs/cgroup/memory.max")),
        }
        .unwrap();
        if let Some(free) = free {
            fs_err::create_dir_all(root.path().join("proc")).unwrap();
            fs_err::write(root.path().join("proc/meminfo"), format!("MemAvailable: {free} kB\n"))
                .unwrap();
        }
        let given: Vec<_> =
            given.map(|given| ("BPL_JVM_TOTAL_MEMORY", given)).into_iter().collect();
        let (_, said) = run(root.path(), &given);
        let (_, total) = said.split_once("(Total Memory: ").unwrap();
        let total = total.split(',').next().unwrap().to_owned();
        let warning = said.lines().find(|line| line.contains("warning: there is"));
        (total, warning.unwrap_or_default().to_owned())
    };
    let none = String::new();
    let limit = Some("1073741824\n");
    let free = Some("3145728");
    assert_eq!(total(limit, free, Some("2G")), ("2G".to_owned(), none.clone()));
    assert_eq!(total(limit, free, None), ("1G".to_owned(), none.clone()));
    assert_eq!(total(Some("max\n"), free, None), ("3G".to_owned(), none.clone()));
    assert_eq!(total(None, free, None), ("3G".to_owned(), none));
    let (assumed, warning) = total(None, None, None);
    assert_eq!(assumed, "1G");
    assert!(warning.contains("no memory limit, and the available memory is unknown"), "{warning}");
    let (most, warning) = total(limit, free, Some("65T"));
    assert_eq!(most, "64T");
    assert!(warning.contains("there is more memory than 64T"), "{warning}");
}
