//! What called us: the platform's own program. It tells no more than it has to, but its command line can be read. All of
//! this only makes messages better: nothing depends on it.

use std::path::Path;
use std::time::Duration;

/// How a staging was asked for.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Call {
    /// How many buildpacks there are.
    pub(crate) buildpacks: usize,
    /// Whether the platform asked them which of them it is.
    pub(crate) detects: bool,
}

/// The call of the process that started this one, if it is the platform's.
pub(crate) fn call() -> Option<Call> {
    let parent = rustix::process::getppid()?;
    let path = format!("/proc/{}/cmdline", parent.as_raw_nonzero());
    Call::parse(&fs_err::read(path).ok()?)
}

/// How long the staging has been going on.
pub(crate) fn since_start() -> Option<Duration> {
    let parent = rustix::process::getppid()?;
    let stat = fs_err::read_to_string(format!("/proc/{}/stat", parent.as_raw_nonzero())).ok()?;
    let uptime = fs_err::read_to_string(Path::new("/proc/uptime")).ok()?;
    running(&stat, &uptime, rustix::param::clock_ticks_per_second())
}

impl Call {
    fn parse(command_line: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(command_line);
        let value = |name: &str| {
            let find =
                |word: &str| word.trim_start_matches('-').strip_prefix(name).map(str::to_owned);
            text.split('\0').find_map(find)
        };
        let order = value("buildpackOrder=")?;
        let skips = value("skipDetect").is_some_and(|value| value != "=false");
        Some(Self { buildpacks: order.split(',').count(), detects: !skips })
    }
}

/// From the start of a process and the time since the machine started.
fn running(stat: &str, uptime: &str, ticks_per_second: u64) -> Option<Duration> {
    // The name of the program may have blanks and brackets in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let since: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let (seconds, _) = uptime.split_once('.')?;
    let now: u64 = seconds.parse().ok()?;
    Some(Duration::from_secs(now.saturating_sub(since / ticks_per_second.max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_call_tells_how_many_buildpacks_there_are() {
        let call = |words: &[&str]| Call::parse(words.join("\0").as_bytes());
        let asked = call(&["/tmp/lifecycle/builder", "-buildpackOrder=a,b,c", "-skipDetect=false"]);
        assert_eq!(asked, Some(Call { buildpacks: 3, detects: true }));
        let named = call(&["builder", "--buildpackOrder=a", "-skipDetect=true", "-buildDir=/x"]);
        assert_eq!(named, Some(Call { buildpacks: 1, detects: false }));
        assert_eq!(call(&["bash", "stage.sh"]), None);
    }

    #[test]
    fn a_process_has_been_running_since_it_started() {
        let stat = "12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 50000 20";
        assert_eq!(running(stat, "620.55 12.00\n", 100), Some(Duration::from_mins(2)));
        assert_eq!(running("", "620.55", 100), None);
    }
}
