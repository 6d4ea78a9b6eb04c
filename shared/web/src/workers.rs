//! How many worker processes a server starts.

use std::path::Path;

use kouti_launch::{Env, cgroup};

/// Where nobody limits the container, more would only use memory.
const MOST: u64 = 4;

/// `BPL_NGINX_WORKERS`, or what the container's share of the machine allows.
///
/// nginx's own `auto` counts the processors of the machine: sixty-four workers in a
/// container that has half of one.
#[must_use]
pub fn count(env: &Env, root: &Path) -> i64 {
    let given = env.given("BPL_NGINX_WORKERS").and_then(|text| text.parse::<u64>().ok());
    let online = online(root).unwrap_or(1).max(1);
    let count = match (given.filter(|count| *count > 0), cgroup::cpu_limit(root)) {
        (Some(count), _) => count,
        (None, Some(thousandths)) => thousandths.div_ceil(1000).clamp(1, online),
        (None, None) => online.min(MOST),
    };
    i64::try_from(count).unwrap_or(1)
}

/// Processors of the machine: `0-3,8`.
fn online(root: &Path) -> Option<u64> {
    let text = fs_err::read_to_string(root.join("sys/devices/system/cpu/online")).ok()?;
    let ranges = text.trim().split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    });
    ranges.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_with(online: &str, quota: Option<&str>, setting: Option<&str>) -> i64 {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write("sys/devices/system/cpu/online", online);
        write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
        write("proc/self/cgroup", "0::/\n");
        if let Some(quota) = quota {
            write("sys/fs/cgroup/cpu.max", quota);
        }
        let env = setting.map(|value| ("BPL_NGINX_WORKERS", value));
        count(&env.into_iter().collect(), root.path())
    }

    #[test]
    fn the_share_of_the_container_decides() {
        for (online, quota, setting, expected) in [
            ("0-63\n", None, None, 4),
            ("0-1\n", None, None, 2),
            ("0-63\n", Some("150000 100000\n"), None, 2),
            ("0-63\n", Some("50000 100000\n"), None, 1),
            ("0-1\n", Some("800000 100000\n"), None, 2),
            ("0-63\n", Some("max 100000\n"), None, 4),
            ("0-3,8\n", Some("800000 100000\n"), None, 5),
            ("0-63\n", Some("50000 100000\n"), Some("12"), 12),
            ("0-63\n", None, Some("auto"), 4),
        ] {
            assert_eq!(count_with(online, quota, setting), expected, "{online} {quota:?}");
        }
    }
}
