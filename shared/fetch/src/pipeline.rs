//! Threads that hand each other chunks of a stream, so that network, hashing,
//! decompression and writing overlap.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Large enough that handing it over costs nothing beside filling it.
pub(crate) const CHUNK: usize = 256 * 1024;

/// How many chunks may wait: bounds the memory, evens out bursts.
const DEPTH: usize = 8;

/// What goes from one thread to the next. An error ends the stream; no further
/// message and no error is its regular end.
type Message = io::Result<Vec<u8>>;

/// The writing end.
pub(crate) type Sender = SyncSender<Message>;

/// The reading end: the stream as it was.
pub(crate) struct Chunks {
    receiver: Receiver<Message>,
    chunk: Vec<u8>,
    position: usize,
}

/// Both ends of a bounded stream.
pub(crate) fn channel() -> (Sender, Chunks) {
    let (sender, receiver) = sync_channel(DEPTH);
    (sender, Chunks { receiver, chunk: Vec::new(), position: 0 })
}

/// Runs a reader (a decoder, as a rule) in its own thread.
///
/// The thread ends with the stream, or as soon as nobody reads what it sends.
pub(crate) fn stage<'scope>(
    scope: &'scope Scope<'scope, '_>,
    mut reader: impl Read + Send + 'scope,
) -> Chunks {
    let (sender, chunks) = channel();
    scope.spawn(move || {
        loop {
            let (chunk, result) = fill(|rest| reader.read(rest));
            let last = chunk.len() < CHUNK;
            // Without a reader nobody needs to know more.
            if !chunk.is_empty() && sender.send(Ok(chunk)).is_err() {
                return;
            }
            if let Err(error) = result {
                let _ = sender.send(Err(error));
                return;
            }
            if last {
                return;
            }
        }
    });
    chunks
}

/// Reads until a chunk is full, the stream ends or breaks.
pub(crate) fn fill<E>(
    mut read: impl FnMut(&mut [u8]) -> Result<usize, E>,
) -> (Vec<u8>, Result<(), E>) {
    let mut chunk = vec![0; CHUNK];
    let mut filled = 0;
    let result = loop {
        match read(&mut chunk[filled..]) {
            Ok(0) => break Ok(()),
            Ok(count) => filled += count,
            Err(error) => break Err(error),
        }
    };
    chunk.truncate(filled);
    (chunk, result)
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.chunk.len() {
            self.chunk = self.receiver.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            self.position = 0;
        }
        Ok(&self.chunk[self.position..])
    }

    fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.chunk.len());
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}
