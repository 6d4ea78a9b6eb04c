//! Lists of globs over the files of an app: `BP_INCLUDE_FILES` and the like.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use fast_glob::{ErrorKind, glob_match, validate};
use kouti_report::{Explain, Fault};

/// Patterns separated by colons, relative to the app.
///
/// `*` and `?` stay within one name, `**` crosses directories, `[a-z]` and `{a,b}` choose. What
/// matches a directory is about everything below it. A pattern behind `!` takes back what those
/// before it said: of all that match a path or a directory above it, the last one counts.
#[derive(Clone, Debug)]
pub struct Globs {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// As the user wrote it.
    text: String,
    /// Valid, without decoration.
    glob: String,
    takes_back: bool,
}

impl Globs {
    /// Reads `list`, the value of `setting`.
    pub fn parse(setting: &'static str, list: &str) -> Result<Self, BadGlob> {
        let mut patterns = Vec::new();
        for text in list.split(':').map(str::trim).filter(|text| !text.is_empty()) {
            let bad = |reason: String| BadGlob { setting, pattern: text.to_owned(), reason };
            let (takes_back, path) = match text.strip_prefix('!') {
                Some(path) => (true, path),
                None => (false, text),
            };
            let path = path.trim_start_matches("./").trim_matches('/');
            if path.split('/').any(|part| part == "..") {
                return Err(bad("it leads out of the app".to_owned()));
            }
            // The app itself is everything in it.
            let glob = if path.is_empty() || path == "." { "**" } else { path };
            // At the start of a glob it would negate.
            let glob = if glob.starts_with('!') { format!("\\{glob}") } else { glob.to_owned() };
            validate(&glob).map_err(|error| bad(reason(error.kind).to_owned()))?;
            patterns.push(Pattern { text: text.to_owned(), glob, takes_back });
        }
        Ok(Self { patterns })
    }

    /// Whether there is no pattern at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether `path`, relative to the app, is one that the patterns are about.
    #[must_use]
    pub fn covers(&self, path: &Path) -> bool {
        let last = path.ancestors().flat_map(|path| self.matches(path)).max();
        last.is_some_and(|index| self.is_about(index))
    }

    /// The patterns that match `path` itself, by their place in the list.
    pub(crate) fn matches(&self, path: &Path) -> Vec<usize> {
        let path = path.as_os_str().as_bytes();
        let matching =
            self.patterns.iter().enumerate().filter(|(_, pattern)| glob_match(&pattern.glob, path));
        matching.map(|(index, _)| index).collect()
    }

    /// Whether the pattern at this place covers what it matches.
    pub(crate) fn is_about(&self, index: usize) -> bool {
        !self.patterns[index].takes_back
    }

    /// The patterns as the user wrote them.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| pattern.text.as_str())
    }
}

fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnclosedBrace => "`{` is never closed",
        ErrorKind::UnclosedBracket => "`[` is never closed",
        ErrorKind::TrailingBackslash => "nothing follows the last backslash",
        _ => "it has too many braces",
    }
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the pattern `{pattern}` in {setting} cannot be read: {reason}")]
pub struct BadGlob {
    /// The variable.
    pub setting: &'static str,
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Explain for BadGlob {
    fn id(&self) -> &'static str {
        "bad-glob"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write paths relative to the app with `*`, `**`, `?`, `[…]` or `{…}`, separated by `:`"
                .to_owned(),
            "put a backslash before a sign that is to mean itself".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_match_and_all_below() {
        for (list, yes, no) in [
            ("dist", &["dist", "dist/a", "dist/b/c"][..], &["distr", "a/dist"][..]),
            ("dist/*", &["dist/a", "dist/b/c"], &["dist", "a"]),
            ("./dist/:/bin", &["dist/a", "bin/x"], &["x"]),
            ("*.md", &["a.md"], &["docs/a.md", "md"]),
            ("**/*.html", &["a.html", "x/y/a.html", "x.html/y"], &["x/a.htm"]),
            ("a/*/c", &["a/b/c", "a/b/c/d"], &["a/b", "a/b/x/c"]),
            ("{a,b}/?.[ch]", &["a/x.c", "b/y.h"], &["a/xy.c", "c/x.c"]),
            (r"a\*b:[!x]y", &["a*b", "zy"], &["aab", "xy"]),
            ("src:!src/keep", &["src/a", "src"], &["src/keep", "src/keep/b"]),
            ("!a:a/b", &["a/b", "a/b/c"], &["a", "a/c"]),
            (".", &["a", "b/c"], &[]),
            (" : ", &[], &["a"]),
        ] {
            let globs = Globs::parse("X", list).unwrap();
            for path in yes {
                assert!(globs.covers(Path::new(path)), "{list} covers {path}");
            }
            for path in no {
                assert!(!globs.covers(Path::new(path)), "{list} does not cover {path}");
            }
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        for (list, reason) in [
            ("ok:a[", "`[` is never closed"),
            ("a{b", "`{` is never closed"),
            ("../x", "it leads out of the app"),
            ("a/../../b", "it leads out of the app"),
        ] {
            let error = Globs::parse("BP_INCLUDE_FILES", list).unwrap_err();
            assert!(error.reason.contains(reason), "{list}: {error}");
        }
    }
}
