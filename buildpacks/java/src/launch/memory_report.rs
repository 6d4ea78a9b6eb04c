//! What a user reads when the memory does not suffice.

use std::fmt::Write as _;

use super::memory::{self, Division, Inputs, Profile, Shortage};
use super::memory_flags::shown;
use super::start::Refusal;
use super::total_memory::Total;

const MIB: u64 = 1 << 20;

/// The regions do not fit.
pub(super) fn shortage(
    inputs: &Inputs,
    total: &Total,
    shortage: Shortage,
    profile: Profile,
) -> Refusal {
    let (what, needed) = match shortage {
        Shortage::Fixed(needed) => ("the fixed regions of the JVM", needed),
        Shortage::NonHeap(needed) => ("the regions beside the heap, with the head room,", needed),
        Shortage::All(needed) => ("the heap and all other regions", needed),
    };
    let mut text = format!(
        "the app needs more memory than it has: {what} take {} of {} ({})\n",
        shown(needed),
        shown(total.bytes),
        total.origin
    );
    table(&mut text, inputs);
    let _ =
        write!(text, "hint: give the container at least {}", shown(sufficient(inputs, profile)));
    if inputs.flags.heap.is_some() {
        text.push_str("\nhint: or lower -Xmx");
    }
    if inputs.threads > 30 {
        text.push_str("\nhint: or set BPL_JVM_THREAD_COUNT to the threads that the app really has");
    }
    if profile == Profile::Never {
        text.push_str("\nhint: or leave BPL_JVM_LOW_MEMORY_PROFILE at auto");
    } else if inputs.flags.metaspace.is_none() && inputs.classes > 0 {
        text.push_str("\nhint: or set BPL_JVM_LOADED_CLASS_COUNT to the classes it really loads");
    }
    Refusal(text)
}

fn table(text: &mut String, inputs: &Inputs) {
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
pub(super) fn no_heap(division: &Division, total: &Total, profile: Profile) -> Refusal {
    let inputs = &division.inputs;
    let mut text = format!(
        "the app needs more memory than it has: of {} ({}) only {} are left for the heap\n",
        shown(total.bytes),
        total.origin,
        shown(division.regions.heap)
    );
    table(&mut text, inputs);
    let _ =
        write!(text, "hint: give the container at least {}", shown(sufficient(inputs, profile)));
    Refusal(text)
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
