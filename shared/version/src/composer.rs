//! Ranges as `composer.json` and `composer.lock` have them: what the PHP library
//! `composer/semver` does, but for versions that are dates.

mod normal;

use std::ops::Bound::{Excluded, Included};

use crate::interval::{Conditions, Interval};

pub(crate) use normal::Normal;
use normal::{Numbers, Part, names_branch, shows_suffix, without_alias, without_flag};

/// Reads a range, or returns the part that makes no sense.
pub(crate) fn parse(text: &str) -> Result<Vec<Conditions<Normal>>, String> {
    text.replace("||", "|").split('|').map(|text| conditions(text.trim())).collect()
}

fn conditions(text: &str) -> Result<Conditions<Normal>, String> {
    let mut found = Conditions::NONE;
    for word in split(text).ok_or(text)? {
        condition(word, &mut found).ok_or(word)?;
    }
    Ok(found)
}

/// Splits at commas and blanks, but not behind an operator, at ` - ` and at ` as `.
fn split(text: &str) -> Option<Vec<&str>> {
    let is_separator = |c| matches!(c, ' ' | ',');
    let mut words = Vec::new();
    let (mut start, mut place) = (0, 0);
    while let Some(length) = text[place..].find(is_separator) {
        let end = place + length;
        place = end + text[end..].find(|c| !is_separator(c))?;
        let (before, separator, behind) = (&text[..end], &text[end..place], &text[place..]);

        let hyphen = before.ends_with('-') || behind.starts_with('-');
        let joined = hyphen
            || before.ends_with(['=', '<', '>'])
            || before.ends_with("as")
            || behind.starts_with("as");
        if separator.matches(',').count() > 1 || hyphen && separator.len() > 1 {
            return None;
        }
        if !joined {
            words.push(&text[start..end]);
            start = place;
        }
    }
    words.push(&text[start..]);
    Some(words)
}

fn condition(text: &str, found: &mut Conditions<Normal>) -> Option<()> {
    let text = without_alias(text);
    // A flag behind a blank says nothing.
    let (text, flag) = match without_flag(text) {
        Some(("", _)) => ("*", None),
        Some((bare, flag)) if !bare.contains([' ', ',']) => (bare, Some(flag)),
        _ => (text, None),
    };
    if is_wildcard(text) {
        return Some(());
    }
    let interval = if let Some(operand) = text.strip_prefix('~') {
        tilde(operand)?
    } else if let Some(operand) = text.strip_prefix('^') {
        caret(operand)?
    } else if let Some(interval) = line(text).or_else(|| hyphen(text)) {
        interval
    } else {
        return comparison(text, flag, found);
    };
    found.within.push(interval);
    Some(())
}

fn is_wildcard(text: &str) -> bool {
    text.strip_prefix(['v', 'V']).unwrap_or(text).split('.').all(is_open)
}

fn is_open(part: &str) -> bool {
    matches!(part, "x" | "X" | "*")
}

/// The last number that is written may rise, but never the first.
fn tilde(operand: &str) -> Option<Interval<Normal>> {
    let numbers = Numbers::read(operand)?;
    let written = numbers.values.len() + usize::from(numbers.is_branch);
    Some(Interval { low: Included(from(operand, &numbers)?), high: numbers.until(written - 1) })
}

/// Everything may rise that is right of the first number but zero.
fn caret(operand: &str) -> Option<Interval<Normal>> {
    let numbers = Numbers::read(operand)?;
    let fixed = match numbers.values[..] {
        [0, 0, _, ..] => 3,
        [0, _, ..] => 2,
        _ => 1,
    };
    Some(Interval { low: Included(from(operand, &numbers)?), high: numbers.until(fixed) })
}

/// The lower bound: with the pre-releases of a version that names none.
fn from(operand: &str, numbers: &Numbers) -> Option<Normal> {
    if numbers.has_suffix { Normal::read(operand) } else { Normal::read(&format!("{operand}-dev")) }
}

/// `8.*`, `8.2.x`: up to three numbers, then wildcards only.
fn line(text: &str) -> Option<Interval<Normal>> {
    let end = text.find(['x', 'X', '*'])?;
    let start = text[..end].strip_suffix('.')?;
    let is_plain = start.ends_with(|c: char| c.is_ascii_digit()) && !start.contains('+');
    let numbers = Numbers::read(start).filter(|numbers| !numbers.has_suffix)?;
    let count = numbers.values.len();
    (is_plain && count <= 3 && text[end..].split('.').all(is_open)).then(|| Interval {
        low: Included(numbers.normal().with(Part::Dev)),
        high: numbers.until(count),
    })
}

/// `8.1 - 8.3`: with one or two numbers on the right, the whole line is meant.
fn hyphen(text: &str) -> Option<Interval<Normal>> {
    let (left, right) = text.split_once(" - ")?;
    let (from, to) = (Numbers::read(left)?, Numbers::read(right)?);
    let low = Normal::read(left)?;
    let low = if from.has_suffix { low } else { low.with(Part::Dev) };
    let high = Normal::read(right)?;
    let is_exact = to.has_suffix || to.values.len() > 2;
    let high = if is_exact { Included(high) } else { to.until(to.values.len()) };
    Some(Interval { low: Included(low), high })
}

/// Longer ones first, and last the one that need not be written.
const OPERATORS: [&str; 9] = ["<>", "!=", ">=", "<=", "==", ">", "<", "=", ""];

fn comparison(text: &str, flag: Option<Part>, found: &mut Conditions<Normal>) -> Option<()> {
    let operator = OPERATORS.into_iter().find(|op| text.starts_with(op)).unwrap_or_default();
    let operand = text[operator.len()..].trim_start();
    let is_equality = matches!(operator, "" | "=" | "==");

    let Some(mut bound) = Normal::read(operand) else {
        if !names_branch(operand) {
            return None;
        }
        // A version with a number is never a branch.
        if !matches!(operator, "!=" | "<>") {
            found.within.push(Interval::below(Excluded(Normal::LOWEST)));
        }
        return Some(());
    };
    match flag {
        Some(flag) if !is_equality && flag != Part::End && bound.is_stable() => {
            bound = bound.with(flag);
        }
        _ if matches!(operator, "<" | ">=") && !shows_suffix(operand) => {
            bound = bound.with(Part::Dev);
        }
        _ => {}
    }
    let interval = match operator {
        "<>" | "!=" => {
            found.outside.push(Interval::exactly(bound));
            return Some(());
        }
        ">=" => Interval::above(Included(bound)),
        "<=" => Interval::below(Included(bound)),
        ">" => Interval::above(Excluded(bound)),
        "<" => Interval::below(Excluded(bound)),
        _ => Interval::exactly(bound),
    };
    found.within.push(interval);
    Some(())
}
