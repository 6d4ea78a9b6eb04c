//! The words inside `{{` and `}}`.

use std::ops::Range;

use super::error::Reason;

/// A word and where it stands in the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Range<usize>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `port`, `if`.
    Word(String),
    /// `"text"` or `` `text` ``.
    Text(String),
    /// `42`.
    Number(i64),
    /// `$name`, or `$` alone.
    Variable(String),
    /// `.`
    Dot,
    /// `.Name`
    Field(String),
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `:=`
    Declare,
    /// `=`
    Assign,
}

/// A piece of a file: text, or the words of an action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    Text(Range<usize>),
    Action { words: Vec<Token>, place: Range<usize> },
}

type Failure = (Reason, Range<usize>);

/// Cuts a file into pieces; comments are gone, and so is what trim markers take away.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Failure> {
    let mut pieces = Vec::new();
    let mut position = 0;
    let mut trims_next = false;
    loop {
        let open = text[position..].find("{{").map(|found| position + found);
        let mut piece = position..open.unwrap_or(text.len());
        if trims_next {
            piece.start = piece.end - text[piece.clone()].trim_start().len();
        }
        let Some(open) = open else {
            pieces.push(Piece::Text(piece));
            return Ok(pieces);
        };
        let mut inside = open + 2;
        // A minus is a marker only if a blank follows, else it belongs to a number.
        if text[inside..].starts_with('-') && text[inside + 1..].starts_with(char::is_whitespace) {
            inside += 1;
            piece.end = piece.start + text[piece.clone()].trim_end().len();
        }
        pieces.push(Piece::Text(piece));
        let (words, end, trims) = action(text, open, inside)?;
        if let Some(words) = words {
            pieces.push(Piece::Action { words, place: open..end });
        }
        (position, trims_next) = (end, trims);
    }
}

/// The words of one action (`None` for a comment), where it ends, and whether it trims behind it.
fn action(
    text: &str,
    open: usize,
    inside: usize,
) -> Result<(Option<Vec<Token>>, usize, bool), Failure> {
    let unclosed =
        |what: &str| (Reason::Syntax(format!("{what} that opens here has no end")), open..open + 2);
    let start = inside + text[inside..].len() - text[inside..].trim_start().len();
    if text[start..].starts_with("/*") {
        let end = text[start..].find("*/").ok_or_else(|| unclosed("the comment"))? + start + 2;
        return match closing(text, end) {
            Some((end, trims)) => Ok((None, end, trims)),
            None => Err((
                Reason::Syntax("a comment must be all that is in its braces".to_owned()),
                open..end,
            )),
        };
    }
    let mut words = Vec::new();
    let mut position = inside;
    loop {
        if let Some((end, trims)) = closing(text, position) {
            return Ok((Some(words), end, trims));
        }
        let blank = text[position..].len() - text[position..].trim_start().len();
        position += blank;
        if text[position..].is_empty() || text[position..].starts_with("{{") {
            return Err(unclosed("`{{`"));
        }
        let (kind, length) = word(&text[position..]).map_err(|(what, length)| {
            // A line that never closes is better told of where it opens.
            let line = text[open..].lines().next().unwrap_or_default();
            if line.contains("}}") { (what, position..position + length) } else { unclosed("`{{`") }
        })?;
        words.push(Token { kind, place: position..position + length });
        position += length;
    }
}

/// Whether an action ends at `position`; where its text goes on, and whether that is trimmed.
fn closing(text: &str, position: usize) -> Option<(usize, bool)> {
    let rest = &text[position..];
    let bare = rest.trim_start();
    let end = |bare: &str| position + rest.len() - bare.len();
    if let Some(after) = bare.strip_prefix("}}") {
        return Some((end(after), false));
    }
    let has_blank = bare.len() < rest.len();
    let after = bare.strip_prefix("-}}").filter(|_| has_blank)?;
    Some((end(after), true))
}

/// The first word of `text` and its length.
fn word(text: &str) -> Result<(Kind, usize), (Reason, usize)> {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or_default();
    let name = |text: &str| text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    Ok(match first {
        '|' => (Kind::Pipe, 1),
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        ',' => (Kind::Comma, 1),
        ':' if text.starts_with(":=") => (Kind::Declare, 2),
        '=' => (Kind::Assign, 1),
        '"' => quoted(text)?,
        '`' => {
            let end = text[1..].find('`').ok_or_else(|| no_end("`` ` ``"))?;
            (Kind::Text(text[1..=end].to_owned()), end + 2)
        }
        '\'' => {
            let length = text[1..].find('\'').map_or(1, |end| end + 2);
            let what = "a text in single quotes".to_owned();
            return Err((Reason::Unsupported(what), length));
        }
        '$' => {
            let length = 1 + name(&text[1..]);
            (Kind::Variable(text[1..length].to_owned()), length)
        }
        '.' => match name(&text[1..]) {
            0 => (Kind::Dot, 1),
            length => (Kind::Field(text[1..=length].to_owned()), length + 1),
        },
        c if c.is_ascii_digit()
            || (c == '-' && chars.next().is_some_and(|c| c.is_ascii_digit())) =>
        {
            number(text)?
        }
        c if is_name(c) => (Kind::Word(text[..name(text)].to_owned()), name(text)),
        c => {
            return Err((Reason::Syntax(format!("`{c}` makes no sense here")), c.len_utf8()));
        }
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn no_end(quote: &str) -> (Reason, usize) {
    (Reason::Syntax(format!("the text that begins with {quote} here has no end")), 1)
}

fn quoted(text: &str) -> Result<(Kind, usize), (Reason, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Ok((Kind::Text(value), index + 1)),
            '\n' => break,
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '\'')) => value.push(c),
                other => {
                    let sign = other.map(String::from).unwrap_or_default();
                    return Err((Reason::Unsupported(format!("`\\{sign}`")), index + 2));
                }
            },
            c => value.push(c),
        }
    }
    Err(no_end("`\"`"))
}

fn number(text: &str) -> Result<(Kind, usize), (Reason, usize)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
    let length = 1 + text[1..].find(|c| !is_part(c)).unwrap_or(text.len() - 1);
    let word = &text[..length];
    match word.parse() {
        Ok(number) => Ok((Kind::Number(number), length)),
        Err(_) => Err((Reason::Unsupported(format!("the number `{word}`")), length)),
    }
}
