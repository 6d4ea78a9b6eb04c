//! git's own configuration format, as far as it is needed to read one value and to write one section.
//!
//! Grammar: [git-config](https://git-scm.com/docs/git-config#_syntax).

/// The value of `key` in `[section "subsection"]`; the last one counts.
pub(crate) fn value(text: &str, section: &str, subsection: &str, key: &str) -> Option<String> {
    let mut found = None;
    let mut is_here = false;
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            is_here = is_header(header, section, subsection);
        } else if let Some((name, start)) = line.split_once('=')
            && !line.starts_with(['#', ';'])
        {
            let value = unquoted(start, &mut rest);
            if is_here && name.trim().eq_ignore_ascii_case(key) {
                found = Some(value);
            }
        }
    }
    found
}

/// Whether what follows `[` opens the section.
fn is_header(header: &str, section: &str, subsection: &str) -> bool {
    let Some((name, quoted)) = header.split_once('"') else { return false };
    let mut text = String::new();
    let mut signs = quoted.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => {
                return name.trim().eq_ignore_ascii_case(section)
                    && text == subsection
                    && signs.as_str().trim_start().starts_with(']');
            }
            '\\' => text.extend(signs.next()),
            sign => text.push(sign),
        }
    }
    false
}

/// A value without quotes, comments and escapes; one that ends with a backslash goes on in the next line.
fn unquoted(start: &str, rest: &mut &str) -> String {
    let mut value = String::new();
    // Blanks at the end do not belong to it, unless they are quoted.
    let mut solid = 0;
    let mut is_quoted = false;
    let mut line = start.trim_start();
    loop {
        let mut signs = line.chars();
        let mut goes_on = false;
        while let Some(sign) = signs.next() {
            match sign {
                '"' => {
                    is_quoted = !is_quoted;
                    solid = value.len();
                    continue;
                }
                '\\' => match signs.next() {
                    Some('n') => value.push('\n'),
                    Some('t') => value.push('\t'),
                    Some('b') => value.push('\u{8}'),
                    Some(sign) => value.push(sign),
                    None => {
                        goes_on = true;
                        break;
                    }
                },
                '#' | ';' if !is_quoted => break,
                sign => {
                    value.push(sign);
                    if sign.is_whitespace() && !is_quoted {
                        continue;
                    }
                }
            }
            solid = value.len();
        }
        if !goes_on {
            break;
        }
        let (next, after) = rest.split_once('\n').unwrap_or((*rest, ""));
        (line, *rest) = (next.trim_end_matches('\r'), after);
    }
    value.truncate(solid);
    value
}

/// A section with one value, in a form that is read back as it was whatever both hold, as long as a
/// subsection has no line ends.
pub(crate) fn section(name: &str, subsection: Option<&str>, key: &str, value: &str) -> String {
    let escaped = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"");
    let header = match subsection {
        Some(subsection) => format!("[{name} \"{}\"]", escaped(subsection)),
        None => format!("[{name}]"),
    };
    format!("{header}\n\t{key} = \"{}\"\n", escaped(value).replace('\n', r"\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(text: &str) -> Option<String> {
        value(text, "remote", "origin", "url")
    }

    #[test]
    fn values_are_those_that_git_reads() {
        for (text, expected) in [
            (
                "[remote \"origin\"]\n\turl = https://example.org/a.git\n",
                Some("https://example.org/a.git"),
            ),
            ("[Remote \"origin\"] # mine\r\n\tURL=a\r\n", Some("a")),
            ("[remote \"origin\"]\nurl = a ; b\n", Some("a")),
            ("[remote \"origin\"]\nurl = \"a ; b \" # c\n", Some("a ; b ")),
            ("[remote \"origin\"]\nurl = a\\\n  b\\tc\\\\ \n", Some("a  b\tc\\")),
            ("[remote \"origin\"]\nurl = a\nurl = b\n", Some("b")),
            ("[remote \"origin\"]\n#url = a\n;url = b\n", None),
            ("[remote \"Origin\"]\nurl = a\n[remote]\nurl = b\n[core]\nurl = c\n", None),
            ("[remote \"origin\"]\nfetch = a\n[branch \"main\"]\nurl = b\n", None),
            ("[remote \"ori\\gin\"]\nurl = a\n", Some("a")),
            ("[remote \"origin\nurl = a\n", None),
            ("", None),
        ] {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(subsection in "[^\n\0]{0,20}", text in "[^\0\r]{0,30}") {
            let written = section("credential", Some(&subsection), "helper", &text);
            let other = section("core", None, "helper", "x");
            let file = format!("{other}{written}{other}");
            prop_assert_eq!(value(&file, "credential", &subsection, "helper"), Some(text));
        }

        #[test]
        fn no_text_makes_it_fail(text in "(\\PC|[\n\t\\\\\"#=\\[\\]])*") {
            let _ = origin(&text);
        }
    }
}
