//! Templates in configuration files: the part of Go's `text/template` that people use there.
//!
//! `{{port}}`, `{{env "NAME"}}`, pipelines, variables, `if`, `with`, `range`, trim markers and
//! comments. What a file may call beside the built-in functions is up to [`Functions`].

mod builtin;
mod error;
mod eval;
mod lex;
mod parse;
mod value;

use std::ops::Range;

pub use error::{BadTemplate, Reason};
pub use value::Value;

/// What a template may call.
pub trait Functions {
    /// How each is called: `env "NAME" ["fallback"]`. The first word is its name.
    fn signatures(&self) -> &[&'static str];

    /// Calls one of them.
    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError>;
}

/// Why a call failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallError {
    /// It takes other arguments.
    Arguments,
    /// It cannot give a value.
    Failed {
        /// Lower-case clause.
        reason: String,
        /// What to do.
        hint: String,
    },
}

/// A text that was made from a template.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// For each piece, where it begins here and where it comes from in the template.
    pieces: Vec<(usize, usize)>,
}

impl Rendered {
    /// A text without templates.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        Self { text: text.to_owned(), pieces: vec![(0, 0)] }
    }

    fn push(&mut self, text: &str, origin: usize) {
        self.pieces.push((self.text.len(), origin));
        self.text.push_str(text);
    }

    /// The line of `template` from which a line of the text comes; both are counted from one.
    #[must_use]
    pub fn line_in(&self, template: &str, line: usize) -> usize {
        let offset: usize =
            self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let index = self.pieces.partition_point(|(start, _)| *start <= offset);
        let (start, origin) = index.checked_sub(1).map_or((0, 0), |index| self.pieces[index]);
        // Text is copied as it is; what an action has made all comes from one place.
        let place = (origin + offset - start).min(template.len());
        template.as_bytes()[..place].split(|byte| *byte == b'\n').count()
    }
}

/// Whether there is anything to render in `text`.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Renders `text`; messages call it `origin`.
pub fn render(
    origin: &str,
    text: &str,
    functions: &dyn Functions,
) -> Result<Rendered, BadTemplate> {
    let explain =
        |(reason, place): (Reason, Range<usize>)| BadTemplate::new(origin, text, place, reason);
    let nodes = parse::parse(text, functions).map_err(explain)?;
    eval::render(text, &nodes, functions).map_err(explain)
}

/// `text` in a form that a template gives back as it is.
#[must_use]
pub fn literal(text: &str) -> String {
    text.replace("{{", "{{\"{{\"}}")
}

#[cfg(test)]
mod tests;
