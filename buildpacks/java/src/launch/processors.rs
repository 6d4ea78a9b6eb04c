//! How many processors old JVMs are told to use.

use kouti_launch::cgroup;

use super::start::Start;

/// Before Java 17 a small share of the processor time made the JVM believe in one processor.
pub(super) fn active(start: &mut Start<'_>) {
    let affinity = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    if start.java >= 17 {
        return;
    }
    let quota = cgroup::cpu_limit(start.root).map(|thousandths| thousandths.div_ceil(1000).max(1));
    let count = quota.map_or(affinity as u64, |quota| quota.min(affinity as u64));
    let flag = format!("-XX:ActiveProcessorCount={count}");
    start.flag_unless(&flag, "-XX:ActiveProcessorCount=");
}
