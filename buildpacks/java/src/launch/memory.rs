//! Divides the memory of the container among the regions of the JVM, with the arithmetic that
//! users of Paketo know.

use kouti::{Fault, Problem};

use super::agents;
use super::memory_flags::{MemoryFlags, shown};
use super::memory_report;
use super::start::{Start, refused};
use super::total_memory::{self, Total};
use crate::{classes, runtime};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

const DIRECT: u64 = 10 * MIB;
const CODE_CACHE: u64 = 240 * MIB;
const STACK: u64 = MIB;
const METASPACE_BASE: u64 = 14_000_000;
const METASPACE_PER_CLASS: u64 = 5_800;
const THREADS: u64 = 250;

/// Share of the classes that an app has loaded when it has been running for a while.
const LOADED: f64 = 0.35;

/// A JVM does not start with less.
const LEAST_HEAP: u64 = 2 * MIB;
/// Below this an app hardly does.
const SMALL_HEAP: u64 = 16 * MIB;

/// What the arithmetic starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Inputs {
    pub(super) total: u64,
    pub(super) head_room: u64,
    pub(super) threads: u64,
    pub(super) classes: u64,
    pub(super) flags: MemoryFlags,
}

/// The regions in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Regions {
    pub(super) direct: u64,
    pub(super) heap: u64,
    pub(super) metaspace: u64,
    pub(super) code_cache: u64,
    pub(super) stack: u64,
    pub(super) head_room: u64,
}

/// Which sum is more than there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shortage {
    Fixed(u64),
    NonHeap(u64),
    All(u64),
}

/// What is used for the regions that the user has not fixed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    stack: u64,
    code_cache: u64,
}

pub(super) const NORMAL: Defaults = Defaults { stack: STACK, code_cache: CODE_CACHE };

impl Inputs {
    /// The regions, or what does not fit.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the arithmetic that is to be equalled is in floating point"
    )]
    pub(super) fn divide(&self, defaults: Defaults) -> Result<Regions, Shortage> {
        let flags = &self.flags;
        let direct = flags.direct.unwrap_or(DIRECT);
        let metaspace = flags.metaspace.unwrap_or(
            METASPACE_BASE.saturating_add(METASPACE_PER_CLASS.saturating_mul(self.classes)),
        );
        let code_cache = flags.code_cache.unwrap_or(defaults.code_cache);
        let stack = flags.stack.unwrap_or(defaults.stack);
        let stacks = stack.saturating_mul(self.threads);
        let parts = [direct, metaspace, code_cache, stacks];
        let fixed = parts.into_iter().fold(0_u64, u64::saturating_add);
        if fixed > self.total {
            return Err(Shortage::Fixed(fixed));
        }
        let head_room = ((self.head_room as f64 / 100.0) * self.total as f64) as u64;
        let non_heap = fixed.saturating_add(head_room);
        if non_heap > self.total {
            return Err(Shortage::NonHeap(non_heap));
        }
        let heap = match (flags.heap, flags.ram_percentage) {
            (Some(heap), _) => heap,
            (None, Some(percentage)) => (percentage / 100.0 * self.total as f64) as u64,
            (None, None) => self.total - non_heap,
        };
        let all = non_heap.saturating_add(heap);
        if all > self.total && flags.heap.is_some() {
            return Err(Shortage::All(all));
        }
        Ok(Regions { direct, heap, metaspace, code_cache, stack, head_room })
    }

    /// The same with everything scaled down to less than a gigabyte.
    pub(super) fn scaled(&self, threads_fixed: bool) -> (Self, Defaults) {
        let scale = |value: u64| {
            u64::try_from(u128::from(value) * u128::from(self.total) / u128::from(GIB))
                .unwrap_or(u64::MAX)
        };
        let threads = if threads_fixed { self.threads } else { scale(self.threads).max(30) };
        let defaults = Defaults {
            stack: (scale(STACK) / KIB * KIB).max(256 * KIB),
            code_cache: (scale(CODE_CACHE) / KIB * KIB).max(2_496 * KIB),
        };
        (Self { threads, ..*self }, defaults)
    }
}

