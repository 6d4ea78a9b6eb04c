//! The format: one `type: command` in each line.

use std::ops::Range;

use kouti::{Explain, Fault, Notice, Span};

/// What a Procfile says, in the order of its lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Procfile {
    pub(crate) entries: Vec<Entry>,
    /// What is strange about it, but can be read.
    pub(crate) notices: Vec<Notice>,
}

/// A process type and the command that starts it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    pub(crate) command: String,
}

impl Procfile {
    /// Reads `text`; messages call it `origin`.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self, BadProcfile> {
        // Editors on Windows put a byte order mark there.
        let text = text.trim_start_matches('\u{feff}');
        let mut procfile = Self::default();
        let mut line_start = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let content = line.trim();
            let indent = line.len() - line.trim_start().len();
            if !content.is_empty() && !content.starts_with('#') {
                let entry = parse_line(content).map_err(|(reason, place)| {
                    let start = line_start + indent;
                    let span = Span { bytes: start + place.start..start + place.end };
                    let (origin, text) = (origin.to_owned(), text.to_owned());
                    BadProcfile { reason, origin, text, span }
                })?;
                procfile.remark(origin, index + 1, indent > 0, &entry);
                procfile.put(entry);
            }
            line_start += line.len();
        }
        Ok(procfile)
    }

    /// Adds a process type, or replaces its command.
    pub(crate) fn put(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|known| known.kind == entry.kind) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.entries.iter().any(|entry| entry.kind == kind)
    }

    fn remark(&mut self, origin: &str, number: usize, is_indented: bool, entry: &Entry) {
        let Entry { kind, command } = entry;
        let mut remark = |text: String, hint: &str| {
            self.notices.push(Notice::new(text).hint(hint));
        };
        if is_indented {
            remark(
                format!("line {number} of {origin} starts with blanks"),
                "remove them: other platforms may not read such a line",
            );
        }
        if kind.contains(|c: char| c == '_' || c.is_ascii_uppercase()) {
            let elsewhere = kind.replace('_', "-").to_ascii_lowercase();
            remark(
                format!("the process type `{kind}` is called `{elsewhere}` on other platforms"),
                "use lower-case letters, digits and `-` only, to be the same everywhere",
            );
        }
        if command.ends_with('\\') {
            remark(
                format!("line {number} of {origin} ends with a backslash"),
                "write the command in one line, or put it into a script: lines are not joined",
            );
        }
        if self.has(kind) {
            self.notices.push(
                Notice::new(format!("{origin} has more than one line for `{kind}`"))
                    .hint("remove the others: the last one counts"),
            );
        }
    }
}

/// Reads a line without blanks around it; an error tells where in the line it is.
fn parse_line(line: &str) -> Result<Entry, (Reason, Range<usize>)> {
    // Detect has put this character where the file was no text.
    if let Some((place, found)) = line.match_indices(char::REPLACEMENT_CHARACTER).next() {
        return Err((Reason::NoText, place..place + found.len()));
    }
    let Some((kind, command)) = line.split_once(':') else {
        return Err((Reason::NoColon, 0..line.len()));
    };
    if kind.is_empty() {
        return Err((Reason::NoType, 0..1));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if let Some((place, bad)) = kind.char_indices().find(|(_, c)| !is_allowed(*c)) {
        return Err((Reason::BadType, place..place + bad.len_utf8()));
    }
    let command = command.trim();
    if command.is_empty() {
        return Err((Reason::NoCommand(kind.to_owned()), kind.len()..line.len()));
    }
    Ok(Entry { kind: kind.to_owned(), command: command.to_owned() })
}

/// A line that is no `type: command`.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.summary())]
pub(crate) struct BadProcfile {
    reason: Reason,
    origin: String,
    text: String,
    span: Span,
}

#[derive(Debug)]
enum Reason {
    NoText,
    NoColon,
    NoType,
    BadType,
    NoCommand(String),
}

impl BadProcfile {
    fn summary(&self) -> String {
        let origin = &self.origin;
        match &self.reason {
            Reason::NoText => format!("{origin} is not UTF-8"),
            Reason::NoColon => format!("a line of {origin} has no colon"),
            Reason::NoType => format!("a line of {origin} names no process type"),
            Reason::BadType => {
                format!("a process type in {origin} has a character that is not allowed")
            }
            Reason::NoCommand(kind) => format!("`{kind}` in {origin} has no command"),
        }
    }
}

impl Explain for BadProcfile {
    fn id(&self) -> &'static str {
        "bad-procfile"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self.reason {
            Reason::NoText => "save it as UTF-8",
            _ => "write `type: command` in each line; a comment starts with `#`",
        };
        vec![hint.to_owned()]
    }

    fn excerpt(&self) -> Option<String> {
        let label = match self.reason {
            Reason::NoText => "this is no text",
            Reason::NoColon => "expected `type: command`",
            Reason::NoType => "expected a process type before the colon",
            Reason::BadType => "expected letters, digits, `-` or `_`",
            Reason::NoCommand(_) => "expected a command after the colon",
        };
        Some(kouti::excerpt(&self.origin, &self.text, &self.span, label))
    }
}

#[cfg(test)]
mod tests {
    use kouti::{Colour, Problem};
    use proptest::prelude::*;

    use super::*;

    fn entries(text: &str) -> Vec<(String, String)> {
        let procfile = Procfile::parse("Procfile", text).unwrap();
        procfile.entries.into_iter().map(|entry| (entry.kind, entry.command)).collect()
    }

    proptest! {
        #[test]
        fn every_text_is_a_procfile_or_an_error_with_its_place(
            text in prop_oneof![any::<String>(), "([a-zA-Z_: #\\\\\t\r\n\u{feff}\u{fffd}é-]|\\PC){0,60}"]
        ) {
            if let Err(error) = Procfile::parse("Procfile", &text) {
                let place = error.span.bytes.clone();
                prop_assert!(error.text.get(place).is_some(), "{:?} in {:?}", error.span, error.text);
                let page = Problem::from(error).page("", Colour::Off);
                prop_assert!(page.contains(" --> Procfile:"), "{}", page);
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            lines in proptest::collection::btree_map("[A-Za-z0-9_-]{1,12}", "[!-9;-~][ -~]{0,20}[!-~]", 0..6),
            end in prop_oneof!["\n", "\r\n", " \t\n\n", "\n# web: no\n"],
        ) {
            let text: Vec<_> = lines.iter().map(|(kind, command)| format!("{kind}: {command}{end}")).collect();
            let expected: Vec<_> = lines.into_iter().collect();
            prop_assert_eq!(entries(&format!("\u{feff}{}", text.concat())), expected);
        }
    }
}
