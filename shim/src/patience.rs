//! The platform ends a staging after a quarter of an hour, without a word about what took so long.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use kouti_report::{Log, Notice, duration};

/// The platform's usual limit, less what it needs for a word.
const WARNING: Duration = Duration::from_mins(12);

/// Runs `act`, and says so if the platform is about to lose patience with it.
pub(crate) fn watch<T>(
    log: &mut Log,
    already: Option<Duration>,
    what: &str,
    act: impl FnOnce() -> T,
) -> T {
    let Some(left) = WARNING.checked_sub(already.unwrap_or_default()) else {
        log.warn(late(what, already.unwrap_or_default()));
        return act();
    };
    let (done, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if ended.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout) {
                log.warn(late(what, WARNING));
            }
        });
        let result = act();
        // Nobody waits for it any more if it has spoken.
        let _ = done.send(());
        result
    })
}

fn late(what: &str, elapsed: Duration) -> Notice {
    Notice::new(format!(
        "{what} after {} of staging; many platforms stop at 15m",
        duration(elapsed)
    ))
    .hint("ask the operator for more time, or build before the push")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use kouti_report::{Colour, Level};

    use super::*;

    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn said(already: Duration) -> String {
        let shown = Shown::default();
        let mut log =
            Log::new(Box::new(io::sink()), Box::new(shown.clone()), Level::Info, Colour::Off);
        assert_eq!(watch(&mut log, Some(already), "still building", || 7), 7);
        let bytes = shown.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_a_staging_that_is_late_is_told_so() {
        assert_eq!(said(Duration::from_secs(3)), "");
        insta::assert_snapshot!(said(Duration::from_mins(13)), @"
        warning: still building after 13m 00s of staging; many platforms stop at 15m
        hint: ask the operator for more time, or build before the push
        ");
    }
}
