//! Ranges as Paketo's settings have them: the grammar of Masterminds' semver
//! library for Go, with `~>` as in Ruby and with four-part versions.

use std::ops::Bound::{Excluded, Included};

use semver::{BuildMetadata, Prerelease};

use crate::interval::{Conditions, Interval};
use crate::pattern::Pattern;
use crate::semantic::{Alternative, Prereleases, lowest};
use crate::version::number;

/// Reads a range, or returns the part that makes no sense.
pub(crate) fn parse(text: &str) -> Result<Vec<Alternative>, String> {
    if text.is_empty() {
        return Ok(vec![Alternative::ANY]);
    }
    text.split("||").map(alternative).collect()
}

fn alternative(text: &str) -> Result<Alternative, String> {
    let mut found = Alternative::ANY;
    let mut rest = text.trim_start();
    loop {
        rest = condition(rest, &mut found)?.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

/// Longer ones first, and last the one that need not be written.
const OPERATORS: [&str; 12] = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^", ""];

/// Reads one condition and returns what follows it.
fn condition<'a>(text: &'a str, found: &mut Alternative) -> Result<&'a str, String> {
    let operator = OPERATORS.into_iter().find(|op| text.starts_with(op)).unwrap_or_default();
    let (word, mut rest) = word(text[operator.len()..].trim_start());
    let bad = || text[..text.len() - rest.len()].to_owned();
    let (pattern, parts) = pattern(word).ok_or_else(bad)?;

    let Conditions { within, outside } = &mut found.conditions;
    let mut has_prerelease = !pattern.pre.is_empty();
    match operator {
        "" => match hyphen(rest) {
            Some((to, behind)) => {
                let (to, _) = self::pattern(to).ok_or(to)?;
                within.push(Interval { low: Included(pattern.floor()), ..to.at_most() });
                has_prerelease |= !to.pre.is_empty();
                rest = behind;
            }
            None => within.push(pattern.line()),
        },
        "=" => within.push(pattern.line()),
        "!=" => outside.push(pattern.whole_line()),
        ">" => within.push(pattern.above(lowest)),
        "<" => within.push(Interval::below(Excluded(pattern.floor()))),
        ">=" | "=>" => within.push(Interval::above(Included(pattern.floor()))),
        "<=" | "=<" => within.push(pattern.at_most()),
        "~>" if parts < 3 => within.push(pattern.caret()),
        "^" => within.push(pattern.caret()),
        // The library has `~0.0.0` mean anything.
        _ if (pattern.major, pattern.minor, pattern.patch) == (Some(0), Some(0), Some(0)) => {
            within.push(Interval::above(Included(pattern.floor())));
        }
        _ => within.push(pattern.tilde()),
    }
    if has_prerelease {
        found.prereleases = Prereleases::All;
    }
    Ok(rest)
}

/// What follows ` - `, split behind the first word.
fn hyphen(rest: &str) -> Option<(&str, &str)> {
    let behind = rest.strip_prefix(char::is_whitespace)?.trim_start().strip_prefix('-')?;
    Some(word(behind.strip_prefix(char::is_whitespace)?.trim_start()))
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len()))
}

/// Reads a pattern; also says how many parts were written.
fn pattern(text: &str) -> Option<(Pattern, usize)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    // Build metadata must be well-formed, but says nothing in a range.
    let (text, build) = text.split_once('+').unwrap_or((text, "none"));
    BuildMetadata::new(build).ok().filter(|build| !build.is_empty())?;
    let (text, pre) = match text.split_once('-') {
        Some((_, "")) => return None,
        Some((text, pre)) => (text, Prerelease::new(pre).ok()?),
        None => (text, Prerelease::EMPTY),
    };

    let mut numbers = [None; 4];
    let mut parts = 0;
    let mut open = false;
    for part in text.split('.') {
        let slot = numbers.get_mut(parts)?;
        parts += 1;
        if matches!(part, "x" | "X" | "*") {
            open = true;
        } else {
            let number = number(part)?;
            *slot = (!open).then_some(number);
        }
    }
    let [major, minor, patch, fourth] = numbers;
    let build = fourth.map(|fourth| fourth.to_string()).unwrap_or_default();
    let build = BuildMetadata::new(&build).ok()?;
    Some((Pattern { major, minor, patch, pre, build }, parts))
}
