//! What a user reads when the memory does not suffice.

use std::fmt::Write as _;

use kouti::{Fault, Problem};

use super::memory::{self, Division, Inputs, Profile, Shortage};
use super::memory_flags::shown;
use super::total_memory::Total;

const MIB: u64 = 1 << 20;

/// The regions do not fit.
pub(super) fn shortage(
    inputs: &Inputs,
    total: &Total,
    shortage: Shortage,
    profile: Profile,
) -> Problem {
    let (what, needed) = match shortage {
        Shortage::Fixed(needed) => ("the fixed regions of the JVM", needed),
        Shortage::NonHeap(needed) => ("the regions beside the heap, with the head room,", needed),
        Shortage::All(needed) => ("the heap and all other regions", needed),
    };
    let summary = format!(
        "the app needs more memory than it has: {what} take {} of {} ({})",
        shown(needed),
        shown(total.bytes),
        total.origin
    );
    let mut problem = too_little(summary, inputs, profile);
    let mut hint = |text: &str| problem.hints.push(text.to_owned());
    if inputs.flags.heap.is_some() {
        hint("or lower -Xmx");
    }
    if inputs.threads > 30 {
        hint("or set BPL_JVM_THREAD_COUNT to the threads that the app really has");
    }
    if profile == Profile::Never {
        hint("or leave BPL_JVM_LOW_MEMORY_PROFILE at auto");
    } else if inputs.flags.metaspace.is_none() && inputs.classes > 0 {
        hint("or set BPL_JVM_LOADED_CLASS_COUNT to the classes it really loads");
    }
    problem
}

fn too_little(summary: String, inputs: &Inputs, profile: Profile) -> Problem {
    let enough = shown(sufficient(inputs, profile));
    let mut problem = Problem::new("too-little-memory", Fault::App, summary)
        .hint(format!("give the container at least {enough}"));
    problem.excerpt = Some(table(inputs));
    problem
}

fn table(inputs: &Inputs) -> String {
    let mut text = String::new();
    let flags = &inputs.flags;
    let head_room = inputs.total / 100 * inputs.head_room;
    let metaspace = 14_000_000 + 5_800 * inputs.classes;
    let rows = [
        ("direct memory", flags.direct, 10 * MIB, "default"),
        ("metaspace", flags.metaspace, metaspace, "calculated"),
        ("code cache", flags.code_cache, 240 * MIB, "default"),
        ("stack of a thread", flags.stack, MIB, "default"),
        ("head room", None, head_room, "calculated"),
        ("heap", flags.heap, 0, "what is left"),
    ];
    for (name, fixed, default, origin) in rows {
        let origin = if fixed.is_some() { "set by the user" } else { origin };
        let threads = format!(" for each of {} threads", inputs.threads);
        let times = if name == "stack of a thread" { threads.as_str() } else { "" };
        let size = shown(fixed.unwrap_or(default));
        let _ = writeln!(text, "  {name:<18} {size:>8}{times}, {origin}");
    }
    text
}

/// The smallest multiple of 64 MB with which the app would start with a usable heap.
fn sufficient(inputs: &Inputs, profile: Profile) -> u64 {
    let step = 64 * MIB;
    let fits = |total: u64| {
        let inputs = Inputs { total, ..*inputs };
        let division = memory::divide(&inputs, profile, true);
        division.is_ok_and(|division| division.regions.heap >= step)
    };
    (1..=1 << 20).map(|count| count * step).find(|total| fits(*total)).unwrap_or(u64::MAX)
}

/// Everything fits, but leaves no heap.
pub(super) fn no_heap(division: &Division, total: &Total, profile: Profile) -> Problem {
    let inputs = &division.inputs;
    let summary = format!(
        "the app needs more memory than it has: of {} ({}) only {} are left for the heap",
        shown(total.bytes),
        total.origin,
        shown(division.regions.heap)
    );
    too_little(summary, inputs, profile)
}

/// The low-memory profile was used.
pub(super) fn lowered(division: &Division) -> String {
    format!(
        "less than 1G of memory: using {} threads with {} of stack and a code cache of {}, which \
         costs speed under load; BPL_JVM_LOW_MEMORY_PROFILE=never turns this off",
        division.inputs.threads,
        shown(division.regions.stack),
        shown(division.regions.code_cache)
    )
}
