//! An HTTP proxy that leads every host to one upstream.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use super::connection::read_request;
use super::{Request, Server, Upstream, lock};

/// A proxy on loopback: names that do not exist work through it.
pub struct Proxy {
    server: Server,
    journal: Arc<Mutex<Vec<Request>>>,
}

impl Proxy {
    /// Starts a proxy that answers requests for any host from `upstream`.
    #[must_use]
    pub fn start(upstream: &Upstream) -> Self {
        Self::with_header(upstream, None)
    }

    /// The same, for clients that send this `Proxy-Authorization` only.
    #[must_use]
    pub fn authorized_by(upstream: &Upstream, authorization: &str) -> Self {
        Self::with_header(upstream, Some(authorization.to_owned()))
    }

    fn with_header(upstream: &Upstream, authorization: Option<String>) -> Self {
        let target = upstream.address();
        let journal = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&journal);
        let server = Server::start(move |stream| {
            // A client that goes away early is its own business.
            let _ = relay(stream, target, authorization.as_deref(), &notes);
        });
        Self { server, journal }
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.journal).clone()
    }
}

fn relay(
    mut client: TcpStream,
    target: SocketAddr,
    authorization: Option<&str>,
    journal: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    let Some(request) = read_request(&mut client)? else {
        return Ok(());
    };
    lock(journal).push(request.clone());
    if authorization.is_some() && request.header("proxy-authorization") != authorization {
        client.write_all(b"HTTP/1.1 407 407\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return client.shutdown(Shutdown::Write);
    }
    let mut server = TcpStream::connect(target)?;
    if request.method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 200\r\n\r\n")?;
    } else {
        server.write_all(forwarded(&request).as_bytes())?;
    }
    both_ways(client, server)
}

/// The request as the server wants it: with a path instead of a whole address.
fn forwarded(request: &Request) -> String {
    let path = request.path.splitn(4, '/').nth(3).unwrap_or_default();
    let mut head = format!("{} /{path} HTTP/1.1\r\n", request.method);
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.starts_with("proxy-")) {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head + "\r\n"
}

fn both_ways(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = std::thread::spawn(move || {
        let copied = io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Write).and(copied)
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)?;
    let _ = up.join();
    Ok(())
}
