//! Sizes and durations as people read them.

use std::time::Duration;

/// A size in decimal units: `512 B`, `29.1 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    let mut unit = "B";
    let mut scale = 1;
    for (next, factor) in [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)] {
        if count >= factor {
            (unit, scale) = (next, factor);
        }
    }
    if scale == 1 {
        return format!("{count} B");
    }
    // Whole tenths, rounded down: no float can turn 999 949 bytes into `1000.0 kB`.
    let tenths = count * 10 / scale;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A duration: `0.8s`, `12.3s`, `2m 05s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    if tenths < 600 {
        format!("{}.{}s", tenths / 10, tenths % 10)
    } else {
        let seconds = (time.as_millis() + 500) / 1000;
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_with_one_digit() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (29_130_000, "29.1 MB"),
            (1_500_000_000, "1.5 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn durations_switch_to_minutes() {
        for (millis, text) in
            [(4, "0.0s"), (840, "0.8s"), (59_940, "59.9s"), (59_960, "1m 00s"), (125_000, "2m 05s")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
