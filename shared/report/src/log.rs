//! The one log of a build.
//!
//! Three levels, two spaces each: title, step, detail; what a tool prints comes
//! below that, verbatim. See [`Log`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::quantity;

/// Whether text is coloured.
///
/// A platform gives a build no terminal, so looking for one would always say
/// no: colour is on unless the user turns it off, and the text reads the same without.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Colour {
    /// With ANSI sequences.
    On,
    /// Plain text.
    Off,
}

/// How much the log tells.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Errors only.
    Error,
    /// Warnings too.
    Warn,
    /// What a user wants to know.
    Info,
    /// Everything: decisions, environment, full commands, layer keys.
    Debug,
}

/// A remark that does not stop the build: shown where it arises and once more at the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// Lower-case clause without a full stop.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Notice {
    /// A remark without advice.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What kind of thing an [`Event`] tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// A version was chosen.
    Choice,
    /// A layer was made or reused.
    Layer,
    /// A command ran.
    Command,
    /// An artifact was got.
    Download,
}

/// One thing a build did, for the machine-readable report: the log in another form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// What kind.
    pub kind: EventKind,
    /// Of what: `Node.js 24.1.0`, `npm ci`.
    pub name: String,
    /// What came of it: `reused`, `made`, `exit code 1`, a host.
    pub outcome: String,
    /// Why.
    pub reasons: Vec<String>,
    /// How much was moved.
    pub bytes: Option<u64>,
    /// From the start of the build.
    pub started: Duration,
    /// How long it took.
    pub took: Duration,
}

/// Writes the log of one buildpack.
///
/// A step says what will happen before it happens, and closes with a past fact
/// if it took long enough to notice. Writing never fails a build: a platform
/// that has closed the pipe has nobody listening.
pub struct Log {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    colour: Colour,
    level: Level,
    started: Instant,
    notices: Vec<Notice>,
    events: Vec<Event>,
    mask: Option<Mask>,
}

/// Hides what must not be shown.
type Mask = Box<dyn Fn(&str) -> String + Send>;

/// A step this short is not worth a closing line.
const NOTICEABLE: Duration = Duration::from_millis(500);

impl Log {
    /// A log to the process's own streams.
    #[must_use]
    pub fn to_streams(level: Level, colour: Colour) -> Self {
        Self::new(Box::new(std::io::stdout()), Box::new(std::io::stderr()), level, colour)
    }

    /// A log to any two streams: normal talk, and warnings and errors.
    #[must_use]
    pub fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        level: Level,
        colour: Colour,
    ) -> Self {
        Self {
            out,
            err,
            colour,
            level,
            started: Instant::now(),
            notices: Vec::new(),
            events: Vec::new(),
            mask: None,
        }
    }

    /// Passes everything that is shown from now on through `mask`, which hides secrets.
    #[must_use]
    pub fn masked(mut self, mask: impl Fn(&str) -> String + Send + 'static) -> Self {
        self.mask = Some(Box::new(mask));
        self
    }

    /// Whether [`Log::debug`] shows anything.
    #[must_use]
    pub fn is_debug(&self) -> bool {
        self.level >= Level::Debug
    }

    /// Colour setting, for what is printed elsewhere in the same look.
    #[must_use]
    pub fn colour(&self) -> Colour {
        self.colour
    }

    /// The first line: name and version of the buildpack.
    pub fn title(&mut self, text: &str) {
        let line = style::title(self.colour, text);
        self.say(Level::Info, &line);
    }

    /// Level 1: what happens now, `Installing Node.js 22.11.0`.
    pub fn step(&mut self, text: &str) {
        self.say(Level::Info, &format!("  {text}"));
    }

    /// Level 2: a fact that belongs to the step.
    pub fn detail(&mut self, text: &str) {
        let line = style::dim(self.colour, text);
        self.say(Level::Info, &format!("    {line}"));
    }

    /// Level 2, several aligned columns; the last one is not padded.
    pub fn table<const N: usize>(&mut self, rows: &[[String; N]]) {
        let mut widths = [0; N];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(line, "{cell:width$}   ");
            }
            self.detail(line.trim_end());
        }
    }

    /// Level 3: one line of what a tool printed, as it is.
    pub fn output(&mut self, line: &str) {
        let line = format!("      {line}");
        self.say(Level::Info, line.trim_end());
    }

    /// Closes a step that took noticeably long: `done in 2.4s`.
    pub fn done(&mut self, since: Instant) {
        let elapsed = since.elapsed();
        if elapsed >= NOTICEABLE {
            self.detail(&format!("done in {}", quantity::duration(elapsed)));
        }
    }

    /// Only shown at `BP_LOG_LEVEL=debug`.
    pub fn debug(&mut self, text: &str) {
        for line in text.lines() {
            let line = style::dim(self.colour, &format!("[debug] {line}"));
            self.say(Level::Debug, &format!("    {line}"));
        }
    }

    /// Shows a warning, and once more at the end of the build.
    pub fn warn(&mut self, notice: Notice) {
        if self.notices.contains(&notice) {
            return;
        }
        self.show(&notice);
        self.notices.push(notice);
    }

    /// The last lines: all warnings again, then the time the build took.
    pub fn finish(&mut self) {
        let notices = std::mem::take(&mut self.notices);
        let elapsed = quantity::duration(self.started.elapsed());
        self.say(Level::Info, &format!("  Done in {elapsed}"));
        // A short build shows them on the same screen anyway, but in a long one
        // they are hundreds of lines above.
        for notice in &notices {
            self.show(notice);
        }
        self.notices = notices;
    }

    /// Remembers something that began at `since` and is over now.
    pub fn event(
        &mut self,
        kind: EventKind,
        name: impl Into<String>,
        outcome: impl Into<String>,
        since: Instant,
    ) -> &mut Event {
        let event = Event {
            kind,
            name: name.into(),
            outcome: outcome.into(),
            reasons: Vec::new(),
            bytes: None,
            started: since.saturating_duration_since(self.started),
            took: since.elapsed(),
        };
        let index = self.events.len();
        self.events.push(event);
        &mut self.events[index]
    }

    /// What happened so far, in the order in which it ended.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Time since the build began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The warnings shown so far.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Writes an error page (see [`crate::Problem::page`]) after all that was said before.
    pub fn page(&mut self, page: &str) {
        let text = format!("\n{page}");
        let _ = self.out.flush();
        let _ = self.err.write_all(self.hidden(&text).as_bytes());
        let _ = self.err.flush();
    }

    fn show(&mut self, notice: &Notice) {
        if self.level < Level::Warn {
            return;
        }
        let mut text = format!("{} {}\n", style::warning(self.colour, "warning:"), notice.text);
        if let Some(hint) = &notice.hint {
            let _ = writeln!(text, "{} {hint}", style::hint(self.colour, "hint:"));
        }
        let text = self.hidden(&text);
        // The platform merges both streams: what was said before comes first.
        let _ = self.out.flush();
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }

    fn say(&mut self, level: Level, line: &str) {
        if level <= self.level {
            let line = self.hidden(line);
            let _ = writeln!(self.out, "{line}");
        }
    }

    fn hidden<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask.as_ref().map_or(Cow::Borrowed(text), |mask| Cow::Owned(mask(text)))
    }
}

