//! The helper as a whole, on directories of fixtures.

use std::path::Path;

use kouti_launch::Env;

use super::*;

mod diagnosis;
mod memory;
mod services;
mod temporary_files;

/// A container with 1 GiB and a Java of this version.
fn container(java: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    };
    write("sys/fs/cgroup/cgroup.controllers", "memory");
    write("sys/fs/cgroup/memory.max", "1073741824\n");
    write("java/release", &format!("JAVA_VERSION=\"{java}\"\n"));
    write("java/conf/security/java.security", "security.provider.1=SUN\nsecurity.provider.2=EC\n");
    root
}

fn run(root: &Path, variables: &[(&str, &str)]) -> (String, String) {
    let home = root.join("java").display().to_string();
    let tmp = root.display().to_string();
    let base = [
        ("JAVA_HOME", home.as_str()),
        ("TMPDIR", &tmp),
        ("BPI_JVM_CLASS_COUNT", "100"),
        ("BPI_APP_CLASS_COUNT", "0"),
        ("BPL_JVM_CACERTS_DISABLED", "true"),
        ("BPL_JAVA_NMT_ENABLED", "false"),
    ];
    let env: Env = base.into_iter().chain(variables.iter().copied()).collect();
    let outcome = java_at(&env, root);
    let set: Vec<_> = outcome
        .variables()
        .iter()
        .filter(|(name, _)| !name.starts_with("BPI_"))
        .map(|(name, value)| format!("{name}={}", value.replace(&tmp, "<tmp>")))
        .collect();
    (set.join("\n"), outcome.lines(false).join("\n").replace(&tmp, "<tmp>"))
}

const MEMORY: &str = "-XX:MaxDirectMemorySize=10M -Xmx522705K -XX:MaxMetaspaceSize=13870K \
     -XX:ReservedCodeCacheSize=240M -Xss1M";

#[test]
fn options_are_ours_then_the_users() {
    let root = container("21.0.2");
    let (set, said) = run(
        root.path(),
        &[("JAVA_TOOL_OPTIONS", "-Dmine=1"), ("JAVA_OPTS", "--add-opens a/b=c -Dyours=2")],
    );
    assert_eq!(
        set,
        format!(
            "JAVA_TOOL_OPTIONS=-XX:+ExitOnOutOfMemoryError {MEMORY} -Dmine=1 --add-opens=a/b=c -Dyours=2"
        )
    );
    assert_eq!(
        said,
        format!(
            "Calculated JVM Memory Configuration: {MEMORY} (Total Memory: 1G, Thread Count: 250, \
             Loaded Class Count: 35, Headroom: 0%)"
        )
    );
}

#[test]
fn running_again_changes_nothing() {
    let root = container("21.0.2");
    let home = root.path().join("java").display().to_string();
    let mut env: std::collections::BTreeMap<String, String> = [
        ("JAVA_HOME", home.as_str()),
        ("JAVA_TOOL_OPTIONS", "-Dmine=1"),
        ("JAVA_OPTS", "-Dyours=2"),
        ("BPI_JVM_CLASS_COUNT", "100"),
        ("BPI_APP_CLASS_COUNT", "0"),
        ("BPL_DEBUG_ENABLED", "true"),
        ("BPL_JVM_CACERTS_DISABLED", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let again = |env: &mut std::collections::BTreeMap<String, String>| {
        let outcome = java_at(&env.clone().into_iter().collect(), root.path());
        env.extend(outcome.variables().clone());
        env["JAVA_TOOL_OPTIONS"].clone()
    };
    let first = again(&mut env);
    let second = again(&mut env);
    assert_eq!(second, first);
    // What a layer of another buildpack appends each time.
    env.insert("JAVA_TOOL_OPTIONS".to_owned(), format!("{second} -javaagent:x.jar"));
    let third = again(&mut env);
    assert_eq!(third.matches("-agentlib:jdwp").count(), 1, "{third}");
    assert_eq!(third.matches("-Dyours=2").count(), 1, "{third}");
    env.insert("JAVA_TOOL_OPTIONS".to_owned(), format!("{third} -javaagent:x.jar"));
    assert_eq!(again(&mut env), third);
}

#[test]
fn the_user_has_the_last_word() {
    let root = container("21.0.2");
    let (set, _) = run(
        root.path(),
        &[("JAVA_TOOL_OPTIONS", "-XX:-ExitOnOutOfMemoryError -Dhttp.nonProxyHosts=a|b -Xss256k")],
    );
    assert!(!set.contains("+ExitOnOutOfMemoryError"), "{set}");
    assert!(!set.contains("-Xss1M") && set.contains("-Xmx71"), "{set}");
}

#[test]
fn old_javas_get_what_they_need() {
    let root = container("1.8.0_492");
    fs_err::write(root.path().join("sys/fs/cgroup/cpu.max"), "100000 100000").unwrap();
    let (set, _) = run(root.path(), &[("BPL_DEBUG_ENABLED", "true"), ("BPL_DEBUG_PORT", "9000")]);
    assert!(set.contains("-XX:ActiveProcessorCount=1 "), "{set}");
    assert!(set.contains("address=9000,suspend=n"), "{set}");
}

#[test]
fn java_8_is_not_given_more_than_it_reads() {
    let root = container("1.8.0_492");
    let many = "-Da=b ".repeat(65);
    let long = format!("-Dlong={}", "x".repeat(1100));
    for options in [many.as_str(), &long] {
        let (set, said) = run(root.path(), &[("JAVA_TOOL_OPTIONS", options)]);
        assert!(set.contains(options.trim()), "{set}");
        assert!(said.contains("and Java 8 ignores all of them if there are more than"), "{said}");
    }
    assert!(!run(root.path(), &[]).1.contains("warning"));
    let later = container("17.0.1");
    assert!(!run(later.path(), &[("JAVA_TOOL_OPTIONS", &many)]).1.contains("warning"));
}

#[test]
fn options_can_go_where_child_processes_do_not_look() {
    let root = container("21.0.2");
    let (set, _) = run(
        root.path(),
        &[
            ("BPL_JAVA_OPTIONS_VAR", "JDK_JAVA_OPTIONS"),
            ("JDK_JAVA_OPTIONS", "-Dmine=1"),
            ("JAVA_OPTS", "-Dyours=2"),
        ],
    );
    assert_eq!(
        set,
        format!("JDK_JAVA_OPTIONS=-XX:+ExitOnOutOfMemoryError {MEMORY} -Dyours=2 -Dmine=1")
    );
}
