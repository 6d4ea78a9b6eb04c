//! A web server on loopback that can misbehave.
//!
//! Serves files by path, with ranges and validators as a good server does, and makes the
//! faults that are asked for, one for each request. Everything it was asked is in a journal.
//!
//! ```
//! use kouti_testing::upstream::{Fault, Upstream};
//!
//! let upstream = Upstream::start();
//! upstream.serve("/node.tar.gz", "bytes");
//! // First a 503, then half of it, then all.
//! upstream.fault("/node.tar.gz", [Fault::Status(503), Fault::TruncateAt(2)]);
//! let address = upstream.url("/node.tar.gz");
//! // … fetch it …
//! assert!(upstream.requests().iter().all(|request| request.path == "/node.tar.gz"));
//! # drop(address);
//! ```
//!
//! Waiting is done by the peer's end of the connection, never by the clock: [`Fault::StallAt`]
//! lasts until the client goes away.
#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking, here like anywhere")]

mod answer;
mod connection;
mod proxy;
#[cfg(feature = "tls")]
mod tls;

use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use connection::Request;
pub use proxy::Proxy;
#[cfg(feature = "tls")]
pub use tls::{Authority, Identity};

/// One thing that goes wrong with one answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing: the answer in its place is right.
    None,
    /// An error status with a short body.
    Status(u16),
    /// A status with a `Retry-After` header.
    RetryAfter(u16, String),
    /// The right head, so many bytes of the body, then a regular end of the connection.
    TruncateAt(usize),
    /// The right head, so many bytes of the body, then a TCP reset.
    ResetAt(usize),
    /// The right head, so many bytes of the body, then nothing until the client goes away.
    StallAt(usize),
    /// Not even a head, until the client goes away.
    Silence,
    /// The right bytes, in segments of so many.
    Trickle(usize),
    /// The whole file, whatever part was asked for.
    IgnoreRange,
    /// A part, but not the one that was asked for.
    WrongPart,
    /// From now on the path has this content.
    Replace(Vec<u8>),
    /// This content with status 200, this time: what a captive portal does.
    Instead(&'static str, Vec<u8>),
    /// A redirect with this `Location`.
    Redirect(String),
    /// These bytes instead of HTTP.
    Raw(Vec<u8>),
}

/// What is served at a path.
#[derive(Clone, Debug)]
pub struct Page {
    pub(crate) content: Vec<u8>,
    pub(crate) validators: bool,
    pub(crate) ranges: bool,
    pub(crate) length: bool,
    pub(crate) authorization: Option<String>,
    pub(crate) rate: Option<u32>,
}

impl<B: Into<Vec<u8>>> From<B> for Page {
    fn from(content: B) -> Self {
        Self {
            content: content.into(),
            validators: true,
            ranges: true,
            length: true,
            authorization: None,
            rate: None,
        }
    }
}

impl Page {
    /// A page that says nothing about its identity and cannot be continued.
    #[must_use]
    pub fn simple(content: impl Into<Vec<u8>>) -> Self {
        Self { validators: false, ranges: false, ..Self::from(content) }
    }

    /// Leaves out `ETag` and `Last-Modified`.
    #[must_use]
    pub fn without_validators(self) -> Self {
        Self { validators: false, ..self }
    }

    /// Leaves out the length: the end of the connection is the end of the file.
    #[must_use]
    pub fn without_length(self) -> Self {
        Self { length: false, ..self }
    }

    /// Sends so many bytes in a second: for benchmarks only, no test waits by the clock.
    #[must_use]
    pub fn at_rate(self, bytes_per_second: u32) -> Self {
        Self { rate: Some(bytes_per_second), ..self }
    }

    /// Asks for exactly this `Authorization` header; 401 without, 403 with another one.
    #[must_use]
    pub fn authorized_by(self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self }
    }
}

/// A server that runs until it is dropped.
pub struct Upstream {
    server: Server,
    site: Arc<Site>,
    scheme: &'static str,
}

/// What is served, what goes wrong, what was asked.
#[derive(Default)]
pub(crate) struct Site {
    pages: Mutex<BTreeMap<String, Page>>,
    faults: Mutex<BTreeMap<String, VecDeque<Fault>>>,
    always: Mutex<BTreeMap<String, Fault>>,
    journal: Mutex<Vec<Request>>,
}

impl Upstream {
    /// Starts a plain HTTP server on a free port.
    #[must_use]
    pub fn start() -> Self {
        let site = Arc::new(Site::default());
        let answering = Arc::clone(&site);
        let server = Server::start(move |stream| connection::serve(stream, &answering));
        Self { server, site, scheme: "http" }
    }

    /// Starts an HTTPS server that shows `identity`.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(identity: &Identity) -> Self {
        let site = Arc::new(Site::default());
        let answering = Arc::clone(&site);
        let config = identity.config();
        let server = Server::start(move |stream| {
            // A client that refuses the certificate leaves in the handshake.
            if let Ok(stream) = tls::accept(stream, &config) {
                connection::serve(stream, &answering);
            }
        });
        Self { server, site, scheme: "https" }
    }

    /// Serves a page; bytes are a page.
    pub fn serve(&self, path: &str, page: impl Into<Page>) {
        lock(&self.site.pages).insert(path.to_owned(), page.into());
    }

    /// Makes the next requests of a path go wrong, one fault each; after them all is well.
    pub fn fault(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.site.faults).entry(path.to_owned()).or_default().extend(faults);
    }

    /// Makes each request of a path go wrong.
    pub fn always(&self, path: &str, fault: Fault) {
        lock(&self.site.always).insert(path.to_owned(), fault);
    }

    /// Address of a path, by IP address.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.server.address)
    }

    /// Address of a path by another name of this machine, such as `localhost`.
    #[must_use]
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.server.address.port())
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.site.journal).clone()
    }

    /// A port on which nobody listens.
    #[must_use]
    pub fn nobody() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.local_addr().expect("a listener has an address")
    }
}

impl Site {
    /// Notes a request and gives what goes wrong with it.
    pub(crate) fn arrived(&self, request: &Request) -> Fault {
        lock(&self.journal).push(request.clone());
        if let Some(fault) = lock(&self.faults).get_mut(&request.path).and_then(VecDeque::pop_front)
        {
            return fault;
        }
        lock(&self.always).get(&request.path).cloned().unwrap_or(Fault::None)
    }

    pub(crate) fn page(&self, path: &str) -> Option<Page> {
        lock(&self.pages).get(path).cloned()
    }

    pub(crate) fn replace(&self, path: &str, content: Vec<u8>) {
        if let Some(page) = lock(&self.pages).get_mut(path) {
            page.content = content;
        }
    }
}

/// Accepts connections, each in a thread of its own, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let serve = Arc::new(serve);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if closed.load(Ordering::Relaxed) {
                    return;
                }
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { address, closing, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        // Wakes the thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
