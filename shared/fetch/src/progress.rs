//! What a transfer says while it runs.
//!
//! Transfers run in threads, but there is one log: lines go through a channel,
//! and the log shows those of one artifact after those of another.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use kouti_report::{EventKind, Log, Notice, bytes};

/// A line for the log.
pub(crate) enum Line {
    Detail(String),
    Debug(String),
    Warn(Notice),
    /// An artifact is there: title, where it was, size, since when.
    Got(String, String, u64, Instant),
}

impl Line {
    /// `prefix` tells the artifacts of one step apart.
    pub(crate) fn write(self, log: &mut Log, prefix: &str) {
        match self {
            Self::Detail(text) => log.detail(&format!("{prefix}{text}")),
            Self::Debug(text) => log.debug(&format!("{prefix}{text}")),
            Self::Warn(notice) => log.warn(notice),
            Self::Got(title, origin, size, since) => {
                log.event(EventKind::Download, title, origin, since).bytes = Some(size);
            }
        }
    }
}

/// Where the lines of one artifact go.
#[derive(Clone)]
pub(crate) struct Teller(Sender<Line>);

impl Teller {
    /// The teller, and the lines that end when all its clones are gone.
    pub(crate) fn pair() -> (Self, Receiver<Line>) {
        let (sender, lines) = channel();
        (Self(sender), lines)
    }

    pub(crate) fn detail(&self, text: String) {
        self.tell(Line::Detail(text));
    }

    pub(crate) fn debug(&self, text: String) {
        self.tell(Line::Debug(text));
    }

    pub(crate) fn warn(&self, notice: Notice) {
        self.tell(Line::Warn(notice));
    }

    pub(crate) fn got(&self, title: String, origin: String, size: u64, since: Instant) {
        self.tell(Line::Got(title, origin, size, since));
    }

    fn tell(&self, line: Line) {
        // Nobody listens once the build has failed elsewhere.
        let _ = self.0.send(line);
    }
}

/// One line now and then for a transfer that takes long.
pub(crate) struct Progress {
    teller: Teller,
    every: Duration,
    last: Instant,
    last_received: u64,
}

impl Progress {
    pub(crate) fn new(teller: Teller, every: Duration) -> Self {
        Self { teller, every, last: Instant::now(), last_received: 0 }
    }

    /// `14.5 MB of 29.1 MB (50 %), 1.4 MB/s`.
    pub(crate) fn received(&mut self, received: u64, expected: Option<u64>) {
        let elapsed = self.last.elapsed();
        if elapsed < self.every {
            return;
        }
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = bytes(received.saturating_sub(self.last_received).saturating_mul(1000) / millis);
        let so_far = bytes(received);
        self.teller.detail(match expected.filter(|all| *all > 0) {
            Some(all) => {
                let percent = received.saturating_mul(100) / all;
                format!("{so_far} of {} ({percent} %), {rate}/s", bytes(all))
            }
            None => format!("{so_far}, {rate}/s"),
        });
        self.last = Instant::now();
        self.last_received = received;
    }
}
