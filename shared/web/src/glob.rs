//! Globs over the paths of requests, as regular expressions that nginx and httpd both read.

use serde::Serialize;

/// A glob: `*` and `?` stay within a segment, `**` crosses them, `{a,b}` chooses.
///
/// Without any slash it matches in every directory, otherwise from the root of the site.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Glob {
    /// As it was written.
    pub text: String,
    /// Anchored at both ends; has neither quotes nor braces in pairs.
    pub regex: String,
}

impl Glob {
    /// Reads a glob, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut regex = String::from(if text.contains('/') { "^/" } else { "^/(?:.*/)?" });
        let mut rest = text.strip_prefix('/').unwrap_or(text);
        let mut depth = 0;
        while let Some(c) = rest.chars().next() {
            let mut length = c.len_utf8();
            match c {
                '*' if rest.starts_with("**/") => {
                    regex.push_str("(?:.*/)?");
                    length = 3;
                }
                '*' if rest.starts_with("**") => {
                    regex.push_str(".*");
                    length = 2;
                }
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '{' => {
                    regex.push_str("(?:");
                    depth += 1;
                }
                '}' if depth > 0 => {
                    regex.push(')');
                    depth -= 1;
                }
                '}' => return Err("a `}` without a `{`"),
                ',' if depth > 0 => regex.push('|'),
                c if c.is_control() => return Err("it has a control character"),
                c => push_literal(&mut regex, c),
            }
            rest = &rest[length..];
        }
        if depth > 0 {
            return Err("a `{` without a `}`");
        }
        if text.is_empty() {
            return Err("it is empty");
        }
        regex.push('$');
        Ok(Self { text: text.to_owned(), regex })
    }
}

/// A regular expression for exactly this text.
#[must_use]
pub fn quoted_regex(text: &str) -> String {
    text.chars().fold(String::new(), |mut regex, c| {
        push_literal(&mut regex, c);
        regex
    })
}

/// In brackets rather than behind a backslash, which quotes would take away.
fn push_literal(regex: &mut String, c: char) {
    match c {
        '.' | '+' | '(' | ')' | '|' | '$' | '?' | '*' | '{' | '}' | ' ' => {
            regex.push('[');
            regex.push(c);
            regex.push(']');
        }
        '^' | '[' | ']' | '\\' | '"' | '\'' | '<' | '>' | '#' => {
            use std::fmt::Write as _;
            let _ = write!(regex, "\\x{:02x}", u32::from(c));
        }
        c => regex.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_become_expressions() {
        for (glob, regex) in [
            ("/assets/*", "^/assets/[^/]*$"),
            ("assets/**", "^/assets/.*$"),
            ("**/*.{js,css}", "^/(?:.*/)?[^/]*[.](?:js|css)$"),
            ("*.html", "^/(?:.*/)?[^/]*[.]html$"),
            ("/a?c+\"x\"", "^/a[^/]c[+]\\x22x\\x22$"),
        ] {
            assert_eq!(Glob::parse(glob).unwrap().regex, regex, "{glob}");
        }
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        for glob in ["", "/{a", "/a}", "/a\nb"] {
            assert!(Glob::parse(glob).is_err(), "{glob:?}");
        }
    }
}
