//! Threads that hand each other chunks of a stream, so that network, hashing,
//! decompression and writing overlap.

use std::io::{self, BufRead, Read};
use std::ops::Deref;
use std::sync::mpsc;
use std::thread::Scope;

/// Large enough that handing it over costs nothing beside filling it.
pub(crate) const CHUNK: usize = 256 * 1024;

/// How many chunks may wait: bounds the memory, evens out bursts.
const DEPTH: usize = 8;

/// A part of a stream.
#[derive(Default)]
pub(crate) struct Chunk {
    bytes: Box<[u8]>,
    filled: usize,
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

/// The writing end. An error ends the stream; the end of this value is its regular end.
pub(crate) struct Sender {
    chunks: mpsc::SyncSender<io::Result<Chunk>>,
    used: mpsc::Receiver<Chunk>,
}

/// The reading end: the stream as it was.
pub(crate) struct Chunks {
    arriving: mpsc::Receiver<io::Result<Chunk>>,
    used: mpsc::Sender<Chunk>,
    chunk: Chunk,
    position: usize,
}

/// Both ends of a bounded stream.
pub(crate) fn channel() -> (Sender, Chunks) {
    let (to, from) = mpsc::sync_channel(DEPTH);
    let (give_back, used) = mpsc::channel();
    let reading = Chunks { arriving: from, used: give_back, chunk: Chunk::default(), position: 0 };
    (Sender { chunks: to, used }, reading)
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
            let mut chunk = sender.empty();
            let result = chunk.fill(|rest| reader.read(rest));
            let last = chunk.len() < CHUNK;
            // Without a reader nobody needs to know more.
            if !chunk.is_empty() && !sender.send(Ok(chunk)) {
                return;
            }
            if let Err(error) = result {
                sender.send(Err(error));
                return;
            }
            if last {
                return;
            }
        }
    });
    chunks
}

impl Chunk {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; CHUNK].into(), filled: 0 }
    }

    /// Reads until the chunk is full, the stream ends or breaks.
    pub(crate) fn fill<E>(
        &mut self,
        mut read: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        self.filled = 0;
        while self.filled < self.bytes.len() {
            match read(&mut self.bytes[self.filled..])? {
                0 => return Ok(()),
                count => self.filled += count,
            }
        }
        Ok(())
    }
}

impl Sender {
    /// A chunk to fill: one that the reader is through with, or a new one.
    pub(crate) fn empty(&self) -> Chunk {
        self.used.try_recv().unwrap_or_else(|_| Chunk::new())
    }

    /// Whether somebody still reads.
    pub(crate) fn send(&self, chunk: io::Result<Chunk>) -> bool {
        self.chunks.send(chunk).is_ok()
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.chunk.len() {
            let next = self.arriving.recv().unwrap_or_else(|_| Ok(Chunk::default()))?;
            let used = std::mem::replace(&mut self.chunk, next);
            if !used.bytes.is_empty() {
                // The sender may be gone already.
                let _ = self.used.send(used);
            }
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
