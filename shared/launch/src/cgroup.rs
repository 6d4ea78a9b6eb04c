//! What the container may use, as its control groups say.
//!
//! Everything is read below a root directory: `/` in a container, a directory of fixtures
//! in a test. What cannot be read or understood is no limit.

use std::path::{Component, Path, PathBuf};

/// From here on a version 1 limit means "unlimited"; the kernel writes
/// 9 223 372 036 854 771 712.
const UNLIMITED: u64 = 1 << 60;

/// The memory limit in bytes.
///
/// Version 2: the smallest `memory.max` from the own group up to the mount. Version 1: the same
/// with `memory.limit_in_bytes`, where huge values and those beyond the machine's memory
/// are no limits.
#[must_use]
pub fn memory_limit(root: &Path) -> Option<u64> {
    if is_v2(root) {
        return smallest(&groups(root, None), |dir| number(&dir.join("memory.max")));
    }
    let limit =
        smallest(&groups(root, Some("memory")), |dir| number(&dir.join("memory.limit_in_bytes")))?;
    let machine = machine_memory(root).unwrap_or(UNLIMITED);
    (limit < UNLIMITED && limit <= machine).then_some(limit)
}

/// The CPU limit in thousandths of a CPU: 1500 is one and a half.
///
/// Version 2: the smallest `cpu.max` from the own group up to the mount; version 1: the
/// same with the quota of the completely fair scheduler.
#[must_use]
pub fn cpu_limit(root: &Path) -> Option<u64> {
    if is_v2(root) {
        return smallest(&groups(root, None), |dir| {
            let text = fs_err::read_to_string(dir.join("cpu.max")).ok()?;
            let (quota, period) = text.trim().split_once(' ')?;
            share(quota.parse().ok()?, period.parse().ok()?)
        });
    }
    smallest(&groups(root, Some("cpu")), |dir| {
        // -1, which is no number here, means unlimited.
        share(number(&dir.join("cpu.cfs_quota_us"))?, number(&dir.join("cpu.cfs_period_us"))?)
    })
}

/// The memory of the machine in bytes.
#[must_use]
pub fn machine_memory(root: &Path) -> Option<u64> {
    let text = fs_err::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn is_v2(root: &Path) -> bool {
    root.join("sys/fs/cgroup/cgroup.controllers").is_file()
}

/// The directories of the own group and of all groups above it, up to the mount.
fn groups(root: &Path, controller: Option<&str>) -> Vec<PathBuf> {
    let mount = match controller {
        None => root.join("sys/fs/cgroup"),
        Some(controller) => root.join("sys/fs/cgroup").join(controller),
    };
    let text = fs_err::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    // hierarchy:controllers:path; version 2 has hierarchy 0 and no controllers.
    let own = text
        .lines()
        .filter_map(|line| line.split_once(':')?.1.split_once(':'))
        .find(|(controllers, _)| match controller {
            None => controllers.is_empty(),
            Some(controller) => controllers.split(',').any(|name| name == controller),
        })
        .map_or("", |(_, path)| path);
    // Paths of the host do not exist in a container that sees only its own part of the tree, and
    // `..` leads out of it. The mount itself always counts.
    let mut dir = mount.clone();
    let mut dirs = vec![mount];
    for part in Path::new(own).components() {
        match part {
            Component::Normal(name) => dir.push(name),
            Component::ParentDir => return dirs,
            _ => continue,
        }
        dirs.push(dir.clone());
    }
    dirs
}

fn smallest(dirs: &[PathBuf], limit: impl Fn(&Path) -> Option<u64>) -> Option<u64> {
    dirs.iter().filter_map(|dir| limit(dir)).min()
}

fn number(file: &Path) -> Option<u64> {
    fs_err::read_to_string(file).ok()?.trim().parse().ok()
}

fn share(quota: u64, period: u64) -> Option<u64> {
    quota.checked_mul(1000)?.checked_div(period)
}
