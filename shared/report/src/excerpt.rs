//! The user's own text with a caret below the place in question.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Where in a text something is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Span {
    /// Byte offsets into the text.
    pub bytes: Range<usize>,
}

impl Span {
    /// The place that parsers give as line and column, both counted from one,
    /// the column in bytes (as `serde_json` does) or characters.
    #[must_use]
    pub fn at(text: &str, line: usize, column: usize) -> Self {
        let start: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let length = text[start..].lines().next().map_or(0, str::len);
        let mut offset = (start + column.saturating_sub(1)).min(start + length);
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        Self { bytes: offset..offset + text[offset..].chars().next().map_or(0, char::len_utf8) }
    }

    /// Line and column of the start, both counted from one.
    #[must_use]
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let before = &text[..self.bytes.start.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// Renders the lines around `span` with a caret and `label` below it.
///
/// `path` is shown as the origin and should be relative to the app. Always plain
/// text: it is part of the page, and colours would have to survive log prefixes.
#[must_use]
pub fn excerpt(path: &str, text: &str, span: &Span, label: &str) -> String {
    let snippet = Snippet::source(text)
        .path(path)
        .annotation(AnnotationKind::Primary.span(span.bytes.clone()).label(label));
    // No title: that line is the caller's summary.
    Renderer::plain().render(&[Group::with_level(Level::ERROR).element(snippet)])
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_caret_points_at_the_place() {
        let text = "{\n  \"name\": \"app\",\n  \"version\" 1\n}\n";
        let span = Span::at(text, 3, 13);
        assert_snapshot!(excerpt("package.json", text, &span, "expected `:`"), @r#"
         --> package.json:3:13
          |
        3 |   "version" 1
          |             ^ expected `:`
        "#);
    }

    #[test]
    fn places_outside_the_text_are_moved_inside() {
        let text = "ä\nb";
        for (line, column) in [(1, 2), (1, 99), (2, 99), (9, 9), (0, 0)] {
            let span = Span::at(text, line, column);
            assert!(span.bytes.end <= text.len(), "{line}:{column} gave {span:?}");
            assert!(text.is_char_boundary(span.bytes.start), "{line}:{column} gave {span:?}");
            assert!(excerpt("file", text, &span, "here").contains("here"));
        }
    }

    #[test]
    fn a_span_knows_its_line() {
        let text = "one\ntwo\nthree";
        assert_eq!(Span { bytes: 9..10 }.line_and_column(text), (3, 2));
        assert_eq!(Span { bytes: 0..1 }.line_and_column(text), (1, 1));
    }
}
