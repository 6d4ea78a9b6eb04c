//! Ranges as `package.json` has them: what the npm package `semver` does, not in
//! its loose mode.

use std::ops::Bound::{self, Excluded, Included};

use semver::{BuildMetadata, Prerelease, Version};

use crate::interval::{Interval, before};
use crate::pattern::Pattern;
use crate::range::{Group, Prereleases};
use crate::version::number;

/// JavaScript counts no higher without gaps, and so refuses larger numbers.
const LARGEST: u64 = (1 << 53) - 1;

pub(crate) fn parse(text: &str) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for alternative in text.split("||") {
        let alternative = without_build(alternative);
        groups.push(group(alternative.trim())?);
    }
    // With `*` on one side, a pre-release named on the other is not let in.
    if let Some(any) = groups.iter().position(|group| group.within.is_empty()) {
        groups = vec![groups.swap_remove(any)];
    }
    Ok(groups)
}

fn group(text: &str) -> Result<Group, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let mut within = match hyphen(&text) {
        Some(interval) => vec![interval],
        None => conditions(&text)?,
    };
    // From zero on is the same as anything.
    for interval in &mut within {
        if interval.low == Included(Version::new(0, 0, 0)) {
            interval.low = Bound::Unbounded;
        }
    }
    within.retain(|interval| *interval != Interval::ALL);
    let fits = |bound: &Version| bound.major.max(bound.minor).max(bound.patch) <= LARGEST;
    if !within.iter().flat_map(Interval::bounds).all(fits) {
        return Err(text);
    }
    Ok(Group { within, outside: Vec::new(), prereleases: Prereleases::OfNamedReleases })
}

fn hyphen(text: &str) -> Option<Interval> {
    let (from, to) = text.split_once(" - ")?;
    let from = Operand::read(from, true)?;
    let to = Operand::read(to, true)?;
    (from.is_plain() && to.is_plain())
        .then(|| Interval { low: Included(from.pattern.floor()), high: to.pattern.at_most().high })
}

fn conditions(text: &str) -> Result<Vec<Interval>, String> {
    let mut intervals = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (operator, or_equal, operand) = operator(rest);
        let (word, behind) = operand.split_once(' ').unwrap_or((operand, ""));
        let end = rest.len() - operand.len() + word.len();
        intervals.push(condition(operator, or_equal, word).ok_or_else(|| &rest[..end])?);
        rest = behind;
    }
    Ok(intervals)
}

/// Splits the operator off, with one blank at each place where npm ignores it.
fn operator(text: &str) -> (char, bool, &str) {
    let (operator, rest) = match text.chars().next() {
        // `~>` is another way to write `~`.
        Some('~') => ('~', text[1..].strip_prefix(' ').unwrap_or(&text[1..])),
        Some('^') => ('^', text[1..].strip_prefix(' ').unwrap_or(&text[1..])),
        Some(c @ ('<' | '>')) => (c, &text[1..]),
        _ => ('=', text),
    };
    let rest = if operator == '~' { rest.strip_prefix('>').unwrap_or(rest) } else { rest };
    let (or_equal, rest) = rest.strip_prefix('=').map_or((false, rest), |rest| (true, rest));
    (operator, or_equal, rest.strip_prefix(' ').unwrap_or(rest))
}

fn condition(operator: char, or_equal: bool, word: &str) -> Option<Interval> {
    let operand = Operand::read(word, false)?;
    let pattern = &operand.pattern;
    Some(match (operator, or_equal) {
        ('~', _) => pattern.tilde(),
        ('^', _) => pattern.caret(),
        _ if !operand.is_plain() => return None,
        ('>', false) => pattern.above(),
        ('>', true) => Interval::from(Included(pattern.floor())),
        ('<', false) if pattern.is_full() => Interval::to(Excluded(pattern.floor())),
        ('<', false) => {
            Interval::to(before(pattern.major.unwrap_or(0), pattern.minor.unwrap_or(0), 0))
        }
        ('<', true) => pattern.at_most(),
        _ => pattern.line(),
    })
}

struct Operand {
    pattern: Pattern,
    prefix: String,
}

impl Operand {
    fn read(text: &str, blanks: bool) -> Option<Self> {
        let start = text.find(|c| !(matches!(c, 'v' | '=') || blanks && c == ' '))?;
        let (prefix, text) = text.split_at(start);
        let (text, pre) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() > 3 || pre.is_some() && parts.len() < 3 || pre == Some("") {
            return None;
        }
        let mut numbers = [None; 3];
        let mut open = false;
        for (slot, part) in numbers.iter_mut().zip(parts) {
            if matches!(part, "x" | "X" | "*") {
                open = true;
            } else if part.len() > 1 && part.starts_with('0') || open {
                return None;
            } else {
                *slot = Some(number(part)?);
            }
        }
        let [major, minor, patch] = numbers;
        let pre = Prerelease::new(pre.unwrap_or_default()).ok()?;
        let pre = if patch.is_some() { pre } else { Prerelease::EMPTY };
        let pattern = Pattern { major, minor, patch, pre, build: BuildMetadata::EMPTY };
        Some(Self { pattern, prefix: prefix.to_owned() })
    }

    fn is_plain(&self) -> bool {
        !self.pattern.is_full() || matches!(self.prefix.as_str(), "" | "v")
    }
}

/// Build metadata says nothing in a range.
fn without_build(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('+') {
        let end = behind
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')))
            .unwrap_or(behind.len());
        kept.push_str(before);
        rest = &behind[end..];
    }
    kept + rest
}
