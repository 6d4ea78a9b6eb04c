//! nginx's configuration language, as far as it has to be understood here: which directives stand
//! where. What is wrong in it is told by nginx itself.

use std::ops::Range;

/// One directive: its words and how it ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Statement {
    pub(crate) words: Vec<String>,
    /// From its first word to behind its end.
    pub(crate) place: Range<usize>,
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// `;`
    Simple,
    /// `{`
    Opens,
    /// `}`, in a statement without words.
    Closes,
}

impl Statement {
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// The statements of a file in order.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut words = Vec::new();
    let mut start = 0;
    let mut position = 0;
    while let Some(c) = text[position..].chars().next() {
        let next = position + c.len_utf8();
        match c {
            c if c.is_whitespace() => position = next,
            '#' => position += text[position..].find('\n').unwrap_or(text.len() - position),
            ';' | '{' | '}' => {
                let end = match c {
                    ';' => End::Simple,
                    '{' => End::Opens,
                    _ => End::Closes,
                };
                if words.is_empty() {
                    start = position;
                }
                let words = std::mem::take(&mut words);
                statements.push(Statement { words, place: start..next, end });
                position = next;
            }
            _ => {
                if words.is_empty() {
                    start = position;
                }
                let (word, length) = word(&text[position..]);
                words.push(word);
                position += length;
            }
        }
    }
    statements
}

/// The first word of `text`, without its quotes, and its length with them.
fn word(text: &str) -> (String, usize) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut word = String::new();
    let mut chars = text.char_indices().skip(usize::from(quote.is_some())).peekable();
    while let Some((index, c)) = chars.next() {
        match (c, quote) {
            ('\\', _) => {
                if let Some((_, escaped)) = chars.next() {
                    // Only these lose their backslash.
                    if !matches!(escaped, '"' | '\'' | '\\' | ';' | '{' | '}' | ' ') {
                        word.push('\\');
                    }
                    word.push(escaped);
                }
            }
            (c, Some(quote)) if c == quote => return (word, index + c.len_utf8()),
            // `${name}` is a variable, not a block.
            ('$', None) if chars.peek().is_some_and(|(_, c)| *c == '{') => {
                word.push('$');
                for (_, c) in chars.by_ref() {
                    word.push(c);
                    if c == '}' {
                        break;
                    }
                }
            }
            (c, None) if c.is_whitespace() || matches!(c, ';' | '{' | '}') => {
                return (word, index);
            }
            (c, _) => word.push(c),
        }
    }
    (word, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_blocks_quotes_and_comments_are_told_apart() {
        let text = "daemon off; # include x;\nhttp {\n  log_format a '{\"b\": ;}';\n  \
                    server { return 200 \"a;\\\"b\"; }\n  location ~ \\.x${y}z {}\n}";
        let shown: Vec<_> = statements(text)
            .iter()
            .map(|statement| format!("{} {:?}", statement.words.join("|"), statement.end))
            .collect();
        assert_eq!(
            shown,
            [
                "daemon|off Simple",
                "http Opens",
                "log_format|a|{\"b\": ;} Simple",
                "server Opens",
                "return|200|a;\"b Simple",
                " Closes",
                "location|~|\\.x${y}z Opens",
                " Closes",
                " Closes",
            ]
        );
    }

    #[test]
    fn unfinished_files_are_read_as_far_as_they_go() {
        for text in ["", "http", "http {", "a \"b", "a \\", "a ${", "}}"] {
            let _ = statements(text);
        }
        assert_eq!(statements("}}").len(), 2);
    }
}
