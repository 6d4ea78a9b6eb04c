//! How many requests PHP-FPM works on at a time.

use std::path::Path;

use kouti_launch::{Env, cgroup, memory};

use crate::ini_values;

/// What a container has, and what a worker may take of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Room {
    pub(crate) memory: u64,
    pub(crate) cores: u64,
    /// `memory_limit` of PHP.
    pub(crate) each: u64,
}

/// How many workers, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workers {
    pub(crate) count: u64,
    pub(crate) why: String,
}

/// Where nothing limits the container.
const UNLIMITED: u64 = 512 * memory::MIB;
/// From here on a limit means that there is none.
const HUGE: u64 = 8 << 40;
/// PHP's own `memory_limit`.
const USUAL: u64 = 128 * memory::MIB;
/// What PHP takes before it runs anything. It refuses a `memory_limit` below that, which is usually
/// one without its unit, and keeps its own.
const LEAST: u64 = 2 * memory::MIB;

impl Room {
    /// `root` is `/` outside tests.
    pub(crate) fn of(env: &Env, root: &Path) -> Self {
        let memory = memory::limit(env, root).filter(|limit| *limit < HUGE).unwrap_or(UNLIMITED);
        let quota = cgroup::cpu_limit(root).map(|thousandths| thousandths.div_ceil(1000));
        let cores = allowed_cores(root).min(quota.unwrap_or(u64::MAX)).max(1);
        let each = each(ini_values::effective(env, "memory_limit").as_deref(), memory);
        Self { memory, cores, each }
    }

    /// As many as the memory holds, but not more than the processors can feed.
    fn workers(self) -> Workers {
        let Self { memory, cores, each } = self;
        // Heroku's formula: more memory per core is a sign of requests that wait.
        let factor = u64::from(memory.div_ceil(USUAL).next_power_of_two().trailing_zeros());
        let by_cores = factor * cores * 2 * USUAL / each.max(1);
        let by_memory = memory / each.max(1);
        let count = by_cores.min(by_memory).max(1);
        let bound = if by_memory <= by_cores { "memory" } else { "CPU" };
        let mebibytes = |bytes: u64| bytes / memory::MIB;
        let why = format!(
            "{} MiB of memory, {cores} CPU, {} MiB for each: {bound} decides",
            mebibytes(memory),
            mebibytes(each)
        );
        Workers { count, why }
    }
}

/// What a worker may take by this `memory_limit`.
fn each(limit: Option<&str>, memory: u64) -> u64 {
    let Some(text) = limit else { return USUAL };
    let each = ini_values::bytes(text).unwrap_or(memory);
    if each < LEAST { USUAL } else { each }
}

impl Workers {
    /// The setting, else `WEB_CONCURRENCY`, else what there is room for; and what to warn of.
    pub(crate) fn choose(env: &Env, room: Room) -> (Self, Option<String>) {
        let is_foreign =
            env.given("WEB_CONCURRENCY_SET_BY").is_some_and(|name| !name.contains("php"));
        let names = ["BPL_PHP_FPM_MAX_CHILDREN", "WEB_CONCURRENCY"];
        let names = if is_foreign { &names[..1] } else { &names[..] };
        let given = names.iter().find_map(|name| Some((*name, env.given(name)?)));
        let Some((name, text)) = given else { return (room.workers(), None) };
        match text.parse::<u64>() {
            Ok(count) if count > 0 => (Self { count, why: name.to_owned() }, None),
            _ => {
                let warning = format!("{name} is `{text}`, not a number of workers; 1 is used");
                (Self { count: 1, why: name.to_owned() }, Some(warning))
            }
        }
    }
}

/// The processors that the kernel lets this process run on: `0-3,7`.
fn allowed_cores(root: &Path) -> u64 {
    let status = fs_err::read_to_string(root.join("proc/self/status")).unwrap_or_default();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let ranges = allowed.unwrap_or_default().trim().split(',');
    let count = ranges.filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.trim().parse::<u64>().ok()? + 1 - first.trim().parse::<u64>().ok()?)
    });
    count.sum::<u64>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(mebibytes: u64, cores: u64, each: u64) -> u64 {
        let room = Room { memory: mebibytes << 20, cores, each: each << 20 };
        room.workers().count
    }

    #[test]
    fn memory_and_processors_bound_the_number() {
        for (memory, cores, each, expected) in [
            (512, 1, 128, 4),
            (1024, 2, 128, 8),
            (256, 1, 128, 2),
            (2048, 8, 256, 8),
            (128, 2, 128, 1),
            (64, 1, 128, 1),
            (16384, 2, 128, 28),
        ] {
            assert_eq!(count(memory, cores, each), expected, "{memory} {cores} {each}");
        }
    }

    #[test]
    fn a_limit_that_php_refuses_is_none() {
        for (limit, expected) in
            [(None, USUAL), (Some("64M"), 64 << 20), (Some("-1"), 9 << 30), (Some("256"), USUAL)]
        {
            assert_eq!(each(limit, 9 << 30), expected, "{limit:?}");
        }
    }

    #[test]
    fn the_user_decides() {
        let room = Room { memory: 512 << 20, cores: 1, each: 128 << 20 };
        let choose = |pairs: &[(&str, &str)]| {
            let env: Env = pairs.iter().copied().collect();
            let (workers, warning) = Workers::choose(&env, room);
            (workers.count, warning)
        };
        assert_eq!(choose(&[("WEB_CONCURRENCY", "3")]), (3, None));
        assert_eq!(choose(&[("WEB_CONCURRENCY", "3"), ("BPL_PHP_FPM_MAX_CHILDREN", "7")]).0, 7);
        assert_eq!(choose(&[("WEB_CONCURRENCY", "3"), ("WEB_CONCURRENCY_SET_BY", "nodejs")]).0, 4);
        let (count, warning) = choose(&[("BPL_PHP_FPM_MAX_CHILDREN", "many")]);
        assert_eq!(count, 1);
        assert!(warning.unwrap().contains("BPL_PHP_FPM_MAX_CHILDREN is `many`"));
    }

    #[test]
    fn the_kernel_names_the_processors() {
        let root = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(root.path().join("proc/self")).unwrap();
        let status = root.path().join("proc/self/status");
        fs_err::write(&status, "Name:\tx\nCpus_allowed_list:\t0-3,7\n").unwrap();
        assert_eq!(allowed_cores(root.path()), 5);
        fs_err::write(&status, "").unwrap();
        assert_eq!(allowed_cores(root.path()), 1);
    }
}
