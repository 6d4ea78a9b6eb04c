//! What an exec.d program hands to the launcher: a TOML table of texts on file descriptor 3.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};

/// Writes the variables to file descriptor 3; each replaces the variable of the app.
///
/// Without such a descriptor (somebody runs the helper by hand) nothing is written.
pub fn hand_over(variables: &BTreeMap<String, String>) -> io::Result<()> {
    // Reopening by name is the way without unsafe code; it works for pipes and files.
    let opened = fs_err::OpenOptions::new().write(true).open("/proc/self/fd/3");
    match opened {
        Ok(mut descriptor) => descriptor.write_all(render(variables).as_bytes()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The TOML table. A name or value with a zero byte, or a name with `=`, cannot be in
/// an environment and is left out.
#[must_use]
pub fn render(variables: &BTreeMap<String, String>) -> String {
    let mut table = String::new();
    for (name, value) in variables {
        if !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0') {
            let _ = writeln!(table, "{} = {}", key(name), quoted(value));
        }
    }
    table
}

fn key(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn special_characters_are_escaped() {
        assert_snapshot!(
            render(&variables(&[
                ("A", "line 1\nline 2\r\n\ttab"),
                ("B", r#"say "hi" \ '''"#),
                ("C", "grüße 🦀"),
                ("D", "\u{0}never"),
                ("E", "\u{1b}[0m\u{7f}\u{85}"),
                ("F-G", ""),
                ("H.I", "x"),
                ("", "x"),
                ("J=K", "x"),
            ])),
            @r#"
        A = "line 1\nline 2\r\n\ttab"
        B = "say \"hi\" \\ '''"
        C = "grüße 🦀"
        E = "\u001B[0m\u007F\u0085"
        F-G = ""
        "H.I" = "x"
        "#
        );
    }

    proptest! {
        #[test]
        fn every_table_is_read_back(
            variables in proptest::collection::btree_map("[^=\0]{1,12}", "[^\0]{0,40}", 0..8)
        ) {
            let table: BTreeMap<String, String> = toml::from_str(&render(&variables)).unwrap();
            prop_assert_eq!(table, variables);
        }
    }
}
