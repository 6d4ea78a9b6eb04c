//! What is wrong with a template.

use std::ops::Range;

use kouti::{Explain, Fault, Span, excerpt};

/// A template that cannot be rendered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{origin}:{line}:{column}: {}", reason.summary())]
pub struct BadTemplate {
    /// The file, as messages call it.
    pub origin: String,
    /// Counted from one.
    pub line: usize,
    /// Counted from one.
    pub column: usize,
    /// What is wrong there.
    pub reason: Reason,
    text: String,
    span: Span,
}

/// What can be wrong at one place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The brackets or blocks do not match.
    Syntax(String),
    /// Go has it, we have not.
    Unsupported(String),
    /// No such function or variable.
    Unknown {
        /// As it stands there.
        word: String,
        /// What was probably meant, as it should be written.
        meant: Option<String>,
        /// What there is.
        known: Vec<String>,
    },
    /// A function that takes other arguments.
    Arguments {
        /// How it is called.
        signature: String,
    },
    /// A function that has no value to give.
    Value {
        /// Lower-case clause.
        reason: String,
        /// What to do.
        hint: String,
    },
}

impl Reason {
    fn summary(&self) -> String {
        match self {
            Self::Syntax(what) | Self::Value { reason: what, .. } => what.clone(),
            Self::Unsupported(what) => format!("{what} is not supported in templates"),
            Self::Unknown { word, .. } => format!("there is no `{word}` in templates"),
            Self::Arguments { signature } => {
                let name = signature.split(' ').next().unwrap_or_default();
                format!("`{name}` is called with other arguments than it takes")
            }
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Syntax(_) | Self::Unsupported(_) => "here",
            Self::Unknown { .. } => "unknown",
            Self::Arguments { .. } => "this call",
            Self::Value { .. } => "no value",
        }
    }
}

impl BadTemplate {
    pub(super) fn new(origin: &str, text: &str, place: Range<usize>, reason: Reason) -> Self {
        let span = Span { bytes: place };
        let (line, column) = span.line_and_column(text);
        Self { origin: origin.to_owned(), line, column, reason, text: text.to_owned(), span }
    }
}

impl Explain for BadTemplate {
    fn id(&self) -> &'static str {
        match self.reason {
            Reason::Syntax(_) => "bad-template",
            Reason::Unsupported(_) => "unsupported-template",
            Reason::Unknown { .. } => "unknown-template-function",
            Reason::Arguments { .. } => "bad-template-arguments",
            Reason::Value { .. } => "no-template-value",
        }
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        Some(excerpt(&self.origin, &self.text, &self.span, self.reason.label()))
    }

    fn hints(&self) -> Vec<String> {
        let literal = || "write `{{\"{{\"}}` where two opening braces are meant to stay".to_owned();
        match &self.reason {
            Reason::Syntax(_) | Reason::Unsupported(_) => vec![literal()],
            Reason::Unknown { meant, known, .. } => {
                let mut hints: Vec<_> =
                    meant.iter().map(|meant| format!("did you mean `{{{{{meant}}}}}`?")).collect();
                hints.push(format!("there are: {}", known.join(", ")));
                hints.extend(meant.is_none().then(literal));
                hints
            }
            Reason::Arguments { signature } => vec![format!("write `{{{{{signature}}}}}`")],
            Reason::Value { hint, .. } => vec![hint.clone()],
        }
    }
}
