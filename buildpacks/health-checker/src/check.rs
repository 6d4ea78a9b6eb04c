//! One request. A client for HTTP would be a hundred times as large as this, and all that counts is a number
//! in the first line of the answer.

use std::io::{self, Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use kouti_launch::Env;

/// The first line of an answer is shorter.
const MOST: usize = 1024;

/// What is asked, and for how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    port: u16,
    path: String,
    connect: Duration,
    answer: Duration,
}

/// Why an app is not well, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unwell {
    /// A variable is wrong.
    #[error("{name} is `{value}`, not {form}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it could be.
        form: &'static str,
    },
    /// Nobody listens.
    #[error("{url} cannot be reached: {error}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not.
        error: io::Error,
    },
    /// The answer does not come.
    #[error("{url} does not answer within {seconds} s")]
    Slow {
        /// What was asked.
        url: String,
        /// How long it had.
        seconds: u64,
    },
    /// Something else than a web server listens.
    #[error("{url} does not answer in HTTP")]
    Strange {
        /// What was asked.
        url: String,
    },
    /// The app says so itself.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked.
        url: String,
        /// The answer.
        status: u16,
    },
}

impl Check {
    /// Reads the variables of a container.
    pub fn of(env: &Env) -> Result<Self, Unwell> {
        let bad = |name, value: &str, form| Unwell::Setting { name, value: value.to_owned(), form };
        let name = if env.given("THC_PORT").is_some() { "THC_PORT" } else { "PORT" };
        let port = env.given(name).unwrap_or("8080");
        let port = port.parse().ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| {
            bad(name, env.given(name).unwrap_or_default(), "a port from 1 to 65535")
        })?;
        let path = env.given("THC_PATH").unwrap_or("/");
        if path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(bad("THC_PATH", path, "a path without blanks"));
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let seconds = |name, default| match env.given(name) {
            None => Ok(Duration::from_secs(default)),
            Some(text) => match text.parse() {
                Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
                _ => Err(bad(name, text, "a number of seconds")),
            },
        };
        Ok(Self {
            port,
            path: format!("{slash}{path}"),
            connect: seconds("THC_CONN_TIMEOUT", 10)?,
            answer: seconds("THC_REQ_TIMEOUT", 15)?,
        })
    }

    /// The address in question.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}{}", self.port, self.path)
    }

    /// Requests it. Well is what Kubernetes calls so, every status from 200 to 399; others are an error.
    pub fn run(&self) -> Result<u16, Unwell> {
        let url = self.url();
        let mut stream =
            self.connect().map_err(|error| Unwell::Unreachable { url: url.clone(), error })?;
        let line = self.first_line(&mut stream).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Unwell::Slow { url: url.clone(), seconds: self.answer.as_secs() }
            }
            _ => Unwell::Strange { url: url.clone() },
        })?;
        match status(&line) {
            Some(status @ 200..=399) => Ok(status),
            Some(status) => Err(Unwell::Status { url, status }),
            None => Err(Unwell::Strange { url }),
        }
    }

    /// An app may listen on one of both only.
    fn connect(&self) -> io::Result<TcpStream> {
        let connect =
            |ip: IpAddr| TcpStream::connect_timeout(&SocketAddr::new(ip, self.port), self.connect);
        connect(Ipv4Addr::LOCALHOST.into())
            .or_else(|error| connect(Ipv6Addr::LOCALHOST.into()).map_err(|_| error))
    }

    fn first_line(&self, stream: &mut TcpStream) -> io::Result<Vec<u8>> {
        let end = Instant::now() + self.answer;
        stream.set_write_timeout(Some(self.answer))?;
        let Self { path, port, .. } = self;
        // In one piece: some servers answer the first that they read.
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: kouti-health-checker\r\n\
             Accept: */*\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut line = Vec::new();
        let mut part = [0; 256];
        while !line.contains(&b'\n') && line.len() < MOST {
            let left = end.saturating_duration_since(Instant::now());
            // No time left would mean to wait for ever.
            stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            match stream.read(&mut part)? {
                0 => break,
                count => line.extend(&part[..count]),
            }
        }
        Ok(line)
    }
}

/// The number in `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let text = str::from_utf8(line.get(..12)?).ok()?;
    let (version, status) = text.split_once(' ')?;
    version.starts_with("HTTP/").then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)]) -> Result<(String, u64, u64), String> {
        let check =
            Check::of(&variables.iter().copied().collect()).map_err(|error| error.to_string())?;
        Ok((check.url(), check.connect.as_secs(), check.answer.as_secs()))
    }

    #[test]
    fn what_is_asked_can_be_set() {
        let all = [
            ("PORT", "1"),
            ("THC_PORT", "9090"),
            ("THC_PATH", "healthz?full=1"),
            ("THC_CONN_TIMEOUT", "2"),
            ("THC_REQ_TIMEOUT", "3"),
        ];
        for (variables, expected) in [
            (&[][..], ("http://localhost:8080/", 10, 15)),
            (&all[..1], ("http://localhost:1/", 10, 15)),
            (&all[..], ("http://localhost:9090/healthz?full=1", 2, 3)),
            (&[("THC_PORT", ""), ("THC_PATH", "/a")], ("http://localhost:8080/a", 10, 15)),
        ] {
            let (url, connect, answer) = expected;
            assert_eq!(check(variables), Ok((url.to_owned(), connect, answer)));
        }
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        for (name, value, expected) in [
            ("THC_PORT", "http", "THC_PORT is `http`, not a port from 1 to 65535"),
            ("PORT", "0", "PORT is `0`, not a port from 1 to 65535"),
            ("THC_PORT", "65536", "THC_PORT is `65536`, not a port from 1 to 65535"),
            ("THC_PATH", "/a b", "THC_PATH is `/a b`, not a path without blanks"),
            ("THC_PATH", "/a\r\nX: y", "THC_PATH is `/a\r\nX: y`, not a path without blanks"),
            ("THC_REQ_TIMEOUT", "soon", "THC_REQ_TIMEOUT is `soon`, not a number of seconds"),
            ("THC_CONN_TIMEOUT", "0", "THC_CONN_TIMEOUT is `0`, not a number of seconds"),
        ] {
            assert_eq!(check(&[(name, value)]), Err(expected.to_owned()));
        }
    }

    #[test]
    fn the_status_is_in_the_first_line() {
        for (line, expected) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 503 Service Unavailable\r\n", Some(503)),
            ("HTTP/1.1 204\r\n", Some(204)),
            ("HTTP/1.1 20x", None),
            ("HTTP/1.1 2", None),
            ("SSH-2.0-OpenSSH_9.2", None),
            ("", None),
        ] {
            assert_eq!(status(line.as_bytes()), expected, "{line}");
        }
    }
}
