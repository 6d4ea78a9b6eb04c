//! What people write to ask for a version of Node.js.
//!
//! First what npm understands; then names of version managers; then mistakes
//! whose meaning is clear. The last ones are read with a notice.

use kouti::catalog::Line;
use kouti::version::{BadRange, Range};

/// A range, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    /// The range; shown as it was understood.
    pub(crate) range: Range,
    /// How it was written.
    pub(crate) kind: Kind,
}

/// How a range is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// As npm reads it.
    Range,
    /// A name that stands for a range: `lts/jod`.
    Name,
    /// In a way that npm would refuse.
    Mistake,
}

/// Reads `text`, knowing the release `lines` for their code names.
pub(crate) fn read(text: &str, lines: &[Line]) -> Result<Reading, BadRange> {
    if let Some(range) = alias(text, lines) {
        return Ok(Reading { range: Range::npm(&range)?, kind: Kind::Name });
    }
    let strict = match Range::npm(text) {
        Ok(range) => return Ok(Reading { range, kind: Kind::Range }),
        Err(error) => error,
    };
    let repaired = repaired(text);
    if let Some(range) = alias(&repaired, lines) {
        return Ok(Reading { range: Range::npm(&range)?, kind: Kind::Mistake });
    }
    // `!=` has no form in npm; the grammar of our own settings knows it.
    let read = if repaired.contains("!=") { Range::parse } else { Range::npm };
    read(&repaired).map(|range| Reading { range, kind: Kind::Mistake }).map_err(|_| strict)
}

/// The range behind a name such as `lts/jod`.
fn alias(text: &str, lines: &[Line]) -> Option<String> {
    let name = text.trim().to_ascii_lowercase();
    match name.as_str() {
        "node" | "stable" | "latest" | "current" => return Some("*".to_owned()),
        "lts" | "lts/*" => return nth_newest_lts(lines, 0),
        _ => {}
    }
    let lts = name.strip_prefix("lts/")?;
    if let Some(back) = lts.strip_prefix('-') {
        return nth_newest_lts(lines, back.parse().ok()?);
    }
    let catalogued = lines.iter().find(|line| line.codename.as_deref() == Some(lts));
    let line = catalogued.map(|line| line.line.clone());
    line.or_else(|| ended(lts).map(str::to_owned)).map(|line| format!("{line}.x"))
}

/// A line has a code name from the day it becomes a long-term support line, so
/// the answer depends on the catalogue only, not on the day of the build.
fn nth_newest_lts(lines: &[Line], nth: usize) -> Option<String> {
    let mut majors: Vec<u64> = lines
        .iter()
        .filter(|line| line.id == "node" && line.codename.is_some())
        .filter_map(|line| line.line.parse().ok())
        .collect();
    majors.sort_unstable();
    majors.iter().rev().nth(nth).map(|major| format!("{major}.x"))
}

/// Lines that left the catalogue; a build that asks for one is told what there is.
fn ended(codename: &str) -> Option<&'static str> {
    Some(match codename {
        "argon" => "4",
        "boron" => "6",
        "carbon" => "8",
        "dubnium" => "10",
        "erbium" => "12",
        "fermium" => "14",
        "gallium" => "16",
        _ => return None,
    })
}

/// Undoes what is often written by mistake.
fn repaired(text: &str) -> String {
    let text = text.trim().trim_end_matches(';').trim_matches(['"', '\'', '`']);
    let text = text.replace(',', " ").replace("~=", "~");
    let words = text.split_whitespace().map(|word| {
        // `24.x.0` and `24.*.1`: what follows the open part says nothing.
        let open = word.split('.').position(|part| matches!(part, "x" | "X" | "*"));
        open.map_or(word.to_owned(), |open| {
            word.split('.').take(open + 1).collect::<Vec<_>>().join(".")
        })
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Line> {
        let line = |line: &str, codename: Option<&str>| Line {
            id: "node".to_owned(),
            line: line.to_owned(),
            codename: codename.map(str::to_owned),
            lts: None,
            eol: None,
        };
        vec![
            line("22", Some("jod")),
            line("24", Some("krypton")),
            line("25", None),
            line("26", None),
        ]
    }

    fn understood(text: &str) -> Option<(String, Kind)> {
        let reading = read(text, &lines()).ok()?;
        Some((reading.range.to_string(), reading.kind))
    }

    #[test]
    fn ranges_of_npm_are_taken_as_they_are() {
        for text in ["24", ">=20 <25", "^22.22.0 || ^24.17.0", "v24", "~>24.17"] {
            assert_eq!(understood(text), Some((text.to_owned(), Kind::Range)));
        }
    }

    #[test]
    fn names_of_version_managers_mean_a_line() {
        for (text, range) in [
            ("lts/jod", "22.x"),
            ("LTS/Krypton", "24.x"),
            ("lts/*", "24.x"),
            ("lts", "24.x"),
            ("lts/-1", "22.x"),
            ("lts/gallium", "16.x"),
            ("node", "*"),
            ("latest", "*"),
        ] {
            assert_eq!(understood(text), Some((range.to_owned(), Kind::Name)), "{text}");
        }
    }

    #[test]
    fn clear_mistakes_are_read_and_marked() {
        for (text, range) in [
            (">=18,<25", ">=18 <25"),
            ("24.x.0", "24.x"),
            ("24.*.1", "24.*"),
            ("\"24\"", "24"),
            ("24;", "24"),
            ("'lts/jod'", "22.x"),
            (">=24 !=24.18.1", ">=24 !=24.18.1"),
        ] {
            assert_eq!(understood(text), Some((range.to_owned(), Kind::Mistake)), "{text}");
        }
    }

    #[test]
    fn what_nobody_understands_is_an_error() {
        for text in ["abc", "iojs", "system", "lts/nobody", "lts/-9", "12.%", "24.18.01"] {
            assert_eq!(understood(text), None, "{text}");
        }
    }
}
