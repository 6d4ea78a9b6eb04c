//! What the user has said about memory.

use super::options::Words;

/// Sizes in bytes that the user has fixed. Of several the last one counts, as for the JVM.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct MemoryFlags {
    pub(super) direct: Option<u64>,
    pub(super) heap: Option<u64>,
    pub(super) metaspace: Option<u64>,
    pub(super) code_cache: Option<u64>,
    pub(super) stack: Option<u64>,
    /// Heap in percent of all memory.
    pub(super) ram_percentage: Option<f64>,
    pub(super) total: Option<u64>,
    pub(super) initial_heap: Option<u64>,
}

impl MemoryFlags {
    pub(super) fn read(words: &Words) -> Self {
        let mut flags = Self::default();
        for word in words.iter() {
            let Some((name, value)) = name_and_value(word) else { continue };
            let slot = match name {
                "-XX:MaxDirectMemorySize=" => &mut flags.direct,
                "-Xmx" | "-XX:MaxHeapSize=" => &mut flags.heap,
                "-XX:MaxMetaspaceSize=" => &mut flags.metaspace,
                "-XX:ReservedCodeCacheSize=" => &mut flags.code_cache,
                "-Xss" | "-XX:ThreadStackSize=" => &mut flags.stack,
                "-XX:MaxRAM=" => &mut flags.total,
                "-Xms" | "-XX:InitialHeapSize=" => &mut flags.initial_heap,
                _ => {
                    flags.ram_percentage = value.parse().ok().or(flags.ram_percentage);
                    continue;
                }
            };
            // This one counts in kilobytes.
            let unit = if name == "-XX:ThreadStackSize=" { 1024 } else { 1 };
            if let Some(size) = size(value) {
                *slot = Some(size.saturating_mul(unit));
            }
        }
        flags
    }
}

const NAMES: [&str; 12] = [
    "-XX:MaxDirectMemorySize=",
    "-Xmx",
    "-XX:MaxHeapSize=",
    "-XX:MaxMetaspaceSize=",
    "-XX:ReservedCodeCacheSize=",
    "-Xss",
    "-XX:ThreadStackSize=",
    "-XX:MaxRAM=",
    "-Xms",
    "-XX:InitialHeapSize=",
    "-XX:MaxRAMPercentage=",
    "-XX:MaxRAMFraction=",
];

fn name_and_value(word: &str) -> Option<(&'static str, &str)> {
    NAMES.iter().find_map(|name| Some((*name, word.strip_prefix(name)?)))
}

/// Digits and one letter for the unit, as the JVM has it.
pub(super) fn size(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (&text[..text.len() - 1], 1 << 10),
        b'm' => (&text[..text.len() - 1], 1 << 20),
        b'g' => (&text[..text.len() - 1], 1 << 30),
        b't' => (&text[..text.len() - 1], 1 << 40),
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// As the JVM takes it: rounded down to kilobytes, in the largest unit that fits.
pub(super) fn shown(bytes: u64) -> String {
    let kilobytes = bytes / 1024;
    for (unit, name) in [(1 << 30, "T"), (1 << 20, "G"), (1 << 10, "M")] {
        if kilobytes > 0 && kilobytes.is_multiple_of(unit) {
            return format!("{}{name}", kilobytes / unit);
        }
    }
    if kilobytes == 0 { "0".to_owned() } else { format!("{kilobytes}K") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_counts() {
        let words = Words::split(
            "JAVA_TOOL_OPTIONS",
            "-Xmx1g -Xmx512M -XX:ThreadStackSize=512 -XX:MaxRAMPercentage=62.5 -Xmxfoo -Xss",
        );
        let flags = MemoryFlags::read(&words.unwrap());
        assert_eq!(flags.heap, Some(512 << 20));
        assert_eq!(flags.stack, Some(512 << 10));
        assert_eq!(flags.ram_percentage, Some(62.5));
        assert_eq!(flags.direct, None);
    }

    #[test]
    fn sizes_are_shown_in_the_largest_unit_that_fits() {
        for (bytes, text) in [
            (0, "0"),
            (1023, "0"),
            (1024, "1K"),
            (10 << 20, "10M"),
            (3 << 30, "3G"),
            (1 << 40, "1T"),
            (1_535_000, "1499K"),
        ] {
            assert_eq!(shown(bytes), text);
        }
    }
}
