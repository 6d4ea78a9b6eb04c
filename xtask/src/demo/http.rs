//! One plain HTTP request to an app on this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// No app that is up lets a loopback client wait longer.
const LIMIT: Duration = Duration::from_secs(10);

/// What an app said.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Requests `path` from `address`, a host and port.
pub(super) fn get(address: &str, path: &str) -> Result<Answer> {
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(LIMIT))?;
    // The answer to HTTP/1.0 ends with the connection and is never chunked.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nUser-Agent: kouti-xtask\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).context("the answer broke off")?;
    parse(&String::from_utf8_lossy(&bytes)).context("the answer is not HTTP")
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_told_apart() {
        let answer = parse("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello\r\n\r\nworld");
        assert_eq!(answer, Some(Answer { status: 200, body: "hello\r\n\r\nworld".to_owned() }));
    }

    #[test]
    fn what_is_no_http_is_no_answer() {
        // Docker's proxy accepts a connection before the app listens, and then closes it.
        assert_eq!(parse(""), None);
        assert_eq!(parse("SSH-2.0-x\r\n\r\n"), None);
    }
}
