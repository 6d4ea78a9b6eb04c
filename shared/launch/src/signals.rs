//! Signals as values that can be waited for.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// What is passed on: everything somebody may send on purpose. Not `PIPE`, `URG` and those of
/// job control, which are about this process itself.
const FORWARDED: [Signal; 13] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::ABORT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::TERM,
    Signal::CONT,
    Signal::VTALARM,
    Signal::PROF,
    Signal::WINCH,
    Signal::POWER,
];

/// The signals that have arrived. From its creation on none is lost.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
}

impl Signals {
    /// From now on signals are kept, and none of them ends this process.
    pub fn new() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let wanted = FORWARDED.iter().chain([&Signal::CHILD]).map(|signal| signal.as_raw());
        Ok(Self { delivery: SignalDelivery::with_pipe(read, write, SignalOnly, wanted)? })
    }

    /// Sleeps until a signal arrives or a child ends, or until the time is over.
    pub fn wait(&mut self, at_most: Option<Duration>) {
        let mut pipe = self.delivery.get_read();
        // The bytes mean nothing; an error, such as the end of the time, only ends the sleep.
        let _ = pipe.set_read_timeout(at_most.filter(|time| !time.is_zero()));
        let _ = pipe.read(&mut [0; 64]);
    }

    /// What has arrived since the last call and is to be passed on.
    pub fn pending(&mut self) -> Vec<Signal> {
        self.delivery
            .pending()
            .filter_map(Signal::from_named_raw)
            .filter(|signal| *signal != Signal::CHILD)
            .collect()
    }
}
