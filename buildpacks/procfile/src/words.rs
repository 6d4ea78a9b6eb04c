//! Splitting a command into words as a shell does, without being one.

use std::str::Chars;

/// The words of `command`: quotes and backslashes as in a shell, and variables by `value`.
///
/// `$NAME`, `${NAME}` and `${NAME:-default}` are variables; outside of double quotes their values
/// are split at blanks. Everything else that a shell would do is left as it stands there.
/// `None` if a quote is not closed or there is no word.
pub fn words(command: &str, value: impl Fn(&str) -> Option<String>) -> Option<Vec<String>> {
    let mut words = Words::default();
    let mut rest = command.chars();
    let mut is_quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                words.open();
            }
            '\'' if !is_quoted => {
                words.open();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        c => words.push(c),
                    }
                }
            }
            '\\' => match rest.next()? {
                // In double quotes a backslash is one, except before these.
                c if is_quoted && !"\"\\$`".contains(c) => {
                    words.push('\\');
                    words.push(c);
                }
                c => words.push(c),
            },
            '$' => match variable(&mut rest) {
                Some(Variable { name, default }) => {
                    let value = value(name).filter(|value| !value.is_empty());
                    let text = value.unwrap_or_else(|| default.to_owned());
                    if is_quoted {
                        text.chars().for_each(|c| words.push(c));
                    } else {
                        words.split(&text);
                    }
                }
                None => words.push('$'),
            },
            c if is_blank(c) && !is_quoted => words.close(),
            c => words.push(c),
        }
    }
    words.close();
    let has_program = words.done.first().is_some_and(|program| !program.is_empty());
    (!is_quoted && has_program).then_some(words.done)
}

/// What stands between words; a shell takes no other white space for that.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n')
}

/// Words that are complete, and one that may follow.
#[derive(Default)]
struct Words {
    done: Vec<String>,
    last: Option<String>,
}

impl Words {
    /// There is a word, even if nothing comes into it.
    fn open(&mut self) {
        self.last.get_or_insert_default();
    }

    fn push(&mut self, c: char) {
        self.last.get_or_insert_default().push(c);
    }

    fn close(&mut self) {
        self.done.extend(self.last.take());
    }

    /// Adds a text with blanks between words.
    fn split(&mut self, text: &str) {
        for c in text.chars() {
            if is_blank(c) { self.close() } else { self.push(c) }
        }
    }
}

struct Variable<'a> {
    name: &'a str,
    default: &'a str,
}

/// Takes what follows a `$`, if it is a variable.
fn variable<'a>(rest: &mut Chars<'a>) -> Option<Variable<'a>> {
    let text = rest.as_str();
    if let Some(braced) = text.strip_prefix('{') {
        let (inner, after) = braced.split_once('}')?;
        let (name, default) = inner.split_once(":-").unwrap_or((inner, ""));
        if name.is_empty() || name_length(name) != name.len() {
            return None;
        }
        *rest = after.chars();
        return Some(Variable { name, default });
    }
    let length = name_length(text);
    let (name, after) = text.split_at(length);
    *rest = after.chars();
    (length > 0).then_some(Variable { name, default: "" })
}

/// Length of the name that `text` starts with.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(command: &str) -> Option<Vec<String>> {
        words(command, |name| match name {
            "PORT" => Some("8080".to_owned()),
            "OPTS" => Some(" -a  -b ".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn words_are_those_of_a_shell() {
        for (command, expected) in [
            ("a  b\tc ", &["a", "b", "c"][..]),
            ("a 'b  c' \"d e\" f\\ g", &["a", "b  c", "d e", "f g"]),
            ("a '' \"\" x''y", &["a", "", "", "xy"]),
            (r#"a "it's \"x\" \n" 'say "y" \'"#, &["a", r#"it's "x" \n"#, r#"say "y" \"#]),
            (
                "a --port=$PORT ${PORT}1 '$PORT' \\$PORT",
                &["a", "--port=8080", "80801", "$PORT", "$PORT"],
            ),
            ("a $OPTS x$OPTS\"$OPTS\"", &["a", "-a", "-b", "x", "-a", "-b", " -a  -b "]),
            ("a $NONE $EMPTY \"$NONE\" ${NONE:-3 4} ${EMPTY:-5}", &["a", "", "3", "4", "5"]),
            (
                "a $ $1 ${} ${a-b} $(x) \"$PORT\"",
                &["a", "$", "$1", "${}", "${a-b}", "$(x)", "8080"],
            ),
            ("a && b > c", &["a", "&&", "b", ">", "c"]),
        ] {
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(split(command), Some(expected), "{command}");
        }
    }

    proptest! {
        #[test]
        fn quoted_words_are_what_they_were(
            program in "[^\0]{1,10}", more in proptest::collection::vec("[^\0]{0,10}", 0..4)
        ) {
            let expected: Vec<_> = std::iter::once(program).chain(more).collect();
            let command = shell_words::join(&expected);
            prop_assert_eq!(words(&command, |_| Some("wrong".to_owned())), Some(expected));
        }

        #[test]
        fn a_value_stays_one_word_between_quotes(value in "[^\0]{1,12}") {
            let read = words("x \"$A\" '$A'", |_| Some(value.clone()));
            prop_assert_eq!(read, Some(vec!["x".to_owned(), value.clone(), "$A".to_owned()]));
        }

        #[test]
        fn every_text_is_words_or_nothing(text in any::<String>(), value in any::<String>()) {
            let read = words(&text, |_| Some(value.clone()));
            prop_assert!(read.is_none_or(|words| !words.is_empty() && !words[0].is_empty()));
        }
    }

    #[test]
    fn an_open_quote_and_no_program_are_nothing() {
        for command in ["a 'b", "a \"b", "a \\", "", "  ", "'' a", "$NONE"] {
            assert_eq!(split(command), None, "{command}");
        }
    }
}