/// ANSI styles; each is closed on its own line, so that a prefix put before the
/// next line stays plain.
pub(crate) mod style {
    use super::Colour;

    fn paint(colour: Colour, code: &str, text: &str) -> String {
        match colour {
            Colour::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }

    pub(crate) fn title(colour: Colour, text: &str) -> String {
        paint(colour, "1", text)
    }

    pub(crate) fn dim(colour: Colour, text: &str) -> String {
        paint(colour, "2", text)
    }

    pub(crate) fn warning(colour: Colour, text: &str) -> String {
        paint(colour, "33", text)
    }

    pub(crate) fn error(colour: Colour, text: &str) -> String {
        paint(colour, "1;31", text)
    }

    pub(crate) fn hint(colour: Colour, text: &str) -> String {
        paint(colour, "36", text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use insta::assert_snapshot;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn said(level: Level, colour: Colour, talk: impl FnOnce(&mut Log)) -> String {
        let merged = Shared::default();
        let mut log = Log::new(Box::new(merged.clone()), Box::new(merged.clone()), level, colour);
        talk(&mut log);
        String::from_utf8(merged.0.lock().unwrap().clone()).unwrap()
    }

    fn example(log: &mut Log) {
        log.title("Kouti Node.js 0.1.0");
        log.step("Choosing Node.js");
        log.table(&[
            ["package.json".to_owned(), ">=20".to_owned(), "<- used".to_owned()],
            ["default".to_owned(), "24.x".to_owned(), String::new()],
        ]);
        log.debug("key = 1");
        log.output("added 57 packages  ");
        log.warn(Notice::new("Node.js 20 has ended").hint("use 24"));
        log.warn(Notice::new("Node.js 20 has ended").hint("use 24"));
        log.finish();
    }

    #[test]
    fn levels_are_indented_and_warnings_come_again_at_the_end() {
        assert_snapshot!(said(Level::Info, Colour::Off, example), @r"
        Kouti Node.js 0.1.0
          Choosing Node.js
            package.json   >=20   <- used
            default        24.x
              added 57 packages
        warning: Node.js 20 has ended
        hint: use 24
          Done in 0.0s
        warning: Node.js 20 has ended
        hint: use 24
        ");
    }

    #[test]
    fn errors_only_is_silent_without_errors() {
        assert_eq!(said(Level::Error, Colour::Off, example), "");
    }

    #[test]
    fn debug_lines_are_marked() {
        let text = said(Level::Debug, Colour::Off, |log| log.debug("a\nb"));
        assert_eq!(text, "    [debug] a\n    [debug] b\n");
    }

    #[test]
    fn colours_end_on_their_own_line() {
        let text = said(Level::Info, Colour::On, example);
        for line in text.lines() {
            assert_eq!(line.matches("\x1b[").count() % 2, 0, "{line:?}");
        }
    }
}
