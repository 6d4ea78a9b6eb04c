//! What happens before an app starts.

use crate::support::{MANIFEST, bare};

#[test]
fn memory_is_divided_with_the_classes_that_the_build_counted() {
    let build = bare().file(MANIFEST, "Main-Class: A\n").file("A.class", "").build();
    let launch = build.launch("web").env("BPL_JVM_TOTAL_MEMORY", "1G");
    let (env, log) = launch.prepare().unwrap();
    // Two in the runtime, one in the app.
    assert!(log.contains("Loaded Class Count: 1,"), "{log}");
    assert!(
        log.starts_with("Calculated JVM Memory Configuration: -XX:MaxDirectMemorySize=10M -Xmx"),
        "{log}"
    );
    let options = env.get("JAVA_TOOL_OPTIONS").unwrap();
    assert!(options.contains("-XX:+ExitOnOutOfMemoryError"), "{options}");
    assert!(options.contains("-XX:NativeMemoryTracking=summary"), "{options}");
}

#[test]
fn a_start_that_can_only_fail_is_refused() {
    let build = bare().file(MANIFEST, "Main-Class: A\n").build();
    let launch = build.launch("web").env("BPL_JVM_TOTAL_MEMORY", "16M");
    let failure = launch.prepare().unwrap_err().to_string();
    assert!(
        failure.contains("error[too-little-memory]: the app needs more memory than it has"),
        "{failure}"
    );
    assert!(failure.contains("hint: give the container at least"), "{failure}");
}

#[test]
fn the_helper_changes_nothing_on_its_second_run() {
    let build = bare().file(MANIFEST, "Main-Class: A\n").build();
    let launch = build.launch("web").env("BPL_JVM_TOTAL_MEMORY", "1G").env("JAVA_OPTS", "-Dx=y");
    let (first, _) = launch.prepare().unwrap();
    let mut again = launch;
    for (name, value) in first.iter() {
        again = again.env(name, value);
    }
    let (second, _) = again.prepare().unwrap();
    assert_eq!(second.get("JAVA_TOOL_OPTIONS"), first.get("JAVA_TOOL_OPTIONS"));
}
