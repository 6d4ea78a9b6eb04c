//! Properties of MSBuild files, as far as they can be told without MSBuild.

use std::collections::BTreeMap;

/// The properties of one file, by their lower-case names: MSBuild ignores the case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Properties(BTreeMap<String, Occurrences>);

/// The last value of each kind; in MSBuild later ones replace earlier ones.
#[derive(Clone, Debug, Default, PartialEq)]
struct Occurrences {
    plain: Option<String>,
    conditional: Option<String>,
}

/// What can be said about a property.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Reading {
    /// Nobody sets it.
    Unset,
    /// It has this value.
    Value(String),
    /// It depends on something that only MSBuild knows.
    Unknown,
}

/// References within references stop somewhere.
const DEPTH: usize = 8;
/// And so do their number, and the text that comes of them.
const REFERENCES: usize = 100;
const LENGTH: usize = 10_000;

impl Properties {
    /// Notes one element.
    pub(crate) fn add(&mut self, name: &str, value: &str, is_conditional: bool) {
        let found = self.0.entry(name.to_ascii_lowercase()).or_default();
        let slot = if is_conditional { &mut found.conditional } else { &mut found.plain };
        *slot = Some(value.trim().to_owned());
    }

    /// Whether a condition decides about this property.
    pub(crate) fn is_conditional(&self, name: &str) -> bool {
        let found = self.0.get(&name.to_ascii_lowercase());
        found.is_some_and(|found| found.conditional.is_some())
    }

    /// The value as it is written; what stands under a condition counts only if nothing else does.
    pub(crate) fn written(&self, name: &str) -> Option<&str> {
        let found = self.0.get(&name.to_ascii_lowercase())?;
        found.plain.as_deref().or(found.conditional.as_deref())
    }
}

/// Reads a property from the first of `files` that sets it, with references resolved in all of them.
pub(crate) fn read(files: &[&Properties], name: &str) -> Reading {
    match files.iter().find_map(|file| file.written(name)) {
        None => Reading::Unset,
        Some(text) => {
            let mut left = REFERENCES;
            expand(files, text, DEPTH, &mut left).map_or(Reading::Unknown, Reading::Value)
        }
    }
}

/// `text` with every `$(Name)` replaced; `None` if one cannot be.
fn expand(files: &[&Properties], text: &str, depth: usize, left: &mut usize) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("$(") {
        let (name, after) = behind.split_once(')')?;
        *left = left.checked_sub(1)?;
        expanded.push_str(before);
        // A function such as `$([MSBuild]::…)`, or a property of the SDK, is for MSBuild.
        let value = files.iter().find_map(|file| file.written(name))?;
        expanded.push_str(&expand(files, value, depth.checked_sub(1)?, left)?);
        rest = after;
    }
    let needs_msbuild = rest.contains("@(") || rest.contains("%(");
    (!needs_msbuild && expanded.len() + rest.len() <= LENGTH).then(|| expanded + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(values: &[(&str, &str, bool)]) -> Properties {
        let mut file = Properties::default();
        for (name, value, is_conditional) in values {
            file.add(name, value, *is_conditional);
        }
        file
    }

    #[test]
    fn the_last_value_without_a_condition_counts() {
        let file = file(&[
            ("OutputType", "Library", false),
            ("outputtype", " Exe ", false),
            ("OutputType", "WinExe", true),
            ("Only", "x", true),
        ]);
        assert_eq!(read(&[&file], "OutputType"), Reading::Value("Exe".into()));
        assert_eq!(read(&[&file], "only"), Reading::Value("x".into()));
        assert_eq!(read(&[&file], "Other"), Reading::Unset);
        assert!(file.is_conditional("Only"));
    }

    #[test]
    fn references_are_resolved_in_all_files() {
        let near = file(&[("TargetFramework", "net$(Line)", false), ("A", "$(B)", false)]);
        let far =
            file(&[("Line", "10.0", false), ("B", "$(A)", false), ("C", "$([x]::Y())", false)]);
        let files = [&near, &far];
        assert_eq!(read(&files, "TargetFramework"), Reading::Value("net10.0".into()));
        for name in ["A", "C"] {
            assert_eq!(read(&files, name), Reading::Unknown, "{name}");
        }
    }

    #[test]
    fn many_references_do_not_grow_without_end() {
        let mut chain = Properties::default();
        for n in 0..20 {
            chain.add(&format!("P{n}"), &format!("$(P{0})$(P{0})", n + 1), false);
        }
        assert_eq!(read(&[&chain], "P0"), Reading::Unknown);
        let mut wide = Properties::default();
        for n in 0..7 {
            wide.add(&format!("P{n}"), &format!("$(P{})", n + 1).repeat(1000), false);
        }
        wide.add("P7", "x", false);
        assert_eq!(read(&[&wide], "P0"), Reading::Unknown);
    }
}
