//! Values of a TOML document, with the places where they stand.

use std::ops::Range;

use kouti::{Explain, Fault, Span, excerpt};
use toml::Spanned;
use toml::de::{DeString, DeValue, Error};

use super::NAME;

/// A key.
pub(super) type Key<'a> = Spanned<DeString<'a>>;
/// What it has.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// `project.toml` says something of the site that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{NAME} cannot be read: {reason}")]
pub struct BadProjectToml {
    reason: String,
    excerpt: Option<String>,
    hint: String,
}

impl Explain for BadProjectToml {
    fn id(&self) -> &'static str {
        "bad-project-toml"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        self.excerpt.clone()
    }

    fn hints(&self) -> Vec<String> {
        vec![self.hint.clone()]
    }
}

impl BadProjectToml {
    /// The file is no TOML.
    pub(super) fn syntax(file: &str, error: &Error) -> Self {
        Self {
            reason: error.message().lines().collect::<Vec<_>>().join(", "),
            excerpt: error.span().map(|place| shown(file, place)),
            hint: "correct it where the message points".to_owned(),
        }
    }
}

/// The place in the file, up to the end of its first line.
fn shown(file: &str, place: Range<usize>) -> String {
    let start = place.start.min(file.len());
    let rest = file.get(start..).unwrap_or_default();
    let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let bytes = start..place.end.clamp(start, start + length);
    excerpt(NAME, file, &Span { bytes }, "here")
}

/// An entry of a setting, and where it comes from.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) place: Range<usize>,
}

impl Line {
    /// The same with something in front of it.
    pub(super) fn after(self, start: &str) -> Self {
        Self { text: format!("{start}{}", self.text), ..self }
    }
}

/// A value, and what else an error about it has to say.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    file: &'a str,
    /// Its table.
    pub(super) table: &'a str,
    /// The way to it from the table: `errors.404`.
    pub(super) key: String,
    /// A line that is right.
    example: &'a str,
    value: &'a Value<'a>,
}

impl<'a> Item<'a> {
    /// A whole table.
    pub(super) fn table(file: &'a str, table: &'a str, value: &'a Value<'a>) -> Self {
        Self { file, table, key: String::new(), example: r#"root = "public""#, value }
    }

    pub(super) fn example(self, example: &'a str) -> Self {
        Self { example, ..self }
    }

    pub(super) fn place(&self) -> Range<usize> {
        self.value.span()
    }

    pub(super) fn bad(&self, place: Range<usize>, reason: String) -> BadProjectToml {
        let hint = format!("write it as `{}`", self.example);
        BadProjectToml { reason, excerpt: Some(shown(self.file, place)), hint }
    }

    fn is_no(&self, form: &str) -> BadProjectToml {
        let kind = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(true) => "true",
            DeValue::Boolean(false) => "false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let what = if self.key.is_empty() { self.table } else { &self.key };
        self.bad(self.place(), format!("`{what}` is {kind}, not {form}"))
    }

    fn line(&self, text: &str) -> Line {
        Line { text: text.to_owned(), place: self.place() }
    }

    pub(super) fn is_flag(&self) -> bool {
        self.value.get_ref().is_bool()
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub(super) fn flag(&self) -> Result<Line, BadProjectToml> {
        let flag = self.value.get_ref().as_bool().ok_or_else(|| self.is_no("true or false"))?;
        Ok(self.line(if flag { "true" } else { "false" }))
    }

    pub(super) fn number(&self) -> Result<Line, BadProjectToml> {
        let number = self.value.get_ref().as_integer().ok_or_else(|| self.is_no("a number"))?;
        Ok(self.line(number.as_str()))
    }

    pub(super) fn text(&self) -> Result<Line, BadProjectToml> {
        let text = self.value.get_ref().as_str().ok_or_else(|| self.is_no("a text"))?;
        // A line break would begin another entry of the setting.
        if text.chars().any(char::is_control) {
            let reason = format!("`{}` has a line break or another control character", self.key);
            return Err(self.bad(self.place(), reason));
        }
        Ok(self.line(text))
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(&self) -> Result<Vec<Line>, BadProjectToml> {
        if self.is_text() {
            return Ok(vec![self.text()?]);
        }
        self.list()?.iter().map(Item::text).collect()
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, BadProjectToml> {
        let list = self.value.get_ref().as_array().ok_or_else(|| self.is_no("a list"))?;
        let item =
            |(index, value)| Self { key: format!("{}[{index}]", self.key), value, ..self.clone() };
        Ok(list.iter().enumerate().map(item).collect())
    }

    /// The entries of a table, in the order of the file.
    pub(super) fn entries(&self) -> Result<Vec<(&'a Key<'a>, Self)>, BadProjectToml> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.is_no("a table"))?;
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let item = |(key, value): (&'a Key<'a>, _)| {
            let path = [self.key.clone(), quoted(key.get_ref())];
            let path = if self.key.is_empty() { &path[1..] } else { &path };
            (key, Self { key: path.join("."), value, ..self.clone() })
        };
        Ok(entries.into_iter().map(item).collect())
    }

    /// A key that becomes a word of the setting: nothing in it may end one.
    pub(super) fn word(&self, key: &'a Key<'a>, end: &str) -> Result<&'a str, BadProjectToml> {
        let word = key.get_ref().as_ref();
        let ends = |c: char| c.is_whitespace() || c.is_control() || end.contains(c);
        if word.is_empty() || word.contains(ends) {
            let reason = format!("`{}` cannot have the key {}", self.key, quoted(word));
            return Err(self.bad(key.span(), reason));
        }
        Ok(word)
    }
}

/// A key as TOML writes it.
fn quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !key.is_empty() && key.chars().all(is_bare) { key.to_owned() } else { format!("{key:?}") }
}
