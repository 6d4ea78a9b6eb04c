//! How much memory the app has, and where that is said.

use kouti::Problem;
use kouti_launch::{cgroup, memory};

use super::start::{Start, refused};

/// An amount of memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Total {
    pub(super) bytes: u64,
    /// `the limit of the container`.
    pub(super) origin: String,
}

const GIB: u64 = 1 << 30;
/// The JVM cannot use more.
const MOST: u64 = 64 << 40;

/// The memory of the app: what the user says, else the limit of the container, else what is free.
pub(super) fn find(start: &mut Start<'_>) -> Result<Total, Problem> {
    let total = given_or_found(start)?;
    if total.bytes <= MOST {
        return Ok(total);
    }
    start.outcome.warn("there is more memory than 64T: the rest is not used");
    Ok(Total { bytes: MOST, ..total })
}

fn given_or_found(start: &mut Start<'_>) -> Result<Total, Problem> {
    let name = "BPL_JVM_TOTAL_MEMORY";
    if let Some(text) = start.env.given(name) {
        let bytes = memory::parse_size(text, 1).filter(|bytes| *bytes > 0);
        let bytes = bytes.ok_or_else(|| refused(name, text, "a size such as 512M or 2G"))?;
        return Ok(Total { bytes, origin: name.to_owned() });
    }
    let machine = cgroup::machine_memory(start.root).unwrap_or(u64::MAX);
    let limit = memory::limit(start.env, start.root).filter(|limit| *limit < machine);
    if let Some(bytes) = limit {
        return Ok(Total { bytes, origin: "the limit of the container".to_owned() });
    }
    if let Some(bytes) = available(start) {
        start.outcome.debug("no memory limit: going by the memory that is available");
        let origin = "the memory that is available; there is no limit".to_owned();
        return Ok(Total { bytes, origin });
    }
    start.outcome.warn("there is no memory limit, and the available memory is unknown: taking 1G");
    Ok(Total { bytes: GIB, origin: "assumed".to_owned() })
}

fn available(start: &Start<'_>) -> Option<u64> {
    let text = fs_err::read_to_string(start.root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    memory::parse_size(line, 1)
}
