//! Memory and CPU limits, from directories that look like a container's root.

use kouti_launch::{Env, cgroup, memory};
use tempfile::TempDir;

const MIB: u64 = memory::MIB;

fn container(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }
    root
}

const CONTROLLERS: (&str, &str) = ("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");

fn memory_of(files: &[(&str, &str)]) -> Option<u64> {
    cgroup::memory_limit(container(files).path())
}

fn cpu_of(files: &[(&str, &str)]) -> Option<u64> {
    cgroup::cpu_limit(container(files).path())
}

#[test]
fn version_2_gives_the_smallest_limit_up_to_the_mount() {
    assert_eq!(
        memory_of(&[
            CONTROLLERS,
            ("proc/self/cgroup", "0::/pod/app/leaf\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
            ("sys/fs/cgroup/pod/memory.max", "268435456\n"),
            ("sys/fs/cgroup/pod/app/memory.max", "536870912\n"),
            ("sys/fs/cgroup/pod/app/leaf/memory.max", "max\n"),
            ("sys/fs/cgroup/other/memory.max", "1048576\n"),
        ]),
        Some(256 * MIB)
    );
}

#[test]
fn version_2_finds_the_limit_at_the_mount_when_the_path_is_the_hosts() {
    for own in ["0::/", "0::/system.slice/docker-1.scope", "0::/../../other", ""] {
        assert_eq!(
            memory_of(&[
                CONTROLLERS,
                ("proc/self/cgroup", own),
                ("sys/fs/cgroup/memory.max", "536870912\n"),
                ("sys/fs/other/memory.max", "1\n"),
            ]),
            Some(512 * MIB),
            "{own}"
        );
    }
}

#[test]
fn unlimited_is_no_limit() {
    assert_eq!(memory_of(&[CONTROLLERS, ("sys/fs/cgroup/memory.max", "max\n")]), None);
    assert_eq!(memory_of(&[CONTROLLERS]), None);
    assert_eq!(memory_of(&[]), None);
    let v1 = "sys/fs/cgroup/memory/memory.limit_in_bytes";
    assert_eq!(memory_of(&[(v1, "9223372036854771712\n")]), None);
    assert_eq!(memory_of(&[(v1, "18446744073709551615\n")]), None);
    assert_eq!(memory_of(&[(v1, "garbage\n")]), None);
}

#[test]
fn version_1_beyond_the_machines_memory_is_no_limit() {
    let with = |total: &str| {
        memory_of(&[
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"),
            ("proc/self/cgroup", "11:cpu,cpuacct:/docker/1\n9:memory:/docker/1\n"),
            ("proc/meminfo", &format!("MemTotal:  {total} kB\nMemFree: 1 kB\n")),
        ])
    };
    assert_eq!(with("2097152"), Some(2048 * MIB));
    assert_eq!(with("2097151"), None);
}

#[test]
fn version_1_sees_nested_groups() {
    assert_eq!(
        memory_of(&[
            ("proc/self/cgroup", "9:memory:/docker/1\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "134217728\n"),
        ]),
        Some(128 * MIB)
    );
}

#[test]
fn cpu_limits_are_in_thousandths() {
    let v2 = |max: &str| cpu_of(&[CONTROLLERS, ("sys/fs/cgroup/cpu.max", max)]);
    assert_eq!(v2("150000 100000\n"), Some(1500));
    assert_eq!(v2("max 100000\n"), None);
    assert_eq!(v2("100000 0\n"), None);
    assert_eq!(v2("broken\n"), None);
    let v1 = |quota: &str| {
        cpu_of(&[
            ("proc/self/cgroup", "4:cpu,cpuacct:/\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ])
    };
    assert_eq!(v1("50000\n"), Some(500));
    assert_eq!(v1("-1\n"), None);
}

#[test]
fn cloud_foundry_gives_the_smallest_of_its_three_limits() {
    let root = container(&[CONTROLLERS, ("sys/fs/cgroup/memory.max", "1073741824\n")]);
    let limit = |variables: &[(&str, &str)]| {
        let env: Env = variables.iter().copied().collect();
        memory::limit(&env, root.path()).map(|bytes| bytes / MIB)
    };
    assert_eq!(limit(&[]), Some(1024));
    assert_eq!(limit(&[("MEMORY_LIMIT", "64m")]), Some(1024));
    let application = ("VCAP_APPLICATION", r#"{"limits": {"mem": 512}}"#);
    assert_eq!(limit(&[application]), Some(512));
    assert_eq!(limit(&[application, ("MEMORY_LIMIT", "256m")]), Some(256));
    assert_eq!(limit(&[application, ("MEMORY_LIMIT", "2g")]), Some(512));
    assert_eq!(limit(&[application, ("MEMORY_LIMIT", "lots")]), Some(512));
    assert_eq!(limit(&[("VCAP_APPLICATION", "{}")]), Some(1024));
    assert_eq!(limit(&[("VCAP_APPLICATION", "not json")]), Some(1024));
    assert_eq!(limit(&[("VCAP_APPLICATION", r#"{"limits": {"mem": 0}}"#)]), Some(1024));
}
