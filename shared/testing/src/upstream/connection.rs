//! One connection: one request, one answer, right or wrong.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::{set_socket_linger, set_tcp_nodelay};

use super::answer::{Answer, answer};
use super::{Fault, Site};

/// What a client asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// Path with query; for a proxy the whole target.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Request {
    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A byte stream to a client: TCP, or TLS over it.
pub(crate) trait Stream: Read + Write {
    /// The connection below.
    fn tcp(&self) -> &TcpStream;

    /// Says goodbye, where the protocol has a way to.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

/// Answers one request.
pub(crate) fn serve(mut stream: impl Stream, site: &Site) {
    // A client that goes away early is what many tests are about.
    let _ = converse(&mut stream, site);
}

fn converse(stream: &mut impl Stream, site: &Site) -> io::Result<()> {
    let Some(request) = read_request(stream)? else {
        return Ok(());
    };
    let fault = site.arrived(&request);
    if let Fault::Replace(content) = &fault {
        site.replace(&request.path, content.clone());
    }
    match &fault {
        Fault::Silence => return wait_for_end(stream),
        Fault::Raw(bytes) => return stream.write_all(bytes),
        _ => {}
    }
    let page = site.page(&request.path);
    let rate = page.as_ref().and_then(|page| page.rate);
    let Answer { head, body } = answer(&request, page, &fault);
    stream.write_all(head.as_bytes())?;
    if request.method == "HEAD" {
        return finish(stream);
    }
    match fault {
        Fault::TruncateAt(count) => {
            stream.write_all(&body[..count.min(body.len())])?;
            finish(stream)
        }
        Fault::ResetAt(count) => {
            stream.write_all(&body[..count.min(body.len())])?;
            stream.flush()?;
            // Closing with a linger time of zero sends a reset.
            Ok(set_socket_linger(stream.tcp(), Some(Duration::ZERO))?)
        }
        Fault::StallAt(count) => {
            stream.write_all(&body[..count.min(body.len())])?;
            stream.flush()?;
            wait_for_end(stream)
        }
        Fault::Trickle(count) => {
            set_tcp_nodelay(stream.tcp(), true)?;
            for piece in body.chunks(count.max(1)) {
                stream.write_all(piece)?;
                stream.flush()?;
            }
            finish(stream)
        }
        _ => {
            match rate {
                Some(rate) => write_at_rate(stream, &body, rate)?,
                None => stream.write_all(&body)?,
            }
            finish(stream)
        }
    }
}

/// Falls behind neither by what writing takes nor by sleeping too long: each piece has its time since the beginning.
fn write_at_rate(stream: &mut impl Write, body: &[u8], bytes_per_second: u32) -> io::Result<()> {
    const PIECE: u32 = 64 * 1024;
    let started = Instant::now();
    for (number, piece) in (0_u32..).zip(body.chunks(PIECE as usize)) {
        let due = Duration::from_secs_f64(
            f64::from(number) * f64::from(PIECE) / f64::from(bytes_per_second),
        );
        thread::sleep(due.saturating_sub(started.elapsed()));
        stream.write_all(piece)?;
    }
    Ok(())
}

/// Says that there is no more, and lets the client close: closing first, with
/// something unread, would reset the connection and lose what is on its way.
fn finish(stream: &mut impl Stream) -> io::Result<()> {
    stream.flush()?;
    stream.close()?;
    stream.tcp().shutdown(std::net::Shutdown::Write)?;
    wait_for_end(stream)
}

fn wait_for_end(stream: &mut impl Stream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(drop)
}

/// `None`: the client left without a request.
pub(crate) fn read_request(stream: &mut impl Read) -> io::Result<Option<Request>> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        text.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(": "));
    Ok(Some(Request {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
    }))
}