/// When less memory than usual is given to the regions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Profile {
    Auto,
    Always,
    Never,
}

/// How the memory was divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Division {
    pub(super) inputs: Inputs,
    pub(super) regions: Regions,
    pub(super) lowered: bool,
}

/// Divides as usual, or with less for each region where that does not fit.
pub(super) fn divide(
    inputs: &Inputs,
    profile: Profile,
    threads_fixed: bool,
) -> Result<Division, Shortage> {
    let normal = inputs.divide(NORMAL);
    let is_enough = normal.is_ok_and(|regions| regions.heap >= inputs.total / 5);
    let wants = match profile {
        Profile::Never => false,
        Profile::Always => true,
        Profile::Auto => !is_enough && inputs.flags.heap.is_none(),
    };
    if inputs.total < GIB && (wants || (profile == Profile::Auto && normal.is_err())) {
        let (lowered, defaults) = inputs.scaled(threads_fixed);
        let regions = lowered.divide(defaults)?;
        return Ok(Division { inputs: lowered, regions, lowered: true });
    }
    Ok(Division { inputs: *inputs, regions: normal?, lowered: false })
}

/// Adds the memory options.
pub(super) fn regions(start: &mut Start<'_>) -> Result<(), Problem> {
    if !start.switch("BPL_JVM_MEMORY_CALCULATOR_ENABLED", true)? {
        start.outcome.debug("memory calculator switched off");
        return Ok(());
    }
    let flags = MemoryFlags::read(&start.user);
    let total = total_memory::find(start)?;
    let total = Total { bytes: flags.total.unwrap_or(u64::MAX).min(total.bytes), ..total };
    let threads = start.number("BPL_JVM_THREAD_COUNT", 1, u64::MAX)?;
    let inputs = Inputs {
        total: total.bytes,
        head_room: head_room(start)?,
        threads: match threads {
            Some(threads) => threads,
            None => start.number("BPI_JVM_THREAD_COUNT", 1, u64::MAX)?.unwrap_or(THREADS),
        },
        classes: loaded_classes(start)?,
        flags,
    };
    let profile = profile(start)?;
    let division = divide(&inputs, profile, threads.is_some())
        .map_err(|shortage| memory_report::shortage(&inputs, &total, shortage, profile))?;
    let small = check(&division, &total, profile)?;
    if let Some(warning) = small {
        start.outcome.warn(warning);
    }
    if division.lowered {
        start.outcome.warn(memory_report::lowered(&division));
    }
    emit(start, &division)
}

/// A heap that is too small for a JVM, or for most apps.
fn check(division: &Division, total: &Total, profile: Profile) -> Result<Option<String>, Problem> {
    let heap = division.regions.heap;
    if let Some(initial) = division.inputs.flags.initial_heap.filter(|initial| *initial > heap) {
        let summary = format!(
            "-Xms{} is more than the heap of {} that {} of memory leave",
            shown(initial),
            shown(heap),
            shown(total.bytes),
        );
        return Err(Problem::new("initial-heap-too-large", Fault::App, summary)
            .hint("leave -Xms out, or give the container more memory"));
    }
    if division.inputs.flags.heap.is_some() || heap >= SMALL_HEAP {
        return Ok(None);
    }
    if heap < LEAST_HEAP {
        return Err(memory_report::no_heap(division, total, profile));
    }
    Ok(Some(format!(
        "only {} of heap are left of {}; most apps need more memory",
        shown(heap),
        shown(total.bytes)
    )))
}

