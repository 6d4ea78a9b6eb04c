//! How much memory the app has, and how much of it Node.js takes for its heap.

use std::path::Path;

use kouti_launch::Env;
use kouti_launch::helper::Outcome;
use kouti_launch::memory::{MIB, limit, parse_size};

use crate::{add_node_option, value};

/// Below that, a heap of any size would do harm.
const LEAST: u64 = 32;

/// Both ways to write it mean the same.
const HEAP_OPTIONS: [&str; 2] = ["max-old-space-size", "max_old_space_size"];

pub(crate) fn set(env: &Env, outcome: &mut Outcome) {
    let preset = env.given("MEMORY_AVAILABLE").and_then(available);
    let Some(mebibytes) = preset.or_else(|| limit(env, Path::new("/")).map(|bytes| bytes / MIB))
    else {
        return;
    };
    if preset.is_none() {
        outcome.set("MEMORY_AVAILABLE", mebibytes.to_string());
    }
    let options = value(env, outcome, "NODE_OPTIONS").unwrap_or_default();
    let is_sized = HEAP_OPTIONS.iter().any(|option| options.contains(option));
    if !outcome.flag(env, "OPTIMIZE_MEMORY") || is_sized || mebibytes < LEAST {
        return;
    }
    let percent = outcome
        .setting(env, "BPL_NODE_HEAP_PERCENT", "a number from 10 to 95", |text| {
            text.parse().ok().filter(|percent| (10..=95).contains(percent))
        })
        .unwrap_or(75);
    add_node_option(env, outcome, &format!("--max_old_space_size={}", mebibytes * percent / 100));
}

/// Cloud Foundry counts in mebibytes; a number that large can only be bytes.
pub(crate) fn available(text: &str) -> Option<u64> {
    let unit = match text.trim().parse::<u64>() {
        Ok(number) if number >= MIB => 1,
        _ => MIB,
    };
    Some(parse_size(text, unit)? / MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> Option<String> {
        let mut outcome = Outcome::nothing();
        set(&variables.iter().copied().collect(), &mut outcome);
        outcome.variables().get("NODE_OPTIONS").cloned()
    }

    #[test]
    fn the_heap_is_three_quarters_of_what_there_is() {
        for (memory, size) in
            [("128", 96), ("512", 384), ("1000", 750), ("1g", 768), ("134217728", 96)]
        {
            assert_eq!(
                options(&[("MEMORY_AVAILABLE", memory), ("OPTIMIZE_MEMORY", "true")]),
                Some(format!("--max_old_space_size={size}")),
                "{memory}"
            );
        }
    }

    #[test]
    fn what_the_user_has_set_comes_first_or_alone() {
        let with = |options_set: &str, percent: &str| {
            options(&[
                ("MEMORY_AVAILABLE", "100"),
                ("OPTIMIZE_MEMORY", "1"),
                ("NODE_OPTIONS", options_set),
                ("BPL_NODE_HEAP_PERCENT", percent),
            ])
        };
        assert_eq!(with("--trace-gc", "50").unwrap(), "--trace-gc --max_old_space_size=50");
        assert_eq!(with("--trace-gc", "99").unwrap(), "--trace-gc --max_old_space_size=75");
        assert_eq!(with("--max-old-space-size=10", ""), None);
        assert_eq!(with("--max_old_space_size_percentage=10", ""), None);
    }

    #[test]
    fn nothing_is_sized_unasked_or_below_the_least() {
        assert_eq!(options(&[("MEMORY_AVAILABLE", "512")]), None);
        assert_eq!(options(&[("MEMORY_AVAILABLE", "512"), ("OPTIMIZE_MEMORY", "false")]), None);
        assert_eq!(options(&[("MEMORY_AVAILABLE", "31"), ("OPTIMIZE_MEMORY", "true")]), None);
    }
}
