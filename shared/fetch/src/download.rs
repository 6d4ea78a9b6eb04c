//! One file from one address, in as many requests as it takes.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use kouti_report::{SafeUrl, duration};
use url::Url;

use crate::credentials::Credential;
use crate::http::{Answer, Failure, Http, Request};
use crate::options::Limits;
use crate::progress::{Progress, Teller};

/// Reads a file and hides broken connections from the reader, as long as
/// there are attempts left and the server continues where it stopped.
pub(crate) struct Download<'a> {
    http: &'a Http,
    limits: &'a Limits,
    url: &'a Url,
    credential: Option<&'a Credential>,
    teller: Teller,
    progress: Progress,
    /// Past all caches on the way.
    fresh: bool,
    /// Of this address, restarts included.
    failures: Vec<Failure>,
    answer: Option<Answer>,
    validator: Option<String>,
    expected: Option<u64>,
    received: u64,
    piece: Vec<u8>,
    position: usize,
}

/// Why a read did not bring bytes.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nothing more can be done at this address.
    GivenUp(Vec<Failure>),
    /// The server does not continue where it stopped: what was read so far is void.
    /// The next read is that of the first byte.
    StartOver,
}

impl<'a> Download<'a> {
    pub(crate) fn new(
        http: &'a Http,
        limits: &'a Limits,
        url: &'a Url,
        credential: Option<&'a Credential>,
        teller: &Teller,
    ) -> Self {
        Self {
            http,
            limits,
            url,
            credential,
            teller: teller.clone(),
            progress: Progress::new(teller.clone(), limits.progress),
            fresh: false,
            failures: Vec::new(),
            answer: None,
            validator: None,
            expected: None,
            received: 0,
            piece: Vec::new(),
            position: 0,
        }
    }

    /// Makes the next read that of the first byte, past all caches on the way.
    pub(crate) fn start_fresh(&mut self) {
        self.fresh = true;
        self.failures.clear();
        self.rewind(None);
    }

    /// Size of all of it, as far as the server has told.
    pub(crate) fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// Like [`std::io::Read::read`].
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        while self.position == self.piece.len() {
            if self.answer.is_none() {
                match self.ask() {
                    Ok(Some(answer)) => self.answer = Some(answer),
                    Ok(None) => return Err(Trouble::StartOver),
                    Err(failure) => self.recover(failure)?,
                }
                continue;
            }
            match self.next_piece() {
                Ok(piece) if piece.is_empty() => return Ok(0),
                Ok(piece) => {
                    self.received += piece.len() as u64;
                    self.progress.received(self.received, self.expected);
                    (self.piece, self.position) = (piece, 0);
                }
                Err(failure) => self.recover(failure)?,
            }
        }
        let count = buffer.len().min(self.piece.len() - self.position);
        buffer[..count].copy_from_slice(&self.piece[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }

    /// Sends a request. `None`: it did not continue, and the download has been rewound.
    fn ask(&mut self) -> Result<Option<Answer>, Failure> {
        let resume = self.validator.as_deref().map(|validator| (self.received, validator));
        let resume = resume.filter(|(received, _)| *received > 0);
        let from =
            if resume.is_some() { format!(" from byte {}", self.received) } else { String::new() };
        self.teller.debug(format!("GET {}{from}", SafeUrl::from(self.url.clone())));
        let request =
            Request { url: self.url, credential: self.credential, resume, fresh: self.fresh };
        let answer = match self.http.get(&request) {
            // What is there now is shorter than what came already.
            Err(Failure::Status { status, .. }) if status == 416 && resume.is_some() => {
                self.rewind(None);
                return Ok(None);
            }
            other => other?,
        };
        if self.received == 0 {
            self.begin(&answer);
            return Ok(Some(answer));
        }
        // Some servers ignore the condition and send a part of what is there now.
        let unchanged = answer.validator().is_none() || answer.validator() == self.validator;
        if answer.continues_at(self.received) && unchanged {
            return Ok(Some(answer));
        }
        self.teller.debug("the server does not continue: starting over".to_owned());
        self.rewind(answer.is_whole().then_some(answer));
        Ok(None)
    }

    fn begin(&mut self, answer: &Answer) {
        self.expected = answer.length();
        self.validator = answer.validator();
    }

    fn rewind(&mut self, answer: Option<Answer>) {
        self.received = 0;
        (self.piece, self.position) = (Vec::new(), 0);
        if let Some(answer) = &answer {
            self.begin(answer);
        }
        self.answer = answer;
    }

    fn next_piece(&mut self) -> Result<Vec<u8>, Failure> {
        let (received, expected) = (self.received, self.expected);
        let Some(answer) = &mut self.answer else {
            return Ok(Vec::new());
        };
        match self.http.piece(answer) {
            Err(Failure::Broken(_)) => Err(Failure::Cut { received, expected }),
            Ok(piece) if piece.is_empty() && expected.is_some_and(|all| received < all) => {
                Err(Failure::Cut { received, expected })
            }
            other => other,
        }
    }

    /// Waits before the next attempt, if there is one.
    fn recover(&mut self, failure: Failure) -> Result<(), Trouble> {
        self.answer = None;
        let requested = match &failure {
            Failure::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let text = failure.to_string();
        let may_pass = failure.may_pass();
        self.failures.push(failure);
        let attempts = self.limits.attempts.max(1) as usize;
        if !may_pass || self.failures.len() >= attempts {
            return Err(Trouble::GivenUp(std::mem::take(&mut self.failures)));
        }
        let pause = pause(self.limits, self.failures.len(), requested);
        self.teller.detail(format!(
            "{text}; attempt {} of {attempts} in {}",
            self.failures.len() + 1,
            duration(pause)
        ));
        std::thread::sleep(pause);
        if self.received > 0 && self.validator.is_none() {
            self.rewind(None);
            return Err(Trouble::StartOver);
        }
        Ok(())
    }
}

/// How long to wait after the last of so many failures.
fn pause(limits: &Limits, failures: usize, requested: Option<Duration>) -> Duration {
    if let Some(requested) = requested {
        return requested.min(limits.longest_requested_pause);
    }
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let pause = limits.first_pause.saturating_mul(1 << doublings).min(limits.longest_pause);
    // Up to a fifth more, so that builds which failed together do not come back together.
    let thousandths = u32::try_from(RandomState::new().hash_one(failures) % 200).unwrap_or(0);
    pause + pause / 1000 * thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let limits = Limits::default();
        let millis = |failures, requested: Option<u64>| {
            pause(&limits, failures, requested.map(Duration::from_secs)).as_millis()
        };
        for (failures, at_least) in
            [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (40, 8000)]
        {
            let found = millis(failures, None);
            assert!((at_least..=at_least * 12 / 10).contains(&found), "{failures}: {found}");
        }
        assert_eq!(millis(1, Some(3)), 3_000);
        assert_eq!(millis(4, Some(3600)), 60_000);
        assert_eq!(millis(4, Some(0)), 0);
    }
}
