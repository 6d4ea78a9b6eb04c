//! Ranges as `package.json` has them: what the npm package `semver` does, not in
//! its loose mode.

use std::ops::Bound::{Excluded, Included, Unbounded};

use semver::{BuildMetadata, Prerelease, Version};

use crate::interval::{Conditions, Interval};
use crate::pattern::Pattern;
use crate::semantic::{Alternative, Prereleases, lowest};
use crate::version::number;

/// JavaScript counts no higher without gaps, and so refuses larger numbers.
const LARGEST: u64 = (1 << 53) - 1;

/// Reads a range, or returns the part that makes no sense.
pub(crate) fn parse(text: &str) -> Result<Vec<Alternative>, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let alternatives = text.split("||").map(|text| alternative(&without_build(text.trim())));
    let mut alternatives = alternatives.collect::<Result<Vec<_>, _>>()?;
    // Beside `*`, a pre-release that is named is not let in.
    if alternatives.iter().any(|alternative| alternative.conditions == Conditions::NONE) {
        alternatives = vec![Alternative::ANY];
    }
    Ok(alternatives)
}

fn alternative(text: &str) -> Result<Alternative, String> {
    let mut within = match hyphen(text) {
        Some(interval) => vec![interval],
        None => conditions(text)?,
    };
    // From zero on is the same as anything.
    for interval in &mut within {
        if interval.low == Included(Version::new(0, 0, 0)) {
            interval.low = Unbounded;
        }
    }
    within.retain(|interval| *interval != Interval::ALL);
    let fits = |bound: &Version| bound.major.max(bound.minor).max(bound.patch) <= LARGEST;
    if !within.iter().flat_map(Interval::bounds).all(fits) {
        return Err(text.to_owned());
    }
    Ok(Alternative {
        conditions: Conditions { within, outside: Vec::new() },
        prereleases: Prereleases::OfNamedReleases,
    })
}

/// `from - to`, which is neither checked for order nor for numbers behind a wildcard.
fn hyphen(text: &str) -> Option<Interval<Version>> {
    let (from, to) = text.split_once(" - ")?;
    let from = Operand::read(from, &['v', '=', ' '])?;
    let to = Operand::read(to, &['v', '=', ' '])?;
    (from.is_plain() && (to.is_plain() || !to.pattern.pre.is_empty()))
        .then(|| Interval { low: Included(from.pattern.floor()), ..to.pattern.at_most() })
}

fn conditions(text: &str) -> Result<Vec<Interval<Version>>, String> {
    let mut intervals = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (operator, or_equal, operand) = operator(rest);
        let (word, behind) = operand.split_once(' ').unwrap_or((operand, ""));
        let end = rest.len() - operand.len() + word.len();
        intervals.push(condition(operator, or_equal, word).ok_or_else(|| &rest[..end])?);
        rest = behind.trim_start();
    }
    Ok(intervals)
}

/// Splits the operator off, with a blank at each place where npm ignores it.
fn operator(text: &str) -> (char, bool, &str) {
    let (operator, rest) = match text.chars().next() {
        Some('~') => ('~', without(' ', &text[1..])),
        Some('^') => ('^', without(' ', &text[1..])),
        Some(c @ ('<' | '>')) => (c, &text[1..]),
        _ => ('=', text),
    };
    // `~>` is another way to write `~`.
    let rest = if operator == '~' { without('>', rest) } else { rest };
    if let Some(rest) = rest.strip_prefix('=') {
        return (operator, true, without(' ', rest));
    }
    let rest = without(' ', rest);
    let operand = without('=', rest);
    (operator, operand.len() < rest.len(), operand)
}

fn without(c: char, text: &str) -> &str {
    text.strip_prefix(c).unwrap_or(text)
}

fn condition(operator: char, or_equal: bool, word: &str) -> Option<Interval<Version>> {
    let operand = Operand::read(word, &['v', '='])?;
    let pattern = &operand.pattern;
    Some(match (operator, or_equal) {
        ('~', _) => pattern.tilde(),
        ('^', _) => pattern.caret(),
        _ if operand.has_gap || !operand.is_plain() => return None,
        ('>', false) => pattern.above(Version::new),
        ('>', true) => Interval::above(Included(pattern.floor())),
        ('<', false) if pattern.is_full() => Interval::below(Excluded(pattern.floor())),
        ('<', false) => {
            let (major, minor) = (pattern.major.unwrap_or(0), pattern.minor.unwrap_or(0));
            Interval::below(Excluded(lowest(major, minor, 0)))
        }
        ('<', true) => pattern.at_most(),
        _ => pattern.line(),
    })
}

struct Operand<'a> {
    prefix: &'a str,
    pattern: Pattern,
    /// A number stands behind a wildcard.
    has_gap: bool,
}

impl<'a> Operand<'a> {
    fn read(text: &'a str, prefix: &[char]) -> Option<Self> {
        let (prefix, text) = text.split_at(text.len() - text.trim_start_matches(prefix).len());
        let (text, pre) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() > 3 || pre.is_some() && parts.len() < 3 || pre == Some("") {
            return None;
        }

        let mut numbers = [None; 3];
        let (mut open, mut has_gap) = (false, false);
        for (slot, part) in numbers.iter_mut().zip(parts) {
            if matches!(part, "x" | "X" | "*") {
                open = true;
            } else {
                let number = number(part).filter(|_| part == "0" || !part.starts_with('0'))?;
                *slot = (!open).then_some(number);
                has_gap |= open;
            }
        }

        let [major, minor, patch] = numbers;
        let pre = Prerelease::new(pre.unwrap_or_default()).ok()?;
        let pre = if patch.is_some() { pre } else { Prerelease::EMPTY };
        let pattern = Pattern { major, minor, patch, pre, build: BuildMetadata::EMPTY };
        Some(Self { prefix, pattern, has_gap })
    }

    /// npm drops odd prefixes only where it writes the condition anew.
    fn is_plain(&self) -> bool {
        !self.pattern.is_full() || matches!(self.prefix, "" | "v")
    }
}

/// Build metadata says nothing in a range.
fn without_build(text: &str) -> String {
    let mut pieces = text.split('+');
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let build = piece.find(|c| !is_part(c) && c != '.').map_or(piece, |end| &piece[..end]);
        let length: usize =
            build.split('.').take_while(|part| !part.is_empty()).map(|part| part.len() + 1).sum();
        match length.checked_sub(1) {
            Some(length) => kept.push_str(&piece[length..]),
            // A lone `+` is left to be an error.
            None => kept.extend(["+", piece]),
        }
    }
    kept
}
