//! Versions in Composer's terms.

use std::ops::Bound::{self, Excluded};

/// Numbers, then words and their numbers, then [`Part::End`].
///
/// Compared as PHP's `version_compare` does it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Normal(Vec<Part>);

/// A release ends where its pre-releases go on, hence the place of `End`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Part {
    Dev,
    Alpha,
    Beta,
    Rc,
    End,
    Number(u64),
    Patch,
}

/// What Composer puts for the open numbers of a branch.
const OPEN: u64 = 9_999_999;

impl Normal {
    pub(super) const LOWEST: Self = Self(Vec::new());

    /// Reads a version; the name of a branch is none, unless it is made of numbers.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = without_alias(text.trim());
        let text = without_flag(text).map_or(text, |(bare, _)| bare);
        match Numbers::read(text) {
            Some(numbers) if numbers.values[0] < u64::MAX => Some(numbers.normal()),
            _ => branch(text),
        }
    }

    pub(super) fn with(mut self, part: Part) -> Self {
        self.0.pop();
        self.0.extend([part, Part::End]);
        self
    }

    pub(super) fn is_stable(&self) -> bool {
        self.0.iter().all(|part| *part >= Part::End)
    }
}

/// `8.x-dev`, `8.2.*.x-dev`.
fn branch(text: &str) -> Option<Normal> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_suffix("dev")?;
    let text = text.strip_suffix(['.', '-']).unwrap_or(text);
    let mut values = Vec::new();
    for part in text.strip_prefix('v').unwrap_or(text).split('.') {
        let is_open = matches!(part, "x" | "*") && !values.is_empty();
        values.push(if is_open {
            OPEN
        } else {
            digits(part).filter(|(_, rest)| rest.is_empty())?.0
        });
    }
    (values.len() <= 4).then(|| normal(&values, OPEN, &[Part::Dev]))
}

/// The name of a branch without a number in front, which no version ever is.
pub(super) fn names_branch(text: &str) -> bool {
    let bare = without_alias(text);
    let bare = without_flag(bare).map_or(bare, |(bare, _)| bare);
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/');
    bare.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("dev-"))
        || matches!(bare, "master" | "trunk" | "default")
        || text.ends_with("-dev") && text.chars().all(in_name)
}

/// `1.2.3.4`, up to four numbers, and what follows them.
pub(super) struct Numbers {
    pub(super) values: Vec<u64>,
    suffix: Vec<Part>,
    /// A suffix was written, even if it is `-stable`, which says nothing.
    pub(super) has_suffix: bool,
    /// Ends with `.x-dev`.
    pub(super) is_branch: bool,
}

impl Numbers {
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = match text.split_once('+') {
            Some((_, build)) if build.is_empty() || build.contains(char::is_whitespace) => None,
            Some((text, _)) => Some(text),
            None => Some(text),
        }?;
        let (first, mut rest) = digits(text.strip_prefix(['v', 'V']).unwrap_or(text))?;
        let mut values = vec![first];
        while values.len() < 4
            && let Some((value, behind)) = rest.strip_prefix('.').and_then(digits)
        {
            values.push(value);
            rest = behind;
        }

        let rest = rest.to_ascii_lowercase();
        if let Some(open) = rest.strip_prefix(".x").or(rest.strip_prefix(".*")) {
            let is_branch = open.strip_prefix(['.', '-']).unwrap_or(open) == "dev";
            return is_branch.then(|| Self {
                values,
                suffix: Vec::new(),
                has_suffix: true,
                is_branch,
            });
        }
        let (suffix, has_suffix) = suffix(&rest)?;
        Some(Self { values, suffix, has_suffix, is_branch: false })
    }

    pub(super) fn normal(&self) -> Normal {
        if self.is_branch {
            normal(&self.values, OPEN, &[Part::Dev])
        } else {
            normal(&self.values, 0, &self.suffix)
        }
    }

    /// The bound that the number at a place, counted from one, must not reach;
    /// the first one always may rise.
    pub(super) fn until(&self, place: usize) -> Bound<Normal> {
        let mut values = self.values[..place.max(1)].to_vec();
        if let Some(last) = values.last_mut() {
            *last = last.saturating_add(1);
        }
        Excluded(normal(&values, 0, &[Part::Dev]))
    }
}

fn normal(values: &[u64], open: u64, suffix: &[Part]) -> Normal {
    let mut parts = vec![Part::Number(open); 4];
    for (part, value) in parts.iter_mut().zip(values) {
        *part = Part::Number(*value);
    }
    parts.extend(suffix);
    parts.push(Part::End);
    Normal(parts)
}

/// Takes the digits off the front.
fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    // PHP, too, stops at its largest number.
    (!digits.is_empty()).then(|| (digits.parse().unwrap_or(u64::MAX), rest))
}

/// In an order in which no word hides a longer one.
const STABILITIES: [(&str, Part); 9] = [
    ("stable", Part::End),
    ("beta", Part::Beta),
    ("b", Part::Beta),
    ("rc", Part::Rc),
    ("alpha", Part::Alpha),
    ("a", Part::Alpha),
    ("patch", Part::Patch),
    ("pl", Part::Patch),
    ("p", Part::Patch),
];

/// Reads `-beta.2-dev` and the like, in lower case; also says whether there is any.
fn suffix(text: &str) -> Option<(Vec<Part>, bool)> {
    let mut rest = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    let mut parts = Vec::new();
    if let Some((word, part)) = STABILITIES.into_iter().find(|(word, _)| rest.starts_with(word)) {
        rest = &rest[word.len()..];
        parts.push(part);
        while let Some((number, behind)) = digits(rest.strip_prefix(['.', '-']).unwrap_or(rest)) {
            parts.push(Part::Number(number));
            rest = behind;
        }
    }
    match rest.strip_prefix(['.', '-']).unwrap_or(rest) {
        "dev" => parts.push(Part::Dev),
        _ if rest.is_empty() => {}
        _ => return None,
    }
    let written = !parts.is_empty();
    if parts.first() == Some(&Part::End) {
        parts.clear();
    }
    Some((parts, written))
}

/// Whether Composer sees a suffix when it makes up a bound: not where a release
/// candidate is one, and not without a hyphen.
pub(super) fn shows_suffix(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.match_indices('-')
        .filter_map(|(place, _)| suffix(&text[place + 1..]))
        .any(|(parts, _)| !parts.contains(&Part::Rc))
}

/// Drops ` as 1.2`: what a package passes for is not what it is.
pub(super) fn without_alias(text: &str) -> &str {
    let is_separator = |c: char| c == ',' || c.is_whitespace();
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(version), Some("as"), Some(other), None)
            if !version.contains(is_separator) && !other.contains(is_separator) =>
        {
            version
        }
        _ => text,
    }
}

/// Takes `@beta` off the end, and says what it stands for.
pub(super) fn without_flag(text: &str) -> Option<(&str, Part)> {
    let (bare, flag) = text.rsplit_once('@')?;
    let part = match flag.to_ascii_lowercase().as_str() {
        "stable" => Part::End,
        "rc" => Part::Rc,
        "beta" => Part::Beta,
        "alpha" => Part::Alpha,
        "dev" => Part::Dev,
        _ => return None,
    };
    Some((bare, part))
}
