//! Ranges as Paketo's settings have them: the grammar of Masterminds' semver
//! library for Go, with `~>` as in Ruby and with four-part versions.

use std::ops::Bound::{Excluded, Included};

use semver::{BuildMetadata, Prerelease};

use crate::interval::{Interval, lowest};
use crate::pattern::Pattern;
use crate::range::{Group, Prereleases};
use crate::version::number;

pub(crate) fn parse(text: &str) -> Result<Vec<Group>, String> {
    if text.is_empty() {
        return Ok(vec![Group::default()]);
    }
    text.split("||").map(group).collect()
}

fn group(text: &str) -> Result<Group, String> {
    let mut group = Group::default();
    let mut rest = text.trim_start();
    loop {
        rest = condition(rest, &mut group)?.trim_start();
        if rest.is_empty() {
            return Ok(group);
        }
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

/// Operators, the longer ones first.
const OPERATORS: [&str; 11] = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"];

/// Reads one condition and returns what follows it.
fn condition<'a>(text: &'a str, group: &mut Group) -> Result<&'a str, String> {
    let operator = OPERATORS.into_iter().find(|operator| text.starts_with(operator)).unwrap_or("");
    let (word, rest) = word(text[operator.len()..].trim_start());
    let bad = || if word.is_empty() { text.to_owned() } else { format!("{operator}{word}") };
    let (pattern, written) = pattern(word).ok_or_else(bad)?;

    let mut also = |pattern: &Pattern| {
        if !pattern.pre.is_empty() {
            group.prereleases = Prereleases::Admitted;
        }
    };
    also(&pattern);
    let interval = match operator {
        "!=" => {
            group.outside.push(pattern.whole_line());
            return Ok(rest);
        }
        "" => {
            if let Some((to, rest)) = hyphen(rest) {
                let (to, _) = self::pattern(to).ok_or_else(|| to.to_owned())?;
                also(&to);
                group.within.push(Interval::from(Included(pattern.floor())));
                group.within.push(to.at_most());
                return Ok(rest);
            }
            pattern.line()
        }
        "=" => pattern.line(),
        ">" => pattern.above(lowest),
        "<" => Interval::to(Excluded(pattern.floor())),
        ">=" | "=>" => Interval::from(Included(pattern.floor())),
        "<=" | "=<" => pattern.at_most(),
        "~>" if written < 3 => pattern.caret(),
        "^" => pattern.caret(),
        // An oddity that is kept: `~0.0.0` has no upper bound.
        _ if pattern.is_full()
            && (pattern.major, pattern.minor, pattern.patch) == (Some(0), Some(0), Some(0)) =>
        {
            Interval::from(Included(pattern.floor()))
        }
        _ => pattern.tilde(),
    };
    group.within.push(interval);
    Ok(rest)
}

/// What follows ` - `, split behind the word.
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
    let (text, build) = text.split_once('+').map_or((text, "x"), |(a, b)| (a, b));
    BuildMetadata::new(build).ok().filter(|build| !build.is_empty())?;
    let (text, pre) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
    if pre == Some("") {
        return None;
    }

    let mut numbers = [None; 4];
    let mut written = 0;
    let mut open = false;
    for part in text.split('.') {
        let slot = numbers.get_mut(written)?;
        written += 1;
        if matches!(part, "x" | "X" | "*") {
            open = true;
        } else {
            let number = number(part)?;
            *slot = (!open).then_some(number);
        }
    }
    let [major, minor, patch, fourth] = numbers;
    let fourth = fourth.map(|fourth| fourth.to_string()).unwrap_or_default();
    let pre = Prerelease::new(pre.unwrap_or_default()).ok()?;
    let build = BuildMetadata::new(&fourth).ok()?;
    Some((Pattern { major, minor, patch, pre, build }, written))
}