fn emit(start: &mut Start<'_>, division: &Division) -> Result<(), Problem> {
    let Division { inputs, regions, .. } = division;
    let flags = &inputs.flags;
    let heap_fixed = flags.heap.is_some() || flags.ram_percentage.is_some();
    let all = [
        ("-XX:MaxDirectMemorySize=", regions.direct, flags.direct.is_some()),
        ("-Xmx", regions.heap, heap_fixed),
        ("-XX:MaxMetaspaceSize=", regions.metaspace, flags.metaspace.is_some()),
        ("-XX:ReservedCodeCacheSize=", regions.code_cache, flags.code_cache.is_some()),
        ("-Xss", regions.stack, flags.stack.is_some()),
    ];
    let ours: Vec<String> = all
        .into_iter()
        .filter(|(_, _, fixed)| !fixed)
        .map(|(name, size, _)| format!("{name}{}", shown(size)))
        .collect();
    // People search logs for this line.
    let line = format!(
        "Calculated JVM Memory Configuration: {} (Total Memory: {}, Thread Count: {}, \
         Loaded Class Count: {}, Headroom: {}%)",
        ours.join(" "),
        shown(inputs.total),
        inputs.threads,
        inputs.classes,
        inputs.head_room
    );
    if !start.switch("BPL_JAVA_QUIET", false)? {
        start.outcome.say(line);
    }
    start.flags.extend(ours);
    Ok(())
}

fn head_room(start: &mut Start<'_>) -> Result<u64, Problem> {
    let old = start.number("BPL_JVM_HEADROOM", 0, 90)?;
    let new = start.number("BPL_JVM_HEAD_ROOM", 0, 90)?;
    if old.is_some() {
        start.outcome.warn("BPL_JVM_HEADROOM is deprecated: set BPL_JVM_HEAD_ROOM");
    }
    Ok(new.or(old).unwrap_or(0))
}

fn profile(start: &Start<'_>) -> Result<Profile, Problem> {
    let name = "BPL_JVM_LOW_MEMORY_PROFILE";
    match start.env.given(name).unwrap_or("auto") {
        "auto" => Ok(Profile::Auto),
        "always" => Ok(Profile::Always),
        "never" => Ok(Profile::Never),
        other => Err(refused(name, other, "auto, always or never")),
    }
}

/// How many classes the app will have loaded.
fn loaded_classes(start: &mut Start<'_>) -> Result<u64, Problem> {
    let name = "BPL_JVM_LOADED_CLASS_COUNT";
    if let Some(count) = start.number(name, 0, u64::MAX)? {
        return Ok(count);
    }
    let adjustment = Adjustment::read(start.env.given("BPL_JVM_CLASS_ADJUSTMENT"))?;
    let jvm = match start.env.given("BPI_JVM_CLASS_COUNT").and_then(|text| text.parse().ok()) {
        Some(count) => count,
        None => start.java_home.as_deref().map_or(0, |home| {
            runtime::Facts::read(home).map_or_else(|| classes::count(home), |facts| facts.classes)
        }),
    };
    let app = match start.env.given("BPI_APP_CLASS_COUNT").and_then(|text| text.parse().ok()) {
        Some(count) => count,
        None => start
            .env
            .given("BPI_APPLICATION_PATH")
            .map_or(0, |path| classes::count(std::path::Path::new(path))),
    };
    let agents = agents::classes(start);
    Ok(adjustment.loaded(jvm + app + agents))
}

/// What the user adds to the number of classes, or takes it times.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Adjustment {
    percent: u32,
    more: i64,
}

impl Adjustment {
    pub(super) fn read(text: Option<&str>) -> Result<Self, Problem> {
        let none = Self { percent: 100, more: 0 };
        let Some(text) = text else { return Ok(none) };
        let found = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().map(|percent| Self { percent, ..none }),
            None => text.parse().ok().map(|more| Self { more, ..none }),
        };
        found.ok_or_else(|| {
            refused("BPL_JVM_CLASS_ADJUSTMENT", text, "a percentage such as 130%, or a number")
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the arithmetic that is to be equalled is in floating point"
    )]
    pub(super) fn loaded(self, classes: u64) -> u64 {
        let classes = classes.saturating_add_signed(self.more) as f64;
        (classes * (f64::from(self.percent) / 100.0) * LOADED) as u64
    }
}

#[cfg(test)]
mod tests;
